/** The programs of docs/howto/http-client.md. */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { ExampleServer, exampleUrl, KINDS, on, runWithInput } from './programs.js';

describe.each(KINDS)('fetch-url on the %s reactor', (kind) => {
  it('prints content, and fails for errors', async () => {
    await using server = await ExampleServer.start('http-fetch', [], on(kind));
    const url = `http://127.0.0.1:${server.port}`;
    const fetchURL = (...args: string[]): ReturnType<typeof runWithInput> =>
      runWithInput('fetch-url', ['--reactor', kind, ...args], Buffer.alloc(0));
    const posted = await fetchURL('--method', 'POST', '--content', 'rope walk', `${url}/upper`);
    expect(String(posted.stdout)).toBe('ROPE WALK');
    expect(posted.stderr).toMatch(/\/upper: 200, 9 bytes in \d+ ms\n$/);
    const missing = await fetchURL(`${url}/other`);
    expect([missing.code, String(missing.stdout)]).toEqual([1, 'Not Found\n']);
    const refused = await fetchURL('http://127.0.0.1:1/');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^fetch-url: cannot connect/),
    ]);
  });
});

describe.each(KINDS)('proxy-chain on the %s reactor', (kind) => {
  it('fetches through a SOCKS proxy and an HTTP proxy behind it', async () => {
    const options = {
      ...on(kind),
      env: { ...on(kind).env, SOCKS_PASSWORD: 'tar', PROXY_PASSWORD: 'hemp' },
    };
    const allow = ['--allow', '127.0.0.0/8'];
    await using server = await ExampleServer.start('http-fetch', [], on(kind));
    await using socks = await ExampleServer.start('socks-proxy', allow, options);
    await using http = await ExampleServer.start(
      'forward-proxy',
      [...allow, '--any-port'],
      options,
    );
    const args = [
      `http://127.0.0.1:${server.port}/other`,
      `socks5h://alice:tar@127.0.0.1:${socks.port}`,
      `http://alice:hemp@127.0.0.1:${http.port}`,
    ];
    await using client = new Child(exampleUrl('proxy-chain'), args, options);
    expect(await client.result()).toMatchObject({
      code: 0,
      stdout: 'Not Found\n',
      stderr: '404 through 2 proxies\n',
    });
    await socks.printed(new RegExp(`^alice@127.0.0.1:\\d+: connect 127.0.0.1 ${http.port}$`, 'm'));
  });
});

/** The programs of docs/howto/reverse-proxy.md. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

const run = promisify(execFile);

describe.each(KINDS)('the examples of proxies on the %s reactor', (kind) => {
  it('pass requests on to two backends', async () => {
    await using hello = await ExampleServer.start('http-hello', ['--reactor', kind]);
    await using other = await ExampleServer.start('http-hello', ['--reactor', kind]);
    const backends = [hello, other].map(({ port }) => `127.0.0.1:${port}`);
    const args = ['--reactor', kind, '--check', '/', ...backends];
    await using proxy = await ExampleServer.start('reverse-proxy', args);
    for (let i = 0; i < 4; i++) {
      const response = await fetch(`http://127.0.0.1:${proxy.port}/`);
      expect(await response.text()).toBe('Hello, World!');
      expect(response.headers.get('via')).toBe('1.1 ropewalk');
    }
  });

  it('serve users with a password', async () => {
    const environment = { ...on(kind).env, PROXY_PASSWORD: 'right' };
    const hello = await ExampleServer.start('http-hello', ['--reactor', kind]);
    await using _hello = hello;
    const args = ['--allow', '127.0.0.0/8', '--any-port'];
    const options = { ...on(kind), env: environment };
    await using proxy = await ExampleServer.start('forward-proxy', args, options);
    const url = `http://127.0.0.1:${hello.port}/`;
    const ask = (password: string, ...more: string[]): Promise<string> => {
      const user = `http://alice:${password}@127.0.0.1:${proxy.port}`;
      return run('curl', [
        '-sS',
        '--noproxy',
        '',
        '-w',
        ' %{http_code}',
        '-x',
        user,
        ...more,
        url,
      ]).then(({ stdout }) => stdout);
    };
    expect(await ask('right')).toBe('Hello, World! 200');
    expect(await ask('right', '--proxytunnel')).toBe('Hello, World! 200');
    expect(await ask('wrong')).toContain(' 407');
    await using peer = await RawPeer.connect(proxy.port);
    peer.write(`GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await peer.until(() => peer.text.includes('\r\n\r\n'), 'an answer');
    expect(peer.text).toMatch(/^HTTP\/1\.1 407 /);
  });
});

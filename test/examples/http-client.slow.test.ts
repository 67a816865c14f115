/** The programs of docs/howto/http-client.md. */
import { describe, expect, it } from 'vitest';
import { ExampleServer, KINDS, on, runWithInput } from './programs.js';

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

/** The programs of docs/howto/proxies.md. */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('the SOCKS examples on the %s reactor', (kind) => {
  const environment = (password: string): Record<string, string> => ({
    ...on(kind).env,
    SOCKS_PASSWORD: password,
  });

  it('reach an echo server with the password, and not with another', async () => {
    await using echo = await ExampleServer.start('echo-server', [], on(kind));
    const args = ['--allow', '127.0.0.0/8'];
    const right = { ...on(kind), env: environment('right') };
    await using proxy = await ExampleServer.start('socks-proxy', args, right);
    const destination = ['--proxy', `tcp:127.0.0.1:${proxy.port}`, '127.0.0.1', String(echo.port)];
    await using client = new Child(exampleUrl('socks-client'), destination, right);
    expect(await client.result()).toMatchObject({ code: 0, stdout: 'hello\n' });
    await proxy.printed(/^alice@127\.0\.0\.1:\d+: connect 127\.0\.0\.1 \d+$/m);
    const wrong = { ...on(kind), env: environment('wr0ng') };
    await using refused = new Child(exampleUrl('socks-client'), destination, wrong);
    const { code, stderr } = await refused.result();
    expect(code).toBe(1);
    expect(stderr).toContain('refused the user name and password');
    expect(stderr).not.toContain('wr0ng');
  });
});

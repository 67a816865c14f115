/** The program of docs/howto/memcache.md. */
import { describe, expect, it } from 'vitest';
import { FakeMemcache } from '../protocols/memcache/fake-server.js';
import { Child } from '../support/child.js';
import { closedPort } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('memcache-cache on the %s reactor', (kind) => {
  const run = async (port: number): Promise<{ stdout: string; stderr: string }> => {
    const args = ['--server', `tcp:127.0.0.1:${port}`, '1001'];
    await using child = new Child(exampleUrl('memcache-cache'), args, on(kind));
    const { code, stdout, stderr } = await child.result();
    expect(code).toBe(0);
    return { stdout, stderr };
  };

  it('computes once, and without a server each time', async () => {
    await using fake = await FakeMemcache.listen();
    const { port } = fake;
    expect((await run(port)).stdout).toBe('1001 = 7 x 11 x 13 (computed)\n');
    expect((await run(port)).stdout).toBe('1001 = 7 x 11 x 13 (from the cache)\n');
    const alone = await run(await closedPort());
    expect(alone.stdout).toBe('1001 = 7 x 11 x 13 (computed)\n');
    expect(alone.stderr).toContain('is not connected');
  });
});

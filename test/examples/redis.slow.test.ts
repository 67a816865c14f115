/** The program of docs/howto/redis.md. */
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { FakeRedis } from '../support/fake-redis.js';
import { closedPort } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('redis-counter on the %s reactor', (kind) => {
  const run = async (port: number): Promise<{ stdout: string; stderr: string; code: unknown }> => {
    const args = ['--server', `tcp:127.0.0.1:${port}`];
    await using child = new Child(exampleUrl('redis-counter'), args, on(kind));
    return await child.result();
  };

  it('counts its runs, and says why it cannot', async () => {
    await using fake = await FakeRedis.listen();
    expect(await run(fake.port)).toMatchObject({ stdout: 'run 1\n', code: 0 });
    expect(await run(fake.port)).toMatchObject({ stdout: 'run 2\n', code: 0 });
    const alone = await run(await closedPort());
    expect(alone).toMatchObject({ code: 1 });
    expect(alone.stderr).toContain('is not connected');
  });
});

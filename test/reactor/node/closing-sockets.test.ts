import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClosingSockets, PASSES_FROM_ANYWHERE } from '../../../src/reactor/node/closing-sockets.js';
import type { OwnedSocket } from '../../../src/reactor/node/owned-socket.js';

const QUIET_MS = 5000;
const MOST_MS = 30_000;

async function pair(): Promise<{ near: OwnedSocket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const far = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  const [near] = (await once(server, 'connection')) as [OwnedSocket];
  server.close();
  return { near, far: far.on('error', () => {}).resume() };
}

describe('ClosingSockets', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('closes a socket at once whose peer sends nothing', async () => {
    const { near, far } = await pair();
    new ClosingSockets().close(near, false, PASSES_FROM_ANYWHERE);
    await Promise.all([once(near, 'close'), once(far, 'end')]);
    expect(vi.getTimerCount()).toBe(0);
    far.destroy();
  });

  it('gives up a peer that is quiet', async () => {
    const { near, far } = await pair();
    new ClosingSockets().close(near, true, PASSES_FROM_ANYWHERE);
    await once(far, 'end');
    vi.advanceTimersByTime(QUIET_MS - 1);
    expect(near.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(near.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    far.destroy();
  });

  it('gives up a peer that never stops sending', async () => {
    const { near, far } = await pair();
    const closing = new ClosingSockets().close(near, true, PASSES_FROM_ANYWHERE);
    await once(far, 'end');
    for (let ms = 0; ms < MOST_MS; ms += 1000) {
      expect(near.destroyed).toBe(false);
      closing.discard(1);
      vi.advanceTimersByTime(1000);
    }
    expect(near.destroyed).toBe(true);
    far.destroy();
  });

  it('closes all at once on request', async () => {
    const { near, far } = await pair();
    const sockets = new ClosingSockets();
    sockets.close(near, true, PASSES_FROM_ANYWHERE);
    await once(far, 'end');
    sockets.destroyAll();
    expect(near.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    far.destroy();
  });
});

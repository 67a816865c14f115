/** The memory of given bytes is freed after `collectAfterBytes`, and not only when V8 finds that necessary. */
import { describe, expect, it } from 'vitest';

import { createReactor } from '../../src/index.js';
import { Pulse } from '../support/deadline.js';

const MIB = 1024 * 1024;
const TOTAL_MIB = 96;

/** Receives 96 MiB that are given and not kept. Resolves to the most memory of ArrayBuffers meanwhile, in bytes. */
async function peakWhileReceiving(
  kind: 'native' | 'node',
  collectAfterBytes: number,
): Promise<number> {
  await using reactor = createReactor({ kind, collectAfterBytes });
  const pulse = new Pulse();
  const block = Buffer.alloc(MIB, 'x');
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  let received = 0;
  const port = reactor.listenTCP(0, () => ({
    connectionMade(transport) {
      for (let i = 0; i < TOTAL_MIB; i++) transport.write(block);
    },
  }));
  reactor.connectTCP('127.0.0.1', port.getHost().port, () => ({
    dataReceived(data) {
      received += data.length;
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
      pulse.notify();
    },
  }));
  await pulse.until(() => received === TOTAL_MIB * MIB, 'all bytes');
  return peak;
}

describe.each(['native', 'node'] as const)('collectAfterBytes (%s)', (kind) => {
  it('limits the memory of given bytes that are no longer in use', async () => {
    expect(await peakWhileReceiving(kind, 4 * MIB)).toBeLessThan(16 * MIB);
  });

  it('leaves them to V8 if it is 0', async () => {
    expect(await peakWhileReceiving(kind, 0)).toBeGreaterThan(16 * MIB);
  });

  it.each([-1, 0.5, Number.NaN])('is not %s', (collectAfterBytes) => {
    expect(() => createReactor({ kind, collectAfterBytes })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('does not make gc visible to the program', async () => {
    await peakWhileReceiving(kind, MIB);
    expect(Reflect.has(globalThis, 'gc')).toBe(false);
  });
});

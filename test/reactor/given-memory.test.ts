/** The memory of given bytes is collected after `collectAfterBytes`, and not only when V8 finds that necessary. */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';

import { createReactor } from '../../src/index.js';
import { runProgram } from '../support/child.js';
import { Pulse } from '../support/deadline.js';

const PROGRAM = new URL('programs/given-memory.ts', import.meta.url);
const MIB = 1024 * 1024;
const TOTAL_MIB = 96;

interface GCDetail {
  readonly kind: number;
  readonly flags: number;
}

/** Resolves to the number of collections of young objects that were asked for while `run` ran. */
async function collectionsDuring(run: () => Promise<void>): Promise<number> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: GCDetail }[]) {
      const isForced = (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
      if (isForced && detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  await run();
  // Entries of the last collections are delivered later.
  await new Promise((resolve) => setImmediate(resolve));
  observer.disconnect();
  return collections;
}

/** Receives 96 MiB that are given and not kept. */
async function collectionsWhileReceiving(
  kind: 'native' | 'node',
  collectAfterBytes: number,
): Promise<number> {
  await using reactor = createReactor({ kind, collectAfterBytes });
  const pulse = new Pulse();
  const block = Buffer.alloc(MIB, 'x');
  let received = 0;
  const port = reactor.listenTCP(0, () => ({
    connectionMade(transport) {
      for (let i = 0; i < TOTAL_MIB; i++) transport.write(block);
    },
  }));
  return await collectionsDuring(async () => {
    reactor.connectTCP('127.0.0.1', port.getHost().port, () => ({
      dataReceived(data) {
        received += data.length;
        pulse.notify();
      },
    }));
    await pulse.until(() => received === TOTAL_MIB * MIB, 'all bytes');
  });
}

describe.each(['native', 'node'] as const)('collectAfterBytes (%s)', (kind) => {
  it('is the number of given bytes between two collections of young objects', async () => {
    const collections = await collectionsWhileReceiving(kind, 4 * MIB);
    expect(collections).toBeLessThanOrEqual(TOTAL_MIB / 4);
    // A turn gives many bytes at once.
    expect(collections).toBeGreaterThan(TOTAL_MIB / 4 / 3);
  });

  it('counts datagrams', async () => {
    await using reactor = createReactor({ kind, collectAfterBytes: 32 * 1024 });
    const pulse = new Pulse();
    let left = 256;
    const port = reactor.listenUDP(0, echo, { interface: '127.0.0.1' });
    function echo(data: Buffer): void {
      left -= 1;
      pulse.notify();
      if (left > 0) port.write(data, port.getHost());
    }
    const collections = await collectionsDuring(async () => {
      port.write(Buffer.alloc(1024), port.getHost());
      await pulse.until(() => left === 0, 'all datagrams');
    });
    // The last ones may be collected later.
    expect(collections).toBeGreaterThanOrEqual(6);
    expect(collections).toBeLessThanOrEqual(8);
  });

  it('leaves them to V8 if it is 0', async () => {
    expect(await collectionsWhileReceiving(kind, 0)).toBe(0);
  });

  it.each([-1, 0.5, Number.NaN])('is not %s', (collectAfterBytes) => {
    expect(() => createReactor({ kind, collectAfterBytes })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('does not make gc visible to the program', async () => {
    await collectionsWhileReceiving(kind, MIB);
    expect(Reflect.has(globalThis, 'gc')).toBe(false);
  });
});

describe('the first collection', () => {
  it.each([
    ['another gc', false],
    ['no memory', false],
    ['no change', false],
    ['no change', true],
    ['threads', false],
    ['threads', true],
  ])('works with %s, and leaves --expose-gc as it is: %s', async (change, exposed) => {
    const nodeFlags = exposed ? ['--expose-gc'] : [];
    const { stdout, stderr } = await runProgram(PROGRAM, [change], { nodeFlags });
    expect(`${stdout}${stderr}`).toBe(`true ${exposed}\n`);
  });
});

/** Foreign loops written in JavaScript: on each reactor, and on simulated ones. */
import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  attachForeignLoop,
  type ForeignDescriptor,
  type ForeignLoop,
  ForeignLoopBusyError,
  type ForeignReady,
  GLibLoop,
} from '../../src/foreign/index.js';
import { UnsupportedError } from '../../src/index.js';
import { MemoryReactor, Simulation } from '../../src/testing/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { openFIFO } from '../support/fifo.js';
import { LACKS, needs } from '../support/platform.js';

const NEVER = Number.POSITIVE_INFINITY;
const NONE: readonly ForeignDescriptor[] = [];

/** A loop whose state tests set. */
class FakeLoop implements ForeignLoop {
  readonly name = 'fake';
  readonly pulse = new Pulse();
  descriptors: readonly ForeignDescriptor[] = NONE;
  until = NEVER;
  prepared = 0;
  readonly dispatched: (readonly ForeignReady[])[] = [];
  onDispatch: (ready: readonly ForeignReady[]) => unknown = () => {
    this.until = NEVER;
  };

  prepare(): { descriptors: readonly ForeignDescriptor[]; until: number } {
    this.prepared += 1;
    return { descriptors: this.descriptors, until: this.until };
  }

  dispatch(ready: readonly ForeignReady[]): void {
    this.dispatched.push(ready);
    this.pulse.notify();
    // biome-ignore lint/correctness/noVoidTypeReturn: some tests return a promise, which the type does not permit.
    return this.onDispatch(ready) as undefined;
  }

  count(dispatches: number): Promise<void> {
    return this.pulse.until(() => this.dispatched.length >= dispatches, `${dispatches} dispatches`);
  }
}

contract('a foreign loop in JavaScript', (rig) => {
  beforeEach(() => needs('descriptors'));

  it('is dispatched at its time, and prepared before each sleep', async () => {
    const loop = new FakeLoop();
    const { reactor } = rig;
    const attachment = attachForeignLoop(reactor, loop);
    await rig.turns(2);
    // Nothing tells the attachment of this.
    loop.until = reactor.now() + 20;
    const due = loop.until;
    await loop.count(1);
    expect(reactor.now()).toBeGreaterThanOrEqual(due);
    expect(loop.dispatched).toEqual([[]]);
    attachment.detach();
  });

  it('is told which descriptors are ready', async () => {
    const fifo = openFIFO(rig);
    const loop = new FakeLoop();
    loop.descriptors = [
      { fd: fifo.read, read: true },
      { fd: fifo.write, write: true },
    ];
    const none = { failed: false, invalid: false };
    loop.onDispatch = () => {
      loop.descriptors = [{ fd: fifo.read, read: true }];
    };
    const attachment = attachForeignLoop(rig.reactor, loop);
    await loop.count(1);
    expect(loop.dispatched[0]).toEqual([
      { fd: fifo.write, readable: false, writable: true, ...none },
    ]);
    await rig.turns(3);
    expect(loop.dispatched.length).toBe(1);
    fifo.close('write');
    await loop.count(2);
    expect(loop.dispatched[1]).toEqual([
      { fd: fifo.read, readable: false, writable: false, failed: true, invalid: false },
    ]);
    expect(attachment.statistics().descriptors).toBe(1);
    attachment.detach();
  });

  it('is told of a descriptor that was closed', async () => {
    if (LACKS.invalidPolls !== undefined) return;
    const fifo = openFIFO(rig);
    const loop = new FakeLoop();
    loop.descriptors = [{ fd: fifo.read, read: true }];
    const attachment = attachForeignLoop(rig.reactor, loop);
    await rig.turns(2);
    fifo.close('read');
    loop.descriptors = [{ fd: fifo.read, read: true }];
    loop.until = 0;
    loop.onDispatch = () => {
      loop.until = NEVER;
      loop.descriptors = NONE;
    };
    await loop.count(1);
    expect(loop.dispatched[0]).toMatchObject([{ fd: fifo.read, invalid: true }]);
    attachment.detach();
  });

  it('shares a turn with delayed calls while it is always due', async () => {
    const loop = new FakeLoop();
    loop.until = 0;
    loop.onDispatch = () => {};
    const attachment = attachForeignLoop(rig.reactor, loop, {
      dispatchBudgetMs: 1000,
      dispatchesPerTurn: 3,
    });
    await rig.turns(10);
    const { dispatches, wakeUps } = attachment.statistics();
    expect(dispatches).toBeGreaterThanOrEqual(10);
    expect(dispatches / wakeUps).toBe(3);
    attachment.detach();
  });

  it('ends its turn after dispatchBudgetMs', async () => {
    const loop = new FakeLoop();
    loop.until = 0;
    const busy = (): void => {
      const end = performance.now() + 1;
      while (performance.now() < end);
    };
    loop.onDispatch = busy;
    const attachment = attachForeignLoop(rig.reactor, loop, {
      dispatchBudgetMs: 0,
      dispatchesPerTurn: 100,
    });
    await rig.turns(3);
    const { dispatches, wakeUps, longestDispatchMs } = attachment.statistics();
    expect(dispatches).toBe(wakeUps);
    expect(longestDispatchMs).toBeGreaterThanOrEqual(1);
    attachment.detach();
  });

  it('is detached when it throws, and reported', async () => {
    for (const method of ['prepare', 'dispatch'] as const) {
      const loop = new FakeLoop();
      const error = new Error(method);
      loop.until = 0;
      loop[method] = () => {
        throw error;
      };
      const attachment = attachForeignLoop(rig.reactor, loop);
      await expect(attachment.whenDetached()).rejects.toBe(error);
      expect(attachment.attached).toBe(false);
      await expect(attachment.whenDetached()).rejects.toBe(error);
      expect(rig.takeReports()).toEqual([{ error, where: `${method} of the foreign loop fake` }]);
    }
  });

  it('is detached when prepare returns nonsense', async () => {
    const loop = new FakeLoop();
    for (const wait of [undefined, { descriptors: [], until: Number.NaN }, { until: 1 }]) {
      loop.prepare = () => wait as never;
      await expect(attachForeignLoop(rig.reactor, loop).whenDetached()).rejects.toThrow();
      expect(rig.takeReports().length).toBe(1);
    }
    loop.prepare = () => ({ descriptors: [{ fd: -1, read: true }], until: NEVER });
    await expect(attachForeignLoop(rig.reactor, loop).whenDetached()).rejects.toThrow('fd');
    expect(rig.takeReports().length).toBe(1);
  });

  it('reports a promise of dispatch that is rejected', async () => {
    const loop = new FakeLoop();
    loop.until = 0;
    loop.onDispatch = () => {
      loop.until = NEVER;
      return Promise.reject(new Error('later'));
    };
    const attachment = attachForeignLoop(rig.reactor, loop);
    await expect(attachment.whenDetached()).rejects.toThrow('later');
    expect(rig.takeReports().length).toBe(1);
  });

  it('can be detached inside of each of its methods, and attached again', async () => {
    const loop = new FakeLoop();
    for (const method of ['prepare', 'dispatch'] as const) {
      loop.until = 0;
      const attachment = attachForeignLoop(rig.reactor, loop);
      expect(() => attachForeignLoop(rig.reactor, loop)).toThrow(ForeignLoopBusyError);
      const original = Object.getPrototypeOf(loop)[method];
      loop[method] = (...args: unknown[]) => {
        attachment.detach();
        return original.apply(loop, args);
      };
      await attachment.whenDetached();
      const { prepared } = loop;
      await rig.turns(3);
      expect(loop.prepared).toBeLessThanOrEqual(prepared + 1);
      loop[method] = original;
    }
  });

  it('runs in the async context in which it was attached', async () => {
    const storage = new AsyncLocalStorage<string>();
    const loop = new FakeLoop();
    loop.until = 0;
    const seen: unknown[] = [];
    loop.onDispatch = () => {
      loop.until = NEVER;
      seen.push(storage.getStore());
    };
    const attachment = storage.run('context', () => attachForeignLoop(rig.reactor, loop));
    await loop.count(1);
    expect(seen).toEqual(['context']);
    attachment.detach();
  });

  it('calls afterDispatch, and reports its exception', async () => {
    const loop = new FakeLoop();
    loop.until = 0;
    const error = new Error('after');
    const attachment = attachForeignLoop(rig.reactor, loop, {
      afterDispatch: () => {
        throw error;
      },
    });
    await loop.count(1);
    await rig.turns(1);
    expect(rig.takeReports()).toEqual([{ error, where: 'afterDispatch' }]);
    expect(attachment.attached).toBe(true);
    attachment.detach();
  });

  it('survives thousands of attachments', async () => {
    const loop = new FakeLoop();
    const { reactor } = rig;
    for (let round = 0; round < 2000; round++) {
      const attachment = attachForeignLoop(reactor, loop);
      if (round % 500 === 0) await rig.turns(1);
      attachment.detach();
    }
    await rig.turns(2);
    loop.until = 0;
    const attachment = attachForeignLoop(reactor, loop);
    await loop.count(1);
    attachment.detach();
  });
});

describe('a foreign loop on a simulated reactor', () => {
  it('is dispatched at its times exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(1000), until: fc.option(fc.nat(2000)) }), {
          maxLength: 20,
        }),
        (changes) => {
          const simulation = new Simulation();
          const reactor = simulation.host('host');
          const loop = new FakeLoop();
          const start = reactor.now();
          const times: number[] = [];
          loop.onDispatch = () => {
            times.push(reactor.now() - start);
            loop.until = NEVER;
          };
          const attachment = attachForeignLoop(reactor, loop);
          for (const { at, until } of changes) {
            reactor.callLater(at, () => {
              loop.until = until === null ? NEVER : start + until;
              attachment.changed();
            });
          }
          simulation.runSync({ ms: 5000 });
          expect(times).toEqual(expectedTimes(changes));
          attachment.detach();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('cannot watch descriptors', async () => {
    const reports: unknown[] = [];
    const simulation = new Simulation({ reportError: (error) => reports.push(error) });
    const reactor = simulation.host('host');
    const loop = new FakeLoop();
    loop.descriptors = [{ fd: 0, read: true }];
    const attachment = attachForeignLoop(reactor, loop);
    const ended = attachment.whenDetached().toPromise();
    ended.catch(() => {});
    simulation.runSync({ ms: 1 });
    await expect(ended).rejects.toBeInstanceOf(UnsupportedError);
    expect(reports.length).toBe(1);
  });

  it('cannot be that of a library', () => {
    if (process.platform !== 'linux') return;
    let loop: GLibLoop;
    try {
      loop = new GLibLoop({ context: 'new' });
    } catch {
      return; // no GLib
    }
    expect(() => attachForeignLoop(new Simulation().host('host'), loop)).toThrow(UnsupportedError);
  });
});

/** The last change before a time decides; a dispatch ends the wait. */
function expectedTimes(changes: readonly { at: number; until: number | null }[]): number[] {
  const sorted = changes.map((change, order) => ({ ...change, order }));
  sorted.sort((a, b) => a.at - b.at || a.order - b.order);
  const times: number[] = [];
  let until: number | null = null;
  for (const [index, change] of sorted.entries()) {
    const next = sorted[index + 1]?.at ?? NEVER;
    until = change.until;
    if (until === null) continue;
    const due = Math.max(until, change.at);
    // A change at the same time was scheduled earlier, so it comes first.
    if (due < next) {
      times.push(due);
      until = null;
    }
  }
  return times;
}

describe('a foreign loop on a memory reactor', () => {
  it('is told of the descriptors that the test makes ready', () => {
    const reactor = new MemoryReactor();
    const loop = new FakeLoop();
    loop.descriptors = [
      { fd: 3, read: true },
      { fd: 3, write: true },
      { fd: 4, write: true },
    ];
    const attachment = attachForeignLoop(reactor, loop);
    reactor.advance(1);
    reactor.descriptorReadable(3);
    reactor.descriptorWritable(3);
    reactor.descriptorWritable(4);
    const flags = { failed: false, invalid: false };
    expect(loop.dispatched).toEqual([
      [{ fd: 3, readable: true, writable: false, ...flags }],
      [{ fd: 3, readable: false, writable: true, ...flags }],
      [{ fd: 4, readable: false, writable: true, ...flags }],
    ]);
    loop.descriptors = [{ fd: 4, write: true }];
    attachment.changed();
    reactor.advance(1);
    expect(reactor.getReaders()).toEqual([]);
    expect(reactor.getWriters().length).toBe(1);
    attachment.detach();
    expect(reactor.getWriters()).toEqual([]);
  });
});

/** Embedded reactors: turns, deadlines, blocking calls and their ends. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import { CancelledError } from '../../src/defer/errors.js';
import { attachForeignLoop } from '../../src/foreign/attach.js';
import { type EmbeddedReactor, embedReactor } from '../../src/foreign/embedded-reactor.js';
import {
  EmbeddingClosedError,
  FunctionNotFoundError,
  TurnRefusedError,
} from '../../src/foreign/errors.js';
import { nativeFunction } from '../../src/foreign/native-function.js';
import { createReactor, type Reactor } from '../../src/index.js';
import { flushLoggedErrors, MemoryReactor } from '../../src/testing/index.js';
import { within } from '../support/deadline.js';
import { ONE_POLLER } from '../support/reactors.js';
import { semaphore, waitFor } from './thread-owners.js';

/** A loop of the test's own. */
class OwnLoop {
  readonly embedded: EmbeddedReactor;
  waits = 0;
  quits = false;

  constructor(reactor: Reactor) {
    this.embedded = embedReactor(reactor);
  }

  readonly run = (): string => {
    while (!this.quits) this.iterate();
    return 'returned';
  };

  iterate(): void {
    waitFor(this.embedded);
    this.waits += 1;
    this.embedded.turn();
  }

  readonly quit = (): void => {
    this.quits = true;
  };
}

describe.each(ONE_POLLER)('an embedded reactor ($name)', ({ make }) => {
  it('serves connections and delayed calls, and returns the result of the call', async () => {
    await using reactor = make();
    const loop = new OwnLoop(reactor);
    const served = loop.embedded.block(loop.run, { quit: loop.quit });
    const port = reactor.listenTCP(0, () => ({
      dataReceived: (data, transport) => void transport.write(data),
    }));
    const socket = connect(port.getHost().port, '127.0.0.1');
    const echoed = new Promise((resolve) => socket.once('data', resolve));
    socket.write('through the other loop');
    expect(String(await within(echoed, 'the echo'))).toBe('through the other loop');
    const called = new Promise<void>((resolve) => void reactor.callLater(5, resolve));
    await within(called, 'the delayed call');
    socket.destroy();
    loop.quit();
    expect(await served).toBe('returned');
    await port.stopListening();
  });

  it('does not wake the loop while nothing is due', async () => {
    await using reactor = make();
    const loop = new OwnLoop(reactor);
    const run = loop.embedded.block(loop.run, { quit: loop.quit });
    await new Promise((resolve) => setTimeout(resolve, 1));
    const before = loop.waits;
    await new Promise((resolve) => setTimeout(resolve, 300));
    // One for the timer, one for what precedes the wait; others are the work of V8's threads.
    expect(loop.waits - before).toBeLessThan(20);
    loop.quit();
    await run;
  });

  it('has deadline 0 while an immediate, a new descriptor or a blocking call is pending', async () => {
    await using reactor = make();
    const embedded = embedReactor(reactor);
    const settle = (): void => {
      for (let turns = 0; turns < 100 && embedded.deadline() === 0; turns++) embedded.turn();
    };
    const deadlines = await embedded.block(() => {
      settle();
      const idle = embedded.deadline();
      setImmediate(() => {});
      const immediate = embedded.deadline();
      settle();
      const port = reactor.listenTCP(0, () => ({}));
      settle();
      const listening = embedded.deadline();
      const socket = connect(port.getHost().port, '127.0.0.1');
      const connecting = embedded.deadline();
      socket.on('error', () => {}).destroy();
      settle();
      void port.stopListening();
      settle();
      const inner = embedded.block(() => {});
      const blocking = embedded.deadline();
      inner.cancel();
      inner.addErrback(() => {});
      return { idle, immediate, listening, connecting, blocking };
    });
    expect(deadlines).toMatchObject({ immediate: 0, connecting: 0, blocking: 0 });
    expect(deadlines.idle).toBeGreaterThan(0);
    expect(deadlines.listening).toBeGreaterThan(0);
  });

  it('runs reactions of promises when the deadline is asked for', async () => {
    await using reactor = make();
    const embedded = embedReactor(reactor);
    const order: string[] = [];
    await embedded.block(() => {
      void Promise.resolve().then(() => order.push('reaction'));
      order.push('before');
      embedded.deadline();
      order.push('after');
    });
    expect(order).toEqual(['before', 'reaction', 'after']);
  });

  it('quits when the reactor is stopped', async () => {
    await using reactor = make();
    const loop = new OwnLoop(reactor);
    const run = reactor.run();
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    reactor.callLater(1, () => reactor.stop());
    expect(await within(blocked, 'the loop')).toBe('returned');
    await run;
  });

  it('quits when the reactor has crashed', async () => {
    await using reactor = make();
    const loop = new OwnLoop(reactor);
    const run = reactor.run();
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    reactor.callLater(1, () => reactor.crash());
    expect(await within(blocked, 'the loop')).toBe('returned');
    await run;
  });

  it('quits when the reactor is disposed of without a run', async () => {
    const reactor = make();
    const loop = new OwnLoop(reactor);
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    reactor.callLater(1, () => void reactor[Symbol.asyncDispose]());
    expect(await within(blocked, 'the loop')).toBe('returned');
    await reactor[Symbol.asyncDispose]();
  });

  it('does not make a call when its run has ended, but does in the next run', async () => {
    await using reactor = make();
    const first = reactor.run();
    reactor.stop();
    await first;
    const loop = new OwnLoop(reactor);
    const unmade = loop.embedded.block(loop.run, { quit: loop.quit });
    await expect(within(unmade, 'the refusal')).rejects.toThrow(CancelledError);
    expect([loop.waits, loop.quits]).toEqual([0, false]);
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    const second = reactor.run();
    reactor.callLater(1, () => reactor.stop());
    expect(await within(blocked, 'the loop')).toBe('returned');
    await second;
  });

  it('runs again in loops of its own after the other loop has returned', async () => {
    await using reactor = make();
    const loop = new OwnLoop(reactor);
    const run = reactor.run();
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    reactor.callLater(1, loop.quit);
    await blocked;
    const later = new Promise<void>((resolve) => void reactor.callLater(1, resolve));
    await within(later, 'a delayed call');
    reactor.stop();
    await run;
  });

  it('can be embedded again, and in two loops that are nested', async () => {
    await using reactor = make();
    const order: string[] = [];
    const outer = new OwnLoop(reactor);
    const inner = new OwnLoop(reactor);
    const outerRun = outer.embedded.block(outer.run).addCallback(() => order.push('outer'));
    await new Promise((resolve) => setImmediate(resolve));
    const innerRun = inner.embedded.block(inner.run).addCallback(() => order.push('inner'));
    await new Promise((resolve) => setTimeout(resolve, 2));
    outer.quit(); // has no effect before the inner one returns
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(order).toEqual([]);
    inner.quit();
    await Promise.all([outerRun, innerRun]);
    expect(order).toEqual(['inner', 'outer']);
  });
});

describe('a blocking call', () => {
  it('fails with the exception of the call', async () => {
    await using reactor = createReactor();
    const blocked = embedReactor(reactor).block(() => {
      throw new RangeError('no display');
    });
    await expect(blocked).rejects.toThrow('no display');
  });

  it('quits when its Deferred is cancelled, and when the embedding is closed', async () => {
    await using reactor = createReactor();
    const cancelled = new OwnLoop(reactor);
    const first = cancelled.embedded.block(cancelled.run, { quit: cancelled.quit });
    await new Promise((resolve) => setTimeout(resolve, 1));
    first.cancel();
    await expect(first).rejects.toThrow(CancelledError);
    const closed = new OwnLoop(reactor);
    const second = closed.embedded.block(closed.run, { quit: closed.quit });
    await new Promise((resolve) => setTimeout(resolve, 1));
    closed.embedded.close();
    expect(await within(second, 'the loop')).toBe('returned');
    expect(() => closed.embedded.block(() => {})).toThrow(EmbeddingClosedError);
    expect(() => closed.embedded.interleave(undefined)).toThrow(EmbeddingClosedError);
  });

  it('reports an exception of quit', async () => {
    await using reactor = createReactor();
    const loop = new OwnLoop(reactor);
    const blocked = loop.embedded.block(loop.run, {
      quit: () => {
        loop.quit();
        throw new Error('cannot quit');
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 1));
    loop.embedded.close();
    await blocked;
    expect(flushLoggedErrors(Error).map(({ error }) => String(error))).toEqual([
      expect.stringContaining('cannot quit'),
    ]);
  });

  it('can be a C function', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    expect(await embedded.blockNative(nativeFunction('', 'labs', -5))).toBe(5n);
  });

  it('is not made, nor is quit called, if it is to quit before it has begun', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const calls: string[] = [];
    const quit = (): void => void calls.push('quit');
    const call = (): void => void calls.push('call');
    const cancelled = embedded.block(call, { quit });
    const closed = embedded.block(call, { quit });
    const native = embedded.blockNative(nativeFunction('', 'pause'));
    cancelled.cancel();
    embedded.close();
    const all: readonly PromiseLike<unknown>[] = [cancelled, closed, native];
    for (const blocked of all) {
      await expect(within(blocked, 'the end')).rejects.toThrow(CancelledError);
    }
    expect(calls).toEqual([]);
  });

  it('serves loops that are attached to a reactor, also if JavaScript outside turns changes them', async () => {
    await using reactor = createReactor();
    const attached = {
      name: 'attached',
      until: Number.POSITIVE_INFINITY,
      dispatched: 0,
      prepare: () => ({ descriptors: [], until: attached.until }),
      dispatch: () => {
        attached.dispatched += 1;
        attached.until = attached.dispatched < 5 ? reactor.now() + 1 : Number.POSITIVE_INFINITY;
      },
    };
    using _attachment = attachForeignLoop(reactor, attached);
    const loop = new OwnLoop(reactor);
    const blocked = loop.embedded.block(() => {
      attached.until = reactor.now();
      while (attached.dispatched < 5) loop.iterate();
      return attached.dispatched;
    });
    expect(await within(blocked, 'five dispatches')).toBe(5);
  });
});

describe('a turn', () => {
  it('is refused outside of blocking calls', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    expect(() => embedded.turn()).toThrow(TurnRefusedError);
    expect(() => embedded.deadline()).toThrow(/with block|with it/);
  });

  it('is refused inside a turn, and in reactions of promises', async () => {
    await using reactor = createReactor();
    const loop = new OwnLoop(reactor);
    const blocked = loop.embedded.block(loop.run, { quit: loop.quit });
    const refusals: unknown[] = [];
    const tryTurn = (): void => {
      try {
        loop.embedded.turn();
      } catch (error) {
        refusals.push(error);
      }
    };
    reactor.callLater(1, tryTurn);
    await new Promise((resolve) => setTimeout(resolve, 5));
    tryTurn();
    loop.quit();
    await blocked;
    expect(refusals).toHaveLength(2);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(TurnRefusedError);
      expect(String(refusal)).toContain('inside a turn');
    }
  });

  it('reaches Node while JavaScript of the other loop has started something', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const result = await embedded.block(() => {
      let done = false;
      const callback = embedded.callback(() => {
        void (async () => {
          await new Promise((resolve) => setImmediate(resolve));
          done = true;
        })();
      });
      callback();
      for (let turns = 0; turns < 100 && !done; turns++) {
        waitFor(embedded);
        embedded.turn();
      }
      return done;
    });
    expect(result).toBe(true);
  });
});

describe('the descriptor', () => {
  it('is not waited for by a loop that is attached, which would be its own', async () => {
    await using reactor = createReactor();
    const { descriptor } = embedReactor(reactor);
    const dispatched = new Promise<void>((resolve) => {
      const until = reactor.now() + 20;
      const attachment = attachForeignLoop(reactor, {
        name: 'cyclic',
        prepare: () => ({ descriptors: [{ fd: descriptor, read: true }], until }),
        dispatch: () => {
          attachment.detach();
          resolve();
        },
      });
    });
    await within(dispatched, 'the dispatch');
  });
});

describe('a callback for the other loop', () => {
  it('returns the result, after the reactions of promises', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    let reacted = false;
    const callback = embedded.callback((a: number, b: number) => {
      void Promise.resolve().then(() => {
        reacted = true;
      });
      return a + b;
    });
    expect(await embedded.block(() => [callback(1, 2), reacted])).toEqual([3, true]);
    expect(callback(2, 2)).toBe(4);
  });

  it('reports exceptions and returns the fallback', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const callback = embedded.callback((): number => {
      throw new Error('in a handler');
    }, 7);
    expect(await embedded.block(() => callback())).toBe(7);
    expect(flushLoggedErrors(Error)).toHaveLength(1);
  });
});

describe('interleaving', () => {
  it('wakes a loop without descriptors once for each turn, also for deadlines', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const due = semaphore();
    embedded.interleave(nativeFunction('', 'sem_post', due.address));
    let wakes = 0;
    let quits = false;
    const quit = (): void => {
      quits = true;
    };
    const run = (): void => {
      while (!quits) {
        due.wait();
        wakes += 1;
        embedded.turn();
      }
    };
    const blocked = embedded.block(run, { quit }); // if the test fails, the end of the reactor ends the loop
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => void reactor.callLater(1, resolve));
    }
    expect(wakes).toBeLessThan(200);
    quit();
    await blocked;
    embedded.close();
  });

  it('learns of an earlier deadline from a callback', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const due = semaphore();
    embedded.interleave(nativeFunction('', 'sem_post', due.address));
    const far = setTimeout(() => {}, 100_000);
    let called = false;
    const handler = embedded.callback(() => {
      reactor.callLater(1, () => {
        called = true;
      });
    });
    await embedded.block(() => {
      for (let turns = 0; turns < 3; turns++) {
        if (embedded.deadline() > 0) break;
        embedded.turn();
      }
      handler();
      while (!called) {
        due.wait();
        embedded.turn();
      }
    });
    expect(called).toBe(true);
    clearTimeout(far);
    embedded.close();
  });

  it('is not ended by another embedded reactor, which it has replaced', async () => {
    await using reactor = createReactor();
    const [first, second] = [embedReactor(reactor), embedReactor(reactor)];
    const due = semaphore();
    first.interleave(nativeFunction('', 'sem_post', semaphore().address));
    second.interleave(nativeFunction('', 'sem_post', due.address));
    first.interleave(undefined);
    first.close();
    let called = false;
    reactor.callLater(1, () => {
      called = true;
    });
    await second.block(() => {
      while (!called) {
        due.wait();
        second.turn();
      }
    });
    expect(called).toBe(true);
    second.close();
  });

  it('calls nothing after it has ended', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    const due = semaphore();
    const post = nativeFunction('', 'sem_post', due.address);
    for (let i = 0; i < 50; i++) {
      embedded.interleave(post);
      embedded.interleave(undefined);
    }
    embedded.interleave(post);
    await embedded.block(() => embedded.deadline());
    embedded.close();
  });
});

describe('its arguments', () => {
  it('are checked', async () => {
    await using reactor = createReactor();
    const embedded = embedReactor(reactor);
    expect(() => embedReactor({} as Reactor)).toThrow(TypeError);
    expect(() => embedReactor(new MemoryReactor() as unknown as Reactor)).toThrow(UnsupportedError);
    expect(() => embedded.block('call' as never)).toThrow(/call/);
    expect(() => embedded.block(() => {}, { quit: 1 as never })).toThrow(/quit/);
    expect(() => embedded.block(() => {}, { leave: 1 } as never)).toThrow(/leave/);
    expect(() => embedded.callback(1 as never)).toThrow(/callback/);
    expect(() => embedded.blockNative({ address: 0n, args: [] })).toThrow(/address/);
    expect(() => embedded.blockNative({ address: 'x' as never, args: [] })).toThrow(/address/);
    expect(() => embedded.blockNative({ address: 1n, args: [1n, 2n, 3n, 4n, 5n] })).toThrow(/4/);
    expect(() => embedded.interleave({ address: 2n ** 65n, args: [] })).toThrow(/64 bits/);
    expect(() => nativeFunction('libnothing.so.9', 'f')).toThrow(FunctionNotFoundError);
    expect(() => nativeFunction('', 'no_such_function_here')).toThrow(/no_such_function_here/);
    expect(() => nativeFunction('', 'labs', 1.5)).toThrow(TypeError);
  });
});

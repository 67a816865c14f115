import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { TimeoutFactory, type TimeoutFactoryOptions } from '../../src/policies/timeout-factory.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type {
  MemoryTransport,
  MemoryTransportOptions,
} from '../../src/testing/memory-transport.js';
import { Recorder, type RecorderHooks } from '../support/recorder.js';
import { accept, checkRules, only } from './wired.js';

interface Bench {
  readonly clock: ManualClock;
  readonly protocol: Recorder;
  readonly transport: MemoryTransport;
  advance(ms: number): void;
}

function bench(
  options: Omit<TimeoutFactoryOptions, 'clock'>,
  transportOptions: MemoryTransportOptions = {},
  hooks: RecorderHooks = {},
): Bench {
  const clock = new ManualClock();
  const protocol = new Recorder(hooks);
  const factory = new TimeoutFactory(only(protocol), { clock, ...options });
  const { transport } = accept(factory, transportOptions);
  const advance = (ms: number): void => {
    clock.advance(ms);
    transport.settle();
  };
  return { clock, protocol, transport, advance };
}

describe('TimeoutFactory', () => {
  checkRules();

  it('closes a connection that is idle, no earlier and within a 16th of the time', () => {
    const { protocol, advance } = bench({ idleMs: 1_600 });
    advance(1_600);
    expect(protocol.reason).toBeUndefined();
    advance(100);
    expect(protocol.reason?.name).toBe('ConnectionDone');
  });

  it('ticks once a second for long times', () => {
    const { clock, protocol, advance } = bench({ idleMs: 60_000, lifetimeMs: 3_600_000 });
    expect(clock.nextTime).toBe(1_000);
    advance(60_000);
    expect(protocol.reason).toBeUndefined();
    advance(1_000);
    expect(protocol.reason).toBeDefined();
  });

  it('divides the shortest limit into whole ticks of a second at most', () => {
    const { clock, protocol, advance } = bench({ idleMs: 17_500 });
    expect(clock.nextTime).toBeCloseTo(17_500 / 18);
    advance(17_500);
    expect(protocol.reason).toBeUndefined();
    advance(973);
    expect(protocol.reason).toBeDefined();
  });

  it('needs no limit at all', () => {
    const { clock } = bench({});
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('ticks at the given interval', () => {
    const { clock } = bench({ idleMs: 60_000, tickMs: 5 });
    expect(clock.nextTime).toBe(5);
  });

  it('keeps a connection that receives or writes', () => {
    const { protocol, transport, advance } = bench({ idleMs: 1_600 });
    const acts = [
      () => transport.receive('x'),
      () => protocol.transport.write('x'),
      () => protocol.transport.writeSequence(['x']),
    ];
    for (let i = 0; i < 30; i++) {
      advance(1_500);
      acts[i % acts.length]?.();
    }
    expect(protocol.reason).toBeUndefined();
  });

  it('can count received data only', () => {
    const { protocol, transport, advance } = bench({ idleMs: 1_600, activity: 'received' });
    advance(1_500);
    transport.receive('x');
    advance(1_500);
    expect(protocol.reason).toBeUndefined();
    protocol.transport.write('x');
    protocol.transport.writeSequence(['x']);
    advance(200);
    expect(protocol.reason).toBeDefined();
  });

  it('closes a connection that never sends data, and not one that did', () => {
    const silent = bench({ firstDataMs: 1_600 });
    silent.protocol.transport.write('hello?');
    silent.advance(1_700);
    expect(silent.protocol.reason?.name).toBe('ConnectionDone');
    const talking = bench({ firstDataMs: 1_600 });
    talking.transport.receive('hello');
    talking.advance(100_000);
    expect(talking.protocol.reason).toBeUndefined();
    expect(talking.clock.getDelayedCalls()).toHaveLength(0);
  });

  it('closes a connection that lasts too long although a byte arrives now and then', () => {
    const { protocol, transport, advance } = bench({ idleMs: 1_600, lifetimeMs: 16_000 });
    for (let i = 0; i < 16; i++) {
      advance(1_000);
      transport.receive('x');
    }
    expect(protocol.reason).toBeUndefined();
    advance(100);
    expect(protocol.reason?.name).toBe('ConnectionDone');
  });

  it('aborts a connection that does not close in time', () => {
    const { protocol, advance } = bench({ idleMs: 1_600, graceMs: 300 }, { capacity: 0 });
    protocol.transport.write('never read');
    advance(1_700);
    advance(1_600);
    expect(protocol.reason?.name).toBe('ConnectionAborted');
  });

  it('leaves no timer behind when the connection is gone, nor when connectionMade throws', () => {
    const limits = { idleMs: 1_000, firstDataMs: 2_000, lifetimeMs: 3_000 };
    const { clock, transport } = bench(limits);
    transport.peerCloses();
    expect(clock.getDelayedCalls()).toHaveLength(0);
    const connectionMade = (): void => {
      throw new Error('thrown');
    };
    const broken = bench(limits, { reportError: () => {} }, { connectionMade });
    broken.transport.settle();
    expect(broken.clock.getDelayedCalls()).toHaveLength(0);
  });

  it('calls timeoutConnection with the transport and the protocol, instead of closing', () => {
    const { protocol, transport, advance } = bench({
      idleMs: 1_600,
      timeoutConnection(seen, wrapped) {
        expect(seen).toBe((wrapped as Recorder).transport);
        seen.write('421 bye');
        seen.loseConnection();
      },
    });
    advance(1_700);
    expect(transport.text).toBe('421 bye');
    expect(protocol.reason?.name).toBe('ConnectionDone');
  });

  it('reports the error of timeoutConnection and aborts the connection', () => {
    using errors = captureLoggedErrors();
    const { protocol, advance } = bench({
      idleMs: 1_600,
      timeoutConnection() {
        throw new RangeError('thrown');
      },
    });
    advance(1_700);
    expect(errors.flush(RangeError)).toHaveLength(1);
    expect(protocol.reason?.name).toBe('ConnectionAborted');
  });

  it.each([
    { idleMs: 0 },
    { firstDataMs: -1 },
    { lifetimeMs: Number.NaN },
    { graceMs: 0 },
    { tickMs: 0 },
    { activity: 'sent' as never },
  ])('refuses %o', (options) => {
    const clock = new ManualClock();
    expect(() => new TimeoutFactory(Recorder, { clock, ...options })).toThrow(
      InvalidArgumentValueError,
    );
  });

  it.each([{ idleMs: '60' as never }, { timeoutConnection: 'close' as never }])(
    'refuses %o, which has the wrong type',
    (options) => {
      const clock = new ManualClock();
      expect(() => new TimeoutFactory(Recorder, { clock, ...options })).toThrow(
        InvalidArgumentTypeError,
      );
    },
  );
});

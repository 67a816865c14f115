import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Deadline } from '../../src/policies/deadline.js';
import { IdleTimeout } from '../../src/policies/idle-timeout.js';
import { IdleTimeouts } from '../../src/policies/idle-timeouts.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import {
  MemoryTransport,
  type MemoryTransportOptions,
} from '../../src/testing/memory-transport.js';
import { Recorder } from '../support/recorder.js';
import { checkRules } from './wired.js';

/** A connection, and time that is counted in ticks of 10 ms. */
class Bench {
  readonly clock = new ManualClock();
  readonly timeouts = new IdleTimeouts(this.clock, { tickMs: 10, graceMs: 100 });
  readonly protocol = new Recorder();
  readonly transport: MemoryTransport;

  constructor(options: MemoryTransportOptions = {}) {
    this.transport = new MemoryTransport(options);
    this.transport.connect(this.protocol);
  }

  advance(ms: number): void {
    this.clock.advance(ms);
    this.transport.settle();
  }
}

describe.each([
  ['IdleTimeout', IdleTimeout],
  ['Deadline', Deadline],
])('%s', (_name, Timeout) => {
  checkRules();

  it('closes the connection when it expires', () => {
    const bench = new Bench();
    const timeout = new Timeout(bench.timeouts, bench.transport);
    timeout.set(50);
    expect(timeout.active).toBe(true);
    bench.advance(50);
    expect(bench.protocol.reason).toBeUndefined();
    bench.advance(10);
    expect(bench.protocol.reason?.name).toBe('ConnectionDone');
  });

  it('aborts the connection if it does not close', () => {
    const bench = new Bench({ capacity: 0 });
    bench.protocol.transport.write('never read');
    new Timeout(bench.timeouts, bench.transport).set(50);
    bench.advance(60);
    expect(bench.transport.disconnecting).toBe(true);
    bench.advance(100);
    expect(bench.protocol.reason).toBeUndefined();
    bench.advance(10);
    expect(bench.protocol.reason?.name).toBe('ConnectionAborted');
    expect(bench.timeouts.size).toBe(0);
  });

  it('does nothing to a connection that is gone', () => {
    const bench = new Bench();
    const timeout = new Timeout(bench.timeouts, bench.transport);
    timeout.set(50);
    bench.transport.peerCloses();
    timeout.close();
    let calls = 0;
    new Timeout(bench.timeouts, bench.transport, () => calls++).set(50);
    bench.advance(100);
    expect(bench.protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionDone']);
    expect([bench.timeouts.size, calls]).toEqual([0, 0]);
  });

  it('returns the previous value', () => {
    const bench = new Bench();
    const timeout = new Timeout(bench.timeouts, bench.transport, () => {});
    expect(timeout.set(50)).toBeNull();
    expect(timeout.set(0.5)).toBe(50);
    bench.advance(1_000);
    expect(timeout.active).toBe(false);
    expect(timeout.set(null)).toBe(0.5);
    expect(timeout.set(null)).toBeNull();
  });

  it('starts again when it is set again', () => {
    const bench = new Bench();
    const timeout = new Timeout(bench.timeouts, bench.transport);
    timeout.set(50);
    bench.advance(40);
    timeout.set(70);
    bench.advance(70);
    expect(bench.protocol.reason).toBeUndefined();
    bench.advance(10);
    expect(bench.protocol.reason).toBeDefined();
  });

  it('never fires once it is unset, not even after it began to close', () => {
    const bench = new Bench({ capacity: 0 });
    bench.protocol.transport.write('never read');
    const timeout = new Timeout(bench.timeouts, bench.transport);
    timeout.set(50);
    timeout.set(null);
    bench.advance(1_000);
    expect(bench.transport.disconnecting).toBe(false);
    timeout.close();
    expect(bench.timeouts.size).toBe(1);
    timeout.set(null);
    bench.advance(1_000);
    expect(bench.protocol.reason).toBeUndefined();
  });

  it('calls timeoutConnection instead of closing', () => {
    const bench = new Bench();
    let calls = 0;
    const timeout = new Timeout(bench.timeouts, bench.transport, () => calls++);
    timeout.set(50);
    bench.advance(1_000);
    expect(calls).toBe(1);
    expect(bench.protocol.reason).toBeUndefined();
    timeout.close();
    bench.advance(1);
    expect(bench.protocol.reason?.name).toBe('ConnectionDone');
  });

  it('aborts the connection too if timeoutConnection began to close it and it does not close', () => {
    const bench = new Bench({ capacity: 0 });
    const timeout = new Timeout(bench.timeouts, bench.transport, () => {
      bench.protocol.transport.write('421 bye');
      bench.protocol.transport.loseConnection();
    });
    timeout.set(50);
    bench.advance(60);
    bench.advance(100);
    expect(bench.protocol.reason).toBeUndefined();
    bench.advance(10);
    expect(bench.protocol.reason?.name).toBe('ConnectionAborted');
  });

  it('lets timeoutConnection set it again, closing or not', () => {
    const bench = new Bench({ capacity: 0 });
    let calls = 0;
    const timeout = new Timeout(bench.timeouts, bench.transport, () => {
      calls++;
      timeout.set(50);
      bench.protocol.transport.write('421 bye');
      bench.protocol.transport.loseConnection();
    });
    timeout.set(50);
    bench.advance(600);
    expect(calls).toBe(10);
    timeout.set(null);
  });

  it('reports the error of timeoutConnection, and aborts that connection only', () => {
    using errors = captureLoggedErrors();
    const bench = new Bench();
    const other = new Bench();
    const throws = (): void => {
      throw new RangeError('thrown');
    };
    new Timeout(bench.timeouts, bench.transport, throws).set(50);
    new Timeout(bench.timeouts, other.transport).set(50);
    bench.advance(60);
    other.advance(0);
    expect(bench.protocol.reason?.name).toBe('ConnectionAborted');
    expect(other.protocol.reason?.name).toBe('ConnectionDone');
    expect(errors.flush().map(({ where }) => where)).toEqual(['timeoutConnection']);
  });

  it.each([0, -5, Number.NaN, Infinity, '5', undefined])('refuses the time %s', (ms) => {
    const bench = new Bench();
    const timeout = new Timeout(bench.timeouts, bench.transport);
    timeout.set(50);
    const errorClass =
      typeof ms === 'number' ? InvalidArgumentValueError : InvalidArgumentTypeError;
    expect(() => timeout.set(ms as number)).toThrow(errorClass);
    expect(timeout.set(null)).toBe(50);
  });
});

describe('IdleTimeout', () => {
  it('is postponed by activity', () => {
    const bench = new Bench();
    const timeout = new IdleTimeout(bench.timeouts, bench.transport);
    timeout.set(50);
    for (let i = 0; i < 100; i++) {
      bench.advance(45);
      timeout.reset();
    }
    expect(bench.protocol.reason).toBeUndefined();
    bench.advance(60);
    expect(bench.protocol.reason?.name).toBe('ConnectionDone');
  });

  it('is not set by activity', () => {
    const bench = new Bench();
    const timeout = new IdleTimeout(bench.timeouts, bench.transport);
    timeout.reset();
    expect(timeout.active).toBe(false);
  });

  it('does not wait longer for a close because of activity', () => {
    const bench = new Bench({ capacity: 0 });
    bench.protocol.transport.write('never read');
    const timeout = new IdleTimeout(bench.timeouts, bench.transport);
    timeout.set(50);
    for (let i = 0; i < 20; i++) {
      bench.advance(10);
      if (i >= 6) timeout.reset();
    }
    expect(bench.protocol.reason?.name).toBe('ConnectionAborted');
  });
});

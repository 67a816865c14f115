import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Heartbeat } from '../../src/workers/heartbeat.js';

function beating(timeoutMs = 1_000): {
  clock: ManualClock;
  heartbeat: Heartbeat;
  log: string[];
  worker: { debugged: boolean };
} {
  const clock = new ManualClock();
  const log: string[] = [];
  const worker = { debugged: false };
  const heartbeat = new Heartbeat(clock, timeoutMs, {
    ping: () => void log.push('ping'),
    debugged: () => worker.debugged,
    hung: (silentMs) => void log.push(`hung ${silentMs}`),
  });
  heartbeat.start();
  return { clock, heartbeat, log, worker };
}

describe('a heart-beat', () => {
  it('does not disturb a worker that answers', () => {
    const { clock, heartbeat, log } = beating();
    for (let i = 1; i <= 50; i++) {
      clock.advance(100);
      expect(log).toHaveLength(i);
      heartbeat.heard();
      heartbeat.answered();
    }
    expect(log).not.toContain('hung 1000');
    heartbeat.stop();
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('pings once, and reports a worker hung after the time limit', () => {
    const { clock, log } = beating();
    clock.advance(100); // asked
    clock.advance(999);
    expect(log).toEqual(['ping']);
    clock.advance(1);
    expect(log).toEqual(['ping', 'hung 1000']);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('accepts any message as a sign of life', () => {
    const { clock, heartbeat, log } = beating();
    for (let i = 0; i < 10; i++) {
      clock.advance(900);
      heartbeat.heard();
    }
    expect(log).toEqual(['ping']);
    clock.advance(1_100);
    expect(log).toEqual(['ping', 'hung 1000']);
  });

  it('counts time during which this process was suspended as one beat', () => {
    const { clock, heartbeat, log } = beating();
    const due: (() => void)[] = [];
    clock.callLater = ((_delayMs: number, callback: () => void) => {
      due.push(callback);
      return { cancel() {}, active: () => true };
    }) as never;
    clock.advance(100);
    // Hours pass, time and again: then one call is due, and behind it comes what was answered.
    for (let suspensions = 0; suspensions < 100; suspensions++) {
      due.shift()?.();
      heartbeat.heard();
      heartbeat.answered();
    }
    expect(log.filter((what) => what !== 'ping')).toEqual([]);
    expect(due).toHaveLength(1);
  });

  it('does not count while a debugger may be active', () => {
    const { clock, log, worker } = beating();
    worker.debugged = true;
    clock.advance(100_000);
    expect(log).toEqual(['ping']);
    worker.debugged = false;
    clock.advance(1_000);
    expect(log).toEqual(['ping']);
    clock.advance(100);
    expect(log).toEqual(['ping', 'hung 1000']);
  });

  it('does nothing with a limit of 0', () => {
    const { clock, log } = beating(0);
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(log).toEqual([]);
  });
});

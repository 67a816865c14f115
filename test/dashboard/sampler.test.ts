import { describe, expect, it } from 'vitest';
import {
  type LoadReading,
  type Reading,
  Sampler,
  TURN_LIMITS_MS,
} from '../../src/dashboard/sampler.js';
import { NOTHING_MEASURED } from '../../src/workers/measurement.js';

const TOTALS = NOTHING_MEASURED.statistics;

function thread(name: string, changes: Partial<LoadReading> = {}): LoadReading {
  return { name, totals: TOTALS, busyMs: 0, idleMs: 0, turnCounts: [], ...changes };
}

function reading(changes: Partial<Reading> = {}): Reading {
  return {
    atMs: 0,
    wallMs: 1_000_000,
    threads: [thread('main')],
    limitsMs: [0.008, 0.016, 1, 2_000],
    rssBytes: 50_000_000,
    cpuMs: 0,
    meters: {},
    ...changes,
  };
}

describe('Sampler', () => {
  it('computes rates of the sums of all threads', () => {
    const sampler = new Sampler(reading({ meters: { in: 100 } }));
    const totals = {
      ...TOTALS,
      bytesReceived: 3_000,
      bytesSent: 500,
      turns: 20,
      connectionsOpen: 4,
    };
    const accepted = { ...TOTALS, connectionsAccepted: 8, connectionsMade: 2, connectionsLost: 1 };
    const sample = sampler.take(
      reading({
        atMs: 2_000,
        wallMs: 1_002_000,
        threads: [thread('main', { totals }), thread('worker 0', { totals: accepted })],
        cpuMs: 500,
        meters: { in: 130 },
      }),
    );
    expect(sample).toMatchObject({
      at: 1_002,
      open: 4,
      openedPerSecond: 5,
      lostPerSecond: 0.5,
      receivedPerSecond: 1_500,
      sentPerSecond: 250,
      turnsPerSecond: 10,
      cpuPercent: 25,
      meters: [15],
    });
  });

  it('computes the load of each thread, with the turns since the last sample', () => {
    const threads = (busyMs: number, counts: number[]): LoadReading[] => [
      thread('worker 0', { busyMs, idleMs: 1_000 - busyMs, turnCounts: counts }),
    ];
    const sampler = new Sampler(reading({ threads: threads(0, [9, 9, 9, 9]) }));
    sampler.take(reading({ atMs: 1_000, threads: threads(0, [9, 9, 9, 9]) }));
    const before = reading({ atMs: 2_000, threads: threads(0, [9, 9, 9, 9]) });
    sampler.take(before);
    const sample = sampler.take(
      reading({
        atMs: 3_000,
        threads: [thread('worker 0', { busyMs: 250, idleMs: 1_750, turnCounts: [9, 109, 10, 9] })],
      }),
    );
    expect(sample.threads).toEqual([
      { name: 'worker 0', load: 0.25, open: 0, turnsPerSecond: 0, turnMsP99: 0.016 },
    ]);
    expect([sample.turnMsP50, sample.turnMsP99]).toEqual([0.016, 0.016]);
  });

  it('adds fine buckets of turns up to the shown ones', () => {
    const sampler = new Sampler(reading());
    const turns = [thread('main', { turnCounts: [1, 2, 3, 4] })];
    const sample = sampler.take(reading({ atMs: 1_000, threads: turns }));
    const at1Ms = TURN_LIMITS_MS.findIndex((limit) => limit >= 1);
    expect(sample.turns.length).toBe(TURN_LIMITS_MS.length + 1);
    expect([sample.turns[0], sample.turns[at1Ms], sample.turns.at(-1)]).toEqual([3, 3, 4]);
    expect(sample.turns.reduce((sum, count) => sum + count)).toBe(10);
  });

  it('knows no percentiles without turns, and no memory per connection of few', () => {
    const sampler = new Sampler(reading());
    const open = (connectionsOpen: number, rssBytes: number): number | null =>
      sampler.take(
        reading({
          threads: [thread('main', { totals: { ...TOTALS, connectionsOpen } })],
          rssBytes,
        }),
      ).bytesPerConnection;
    expect(sampler.take(reading())).toMatchObject({ turnMsP50: null, turnMsP99: null });
    expect(open(99, 60_000_000)).toBe(null);
    expect(open(100, 50_400_000)).toBe(4_000);
    expect(open(100, 40_000_000)).toBe(null);
  });

  it('has no negative rates when a worker was replaced', () => {
    const before = thread('worker 0', {
      totals: { ...TOTALS, turns: 100, bytesSent: 5 },
      busyMs: 50,
      turnCounts: [7],
    });
    const sampler = new Sampler(reading({ threads: [before] }));
    const sample = sampler.take(
      reading({ atMs: 1_000, threads: [thread('worker 0', { turnCounts: [2] })] }),
    );
    expect(sample).toMatchObject({ turnsPerSecond: 0, sentPerSecond: 0 });
    expect(sample.threads[0]).toMatchObject({ load: 0, turnsPerSecond: 0, turnMsP99: null });
  });
});

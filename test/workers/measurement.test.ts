import { describe, expect, it } from 'vitest';
import { NOTHING_MEASURED, sumOf, totalsOf } from '../../src/workers/measurement.js';
import { figures } from './fake-workers.js';

describe('sumOf', () => {
  it('adds up statistics, counters and gauges, and takes the longest turns', () => {
    const sum = sumOf([
      figures(
        { turns: 1, bytesReceived: 10, turnMsP50: 3, turnMsP99: 4 },
        { a: 1, b: 2 },
        { g: 1 },
      ),
      figures(
        { turns: 2, bytesReceived: 30, turnMsP50: 2, turnMsP99: 9 },
        { b: 5, c: 1 },
        { g: 2 },
      ),
    ]);
    expect(sum).toEqual(
      figures(
        { turns: 3, bytesReceived: 40, turnMsP50: 3, turnMsP99: 9 },
        { a: 1, b: 7, c: 1 },
        { g: 3 },
      ),
    );
  });

  it('adds up figures of any name', () => {
    const counters = { constructor: 1, toString: 2, ['__proto__']: 3 };
    const sum = sumOf([figures({}, counters, counters), figures({}, counters, counters)]);
    for (const sums of [sum.counters, sum.gauges]) {
      expect(Object.entries(sums)).toEqual([
        ['constructor', 2],
        ['toString', 4],
        ['__proto__', 6],
      ]);
    }
  });

  it('is zero for no measurements, and changes no constant', () => {
    expect(sumOf([])).toEqual(NOTHING_MEASURED);
    expect(sumOf([figures({ turns: 5 })])).toEqual(figures({ turns: 5 }));
    expect(NOTHING_MEASURED.statistics.turns).toBe(0);
  });
});

describe('loads', () => {
  const one = { ...NOTHING_MEASURED, busyMs: 3, idleMs: 5, turnCounts: [1, 2] };
  const other = { ...NOTHING_MEASURED, busyMs: 30, idleMs: 50, turnCounts: [10, 20, 30] };

  it('are added, and the counts of turns by bucket', () => {
    expect(sumOf([one, NOTHING_MEASURED, other])).toMatchObject({
      busyMs: 33,
      idleMs: 55,
      turnCounts: [11, 22, 30],
    });
  });

  it('remain of a worker that is gone', () => {
    expect(totalsOf(one)).toMatchObject({ busyMs: 3, idleMs: 5, turnCounts: [1, 2] });
  });
});

describe('totalsOf', () => {
  it('keeps totals, and drops open connections and pending calls', () => {
    const gone = { connectionsAccepted: 7, connectionsOpen: 3, delayedCalls: 2, turnMsP99: 8 };
    expect(totalsOf(figures(gone, { a: 1 }, { g: 5 }))).toEqual(
      figures({ connectionsAccepted: 7 }, { a: 1 }),
    );
  });
});

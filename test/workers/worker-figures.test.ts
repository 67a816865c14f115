import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerFigures } from '../../src/workers/worker-figures.js';

describe('the figures of a worker', () => {
  it('are counters, one for each name, and gauges, read on request', () => {
    const figures = new WorkerFigures();
    const hits = figures.counter('hits');
    hits.add();
    hits.add(4);
    figures.counter('hits').add(0.5);
    figures.counter('misses');
    let open = 3;
    figures.gauge('open', () => open);
    open = 2;
    expect(figures.read()).toEqual({ counters: { hits: 5.5, misses: 0 }, gauges: { open: 2 } });
    figures.gauge('open', () => 7);
    expect(figures.read().gauges).toEqual({ open: 7 });
  });

  it('may have any name', () => {
    const figures = new WorkerFigures();
    figures.counter('__proto__').add(2);
    figures.gauge('__proto__', () => 3);
    const { counters, gauges } = figures.read();
    expect(Object.entries(counters)).toEqual([['__proto__', 2]]);
    expect(Object.entries(gauges)).toEqual([['__proto__', 3]]);
  });

  it('refuse invalid counts', () => {
    const figures = new WorkerFigures();
    const counter = figures.counter('a');
    expect(() => counter.add(-1)).toThrow(/^count must be 0 or more, not -1$/);
    expect(() => counter.add(Number.NaN)).toThrow(/^count must be/);
    expect(() => counter.add('1' as never)).toThrow(/^count must be a number/);
    expect(() => figures.counter(1 as never)).toThrow(/^name must be a string/);
    expect(() => figures.gauge(1 as never, () => 1)).toThrow(/^name must be a string/);
    expect(() => figures.gauge('a', 1 as never)).toThrow(/^read must be a function/);
    expect(figures.read()).toEqual({ counters: { a: 0 }, gauges: {} });
  });

  it('omit a gauge that throws, which is reported', () => {
    const figures = new WorkerFigures();
    figures.gauge('bad', () => {
      throw new Error('no figure');
    });
    figures.gauge('good', () => 1);
    expect(figures.read().gauges).toEqual({ good: 1 });
    expect(flushLoggedErrors()).toMatchObject([{ where: 'the gauge bad' }]);
  });
});

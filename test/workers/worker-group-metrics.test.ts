import { describe, expect, it } from 'vitest';
import { MEASURE_TIMEOUT_MS } from '../../src/workers/worker-life.js';
import { within } from '../support/deadline.js';
import { begun, figures, settled, stopped } from './fake-workers.js';

describe('metrics', () => {
  it('are those of each worker and their sum', async () => {
    const fake = await begun();
    const answer = fake.group.metrics();
    fake.worker(0).measures(figures({ bytesSent: 5, connectionsOpen: 1 }, { hits: 1 }));
    fake.worker(1).measures(figures({ bytesSent: 7, connectionsOpen: 2 }, { hits: 2, misses: 1 }));
    const metrics = await answer;
    expect(metrics.workers).toMatchObject([
      { worker: 0, current: true, counters: { hits: 1 }, statistics: { bytesSent: 5 } },
      { worker: 1, current: true, counters: { hits: 2, misses: 1 } },
    ]);
    expect(metrics.statistics).toMatchObject({ bytesSent: 12, connectionsOpen: 3 });
    expect(metrics.counters).toEqual({ hits: 3, misses: 1 });
    await stopped(fake);
  });

  it('keep the totals of workers that are gone', async () => {
    const fake = await begun();
    const before = fake.group.metrics();
    fake.worker(0).measures(figures({ bytesSent: 5, connectionsOpen: 1 }, { hits: 1 }));
    fake.worker(1).measures(figures({ bytesSent: 100 }));
    await before;
    fake.worker(0).ends(); // what it did since is lost
    fake.clock.advance(100);
    fake.worker(2).says({ type: 'ready' });
    const after = fake.group.metrics();
    fake.worker(2).measures(figures({ bytesSent: 3, connectionsOpen: 4 }, { hits: 2 }));
    fake.worker(1).measures(figures({ bytesSent: 100 }));
    const { statistics, counters } = await after;
    expect(statistics).toMatchObject({ bytesSent: 108, connectionsOpen: 4 });
    expect(counters).toEqual({ hits: 3 });
    await stopped(fake);
  });

  it('are available after the end: the last of each worker', async () => {
    const fake = await begun();
    const done = fake.group.stop();
    for (const worker of fake.spawned.slice(0, 2)) {
      worker.says({ type: 'drained', measurement: figures({ turns: 4, connectionsOpen: 1 }) });
      worker.ends();
    }
    await done;
    const { statistics, workers } = await fake.group.metrics();
    expect(statistics).toMatchObject({ turns: 8, connectionsOpen: 0 });
    expect(workers.map(({ current }) => current)).toEqual([false, false]);
  });

  it('do not wait long for a busy worker: its last figures are used', async () => {
    expect(MEASURE_TIMEOUT_MS).toBe(1_000);
    const fake = await begun();
    const answer = fake.group.metrics();
    fake.worker(0).measures(figures({ turns: 1 }));
    await settled();
    fake.clock.advance(999);
    await settled();
    expect(answer.fired).toBe(false);
    fake.clock.advance(1);
    expect((await answer).workers.map(({ current }) => current)).toEqual([true, false]);
    fake.worker(1).measures(figures({ turns: 1 })); // too late
    await stopped(fake);
  });

  it('do not wait for a worker that ends meanwhile', async () => {
    const fake = await begun();
    const answer = fake.group.metrics();
    fake.worker(0).measures(figures({ turns: 1 }));
    fake.worker(1).ends();
    expect((await within(answer, 'figures')).workers[1]?.current).toBe(false);
    await stopped(fake);
  });

  it('may be requested twice at the same time', async () => {
    const fake = await begun();
    const both = [fake.group.metrics(), fake.group.metrics()];
    await settled();
    for (const worker of fake.spawned.slice(0, 2)) {
      for (const request of worker.sent) {
        if (request.type !== 'measure') continue;
        const measurement = figures({ turns: 2 });
        worker.says({ type: 'measured', id: request.id, measurement });
      }
    }
    for (const answer of both) expect((await answer).statistics.turns).toBe(4);
    await stopped(fake);
  });
});

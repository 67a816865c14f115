/** Workers that are replaced: by restartAll, and because they hang. */
import { describe, expect, it } from 'vitest';
import { packError } from '../../src/internal/remote-error.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerHungError, WorkerStartError, WorkersStoppedError } from '../../src/workers/index.js';
import { within } from '../support/deadline.js';
import { begun, FakeGroup, failureOf, measured, settled, stopped } from './fake-workers.js';

describe('restartAll', () => {
  it('starts a successor, then drains its predecessor, one place after the other', async () => {
    const fake = await begun();
    const done = fake.group.restartAll();
    await settled();
    expect(fake.take()).toEqual(['started 0']);
    fake.worker(2).says({ type: 'ready' });
    await settled();
    expect(fake.take()).toEqual(['ready 0', 'draining 0', 'started 1']);
    fake.worker(3).says({ type: 'ready' });
    await settled();
    expect(fake.take()).toEqual(['ready 1', 'draining 1']);
    expect(fake.worker(0).asked).toEqual(['start', 'drain']);
    fake.worker(0).ends();
    await settled();
    expect(done.fired).toBe(false);
    fake.worker(1).ends();
    await done;
    expect(fake.take()).toEqual(['exited 0', 'exited 1']);
    await stopped(fake);
  });

  it('keeps the predecessor if the successor cannot start, and fails', async () => {
    const fake = await begun();
    const failure = failureOf(fake.group.restartAll());
    await settled();
    fake.worker(2).says({ type: 'failed', error: packError(new Error('bad release')) });
    fake.worker(2).ends({ exitCode: 1 });
    expect(await failure).toMatchObject({ worker: 0, cause: { message: 'bad release' } });
    expect(fake.take()).toEqual(['started 0', 'exited 0', 'failed 0']);
    expect(fake.worker(0).asked).toEqual(['start']);
    fake.clock.advance(1e6);
    expect(fake.spawned).toHaveLength(3);
    await stopped(fake);
  });

  it('continues with the successor if the predecessor crashes meanwhile', async () => {
    const fake = await begun();
    const done = fake.group.restartAll();
    await settled();
    fake.worker(0).ends();
    expect(fake.take()).toEqual(['started 0', 'exited 0']);
    fake.worker(2).says({ type: 'ready' });
    await settled();
    fake.worker(3).says({ type: 'ready' });
    await settled();
    fake.worker(1).ends();
    await done;
    fake.clock.advance(1e6);
    expect(fake.spawned).toHaveLength(4);
    await stopped(fake);
  });

  it('starts again if the predecessor and the successor are both gone', async () => {
    const fake = await begun();
    const failure = failureOf(fake.group.restartAll());
    await settled();
    fake.worker(0).ends();
    fake.take();
    fake.worker(2).ends();
    expect(fake.take()).toEqual(['exited 0', 'restarting 0 100', 'failed 0']);
    expect(await failure).toBeInstanceOf(WorkerStartError);
    await stopped(fake);
  });

  it('does not wait for a worker whose restart is pending', async () => {
    const fake = await begun();
    fake.worker(0).ends();
    const done = fake.group.restartAll();
    await settled();
    expect(fake.worker(2).index).toBe(0);
    fake.clock.advance(1e6);
    expect(fake.worker(2).killed).toBe(true); // not ready in time; but only one was started
    expect(fake.spawned).toHaveLength(3);
    fake.worker(2).ends();
    expect(await failureOf(done)).toBeInstanceOf(WorkerStartError);
    await stopped(fake);
  });

  it('follows one in progress, and the start', async () => {
    const fake = await FakeGroup.made({ workers: 1 });
    const both = [fake.group.restartAll(), fake.group.restartAll()];
    for (let nth = 0; nth < 3; nth++) {
      await settled();
      expect(fake.spawned).toHaveLength(nth + 1);
      fake.worker(nth).says({ type: 'ready' });
      await settled();
      if (nth > 0) fake.worker(nth - 1).ends();
    }
    await Promise.all(both);
    await stopped(fake);
  });

  it('fails if the group is stopped meanwhile, or was before', async () => {
    const fake = await begun();
    const failure = failureOf(fake.group.restartAll());
    await settled();
    await stopped(fake);
    expect(await failure).toBeInstanceOf(WorkersStoppedError);
    expect(await failureOf(fake.group.restartAll())).toBeInstanceOf(WorkersStoppedError);
    expect(fake.spawned).toHaveLength(3);
  });
});

describe('a worker that hangs', () => {
  it('is killed, started again after the delay, reported and counted', async () => {
    const fake = await begun({ hangTimeoutMs: 1_000 });
    fake.worker(1).silent = true;
    fake.clock.advance(1_099);
    expect(fake.worker(1).killed).toBe(false);
    fake.clock.advance(1);
    expect(fake.worker(1).killed).toBe(true);
    fake.worker(1).ends({ exitCode: null, signal: 'SIGKILL' });
    expect(fake.take()).toEqual(['hung 1', 'exited 1', 'restarting 1 100']);
    const [report] = flushLoggedErrors(WorkerHungError);
    expect(report?.error).toMatchObject({ worker: 1, silentMs: 1_000, code: 'ERR_WORKER_HUNG' });
    fake.clock.advance(100);
    expect(fake.take()).toEqual(['started 1']);
    const { hangs, workers } = await measured(fake);
    expect(hangs).toBe(1);
    expect(workers.map((worker) => worker.hangs)).toEqual([0, 1]);
    expect(fake.worker(0).killed).toBe(false);
    await stopped(fake);
  });

  it('is not killed by a group without the limit', async () => {
    const fake = await begun({ hangTimeoutMs: 0 });
    fake.worker(1).silent = true;
    fake.clock.advance(1e6);
    expect([fake.worker(1).killed, fake.worker(1).pings]).toEqual([false, 0]);
    await stopped(fake);
  });

  it('is not killed while a debugger may be stopping it', async () => {
    const fake = await begun({ hangTimeoutMs: 1_000 });
    fake.worker(1).debugged = true;
    fake.clock.advance(100); // it says so
    fake.worker(1).silent = true;
    fake.clock.advance(10_000);
    expect(fake.worker(1).killed).toBe(false);
    fake.debugged = true; // the parent
    fake.worker(0).silent = true;
    fake.clock.advance(10_000);
    expect(fake.worker(0).killed).toBe(false);
    await stopped(fake);
  });

  it('is not pinged before it is ready, nor while it drains', async () => {
    const fake = await FakeGroup.made({ workers: 1, hangTimeoutMs: 1_000 });
    fake.clock.advance(20_000);
    expect(fake.worker(0).pings).toBe(0);
    fake.worker(0).says({ type: 'ready' });
    await fake.group.ready;
    fake.clock.advance(1_000);
    expect(fake.worker(0).pings).toBe(10);
    const done = fake.group.stop();
    fake.worker(0).silent = true;
    fake.clock.advance(5_000);
    expect([fake.worker(0).pings, fake.worker(0).killed]).toEqual([10, false]);
    fake.worker(0).ends();
    await within(done, 'the group to stop');
    expect(fake.clock.getDelayedCalls()).toEqual([]);
  });
});

/** Groups of workers: their start, their restarts after a crash, and their end. */
import { describe, expect, it } from 'vitest';
import { TimeoutError } from '../../src/index.js';
import { packError } from '../../src/internal/remote-error.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import {
  WorkerExitedError,
  WorkerStartError,
  WorkersStoppedError,
} from '../../src/workers/index.js';
import { KILL_GRACE_MS } from '../../src/workers/worker-life.js';
import { begun, FakeGroup, failureOf, settled, stopped } from './fake-workers.js';

describe('a group that starts', () => {
  it('starts the first worker, and the others when it is ready', async () => {
    const fake = await FakeGroup.made({ workers: 3 });
    expect(fake.take()).toEqual(['started 0']);
    fake.worker(0).says({ type: 'ready' });
    await settled();
    expect(fake.take()).toEqual(['ready 0', 'started 1', 'started 2']);
    fake.worker(2).says({ type: 'ready' });
    await settled();
    expect(fake.group.ready.fired).toBe(false);
    fake.worker(1).says({ type: 'ready' });
    await fake.group.ready;
    await stopped(fake);
  });

  it('orders each worker to run the module, and the first one to claim the ports', async () => {
    const fake = await begun({ data: { a: 1 }, reactor: { kind: 'node' } });
    expect(fake.worker(0).order).toEqual({
      module: 'file:///module.js',
      index: 0,
      workers: 2,
      kind: 'threads',
      data: { a: 1 },
      reactor: { kind: 'node' },
      ports: {},
      claimPorts: true,
    });
    expect(fake.worker(1).order).toMatchObject({ index: 1, claimPorts: false });
    await stopped(fake);
  });

  it('passes on the ports of the first worker, and keeps them', async () => {
    const fake = await FakeGroup.made();
    const host = '127.0.0.1';
    fake.worker(0).says({ type: 'listening', key: 'chosen 1', host, port: 5001 });
    fake.worker(0).says({ type: 'listening', key: undefined, host, port: 80 });
    fake.worker(0).says({ type: 'listening', key: 'chosen 2', host, port: 5002 });
    await fake.begin();
    const ports = { 'chosen 1': 5001, 'chosen 2': 5002 };
    expect(fake.worker(1).order.ports).toEqual(ports);
    fake.worker(1).says({ type: 'listening', key: 'chosen 1', host, port: 5001 });
    expect(fake.group.addresses.map(({ port }) => port)).toEqual([5001, 80, 5002]);
    fake.worker(0).ends();
    fake.clock.advance(100);
    expect(fake.worker(2).order).toMatchObject({ ports, claimPorts: false });
    expect(fake.group.addresses).toHaveLength(3);
    await stopped(fake);
  });

  it('fails if a module fails, after the others were stopped', async () => {
    const fake = await FakeGroup.made();
    fake.worker(0).says({ type: 'ready' });
    await settled();
    const cause = Object.assign(new Error('no config'), { code: 'ERR_CONFIG' });
    fake.worker(1).says({ type: 'failed', error: packError(cause) });
    fake.worker(1).ends({ exitCode: 1 });
    await settled();
    expect(fake.take()).toEqual([
      ...['started 0', 'ready 0', 'started 1', 'exited 1', 'failed 1', 'draining 0'],
    ]);
    expect(fake.group.ready.fired).toBe(false);
    fake.worker(0).ends();
    const error = await failureOf(fake.group.ready);
    expect(error).toBeInstanceOf(WorkerStartError);
    expect(error).toMatchObject({ worker: 1, cause: { message: 'no config', code: 'ERR_CONFIG' } });
    expect(error.message).toBe('worker 1 did not start: no config');
    expect(fake.clock.getDelayedCalls()).toEqual([]);
  });

  it('fails if a worker ends before it is ready, and restarts none', async () => {
    const fake = await FakeGroup.made();
    fake.worker(0).ends({ exitCode: null, signal: 'SIGKILL' });
    const error = await failureOf(fake.group.ready);
    expect(error.cause).toBeInstanceOf(WorkerExitedError);
    expect(error.cause).toMatchObject({ worker: 0, exitCode: null, signal: 'SIGKILL' });
    fake.clock.advance(1e6);
    expect(fake.spawned).toHaveLength(1);
  });

  it('fails if a worker cannot be started at all', async () => {
    const fake = await FakeGroup.made();
    fake.worker(0).ends({ exitCode: null, error: new Error('spawn EAGAIN') });
    const error = await failureOf(fake.group.ready);
    expect(error.message).toMatch(/it could not be started\): spawn EAGAIN$/);
  });

  it('kills a worker that does not become ready in time, and fails', async () => {
    const fake = await FakeGroup.made({ readyTimeoutMs: 5_000 });
    fake.clock.advance(4_999);
    expect(fake.worker(0).killed).toBe(false);
    fake.clock.advance(1);
    expect(fake.worker(0).killed).toBe(true);
    fake.worker(0).says({ type: 'ready' }); // too late
    fake.worker(0).ends({ exitCode: 1 });
    const error = await failureOf(fake.group.ready);
    expect(error.cause).toBeInstanceOf(TimeoutError);
    expect(error.cause).toMatchObject({ timeoutMs: 5_000 });
    expect(fake.take()).toEqual(['started 0', 'exited 0', 'failed 0']);
  });

  it('fails if it is stopped immediately: no worker is started', async () => {
    const fake = new FakeGroup();
    const failure = failureOf(fake.group.ready);
    await stopped(fake);
    expect(await failure).toBeInstanceOf(WorkersStoppedError);
    expect(fake.spawned).toEqual([]);
  });

  it('fails if it is stopped meanwhile', async () => {
    const fake = await FakeGroup.made();
    const failure = failureOf(fake.group.ready);
    await stopped(fake);
    expect(await failure).toBeInstanceOf(WorkersStoppedError);
    expect(fake.spawned).toHaveLength(1);
  });
});

describe('a worker that ends without being asked', () => {
  it('is started again in its place, after a growing delay', async () => {
    const fake = await begun();
    fake.worker(0).ends({ exitCode: 1 });
    expect(fake.take()).toEqual(['exited 0', 'restarting 0 100']);
    fake.clock.advance(99);
    expect(fake.take()).toEqual([]);
    fake.clock.advance(1);
    expect(fake.take()).toEqual(['started 0']);
    fake.worker(2).ends({ exitCode: 1 });
    expect(fake.take()).toEqual(['exited 0', 'restarting 0 200', 'failed 0']);
    fake.clock.advance(200);
    fake.worker(3).says({ type: 'ready' });
    expect(fake.take()).toEqual(['started 0', 'ready 0']);
    await settled();
    expect(flushLoggedErrors(WorkerExitedError)).toHaveLength(1);
    expect(flushLoggedErrors(WorkerStartError)).toHaveLength(1);
    await stopped(fake);
  });

  it('starts with short delays again once it was healthy', async () => {
    const fake = await begun({ restart: { healthyAfterMs: 1_000 } });
    const waits = [
      [0, 999, 100],
      [2, 999, 200],
      [3, 1_000, 100],
    ] as const;
    for (const [nth, uptime, wait] of waits) {
      fake.worker(nth).says({ type: 'ready' });
      fake.take();
      fake.clock.advance(uptime);
      fake.worker(nth).ends();
      expect(fake.take()).toEqual(['exited 0', `restarting 0 ${wait}`]);
      fake.clock.advance(wait);
    }
    await stopped(fake);
  });

  it('is started again even if it ended cleanly, and nothing is reported', async () => {
    const fake = await begun();
    fake.worker(1).ends({ exitCode: 0 });
    expect(fake.take()).toEqual(['exited 1', 'restarting 1 100']);
    await stopped(fake);
    expect(fake.spawned).toHaveLength(2);
  });

  it('has its own delay: those of the others do not grow', async () => {
    const fake = await begun();
    fake.worker(0).ends();
    fake.worker(1).ends();
    expect(fake.take().filter((event) => event.startsWith('restarting'))).toEqual([
      'restarting 0 100',
      'restarting 1 100',
    ]);
    await stopped(fake);
  });

  it('is not started again if restart is false', async () => {
    const fake = await begun({ restart: false });
    fake.worker(0).ends();
    expect(fake.take()).toEqual(['exited 0']);
    fake.clock.advance(1e6);
    expect(fake.spawned).toHaveLength(2);
    await stopped(fake);
  });

  it('is reported with the error that it threw', async () => {
    const fake = await begun();
    const error = new Error('it broke');
    fake.worker(0).ends({ exitCode: 1, error });
    const [report] = flushLoggedErrors(WorkerExitedError);
    expect(report).toMatchObject({
      where: 'worker 0',
      error: { worker: 0, exitCode: 1, cause: error },
    });
    expect(String(report?.error)).toMatch(/: worker 0 ended \(exit code 1\): it broke$/);
    await stopped(fake);
  });

  it('is started again while the others are not ready yet', async () => {
    const fake = await FakeGroup.made();
    fake.worker(0).says({ type: 'ready' });
    await settled();
    fake.worker(0).ends();
    fake.clock.advance(100);
    expect(fake.worker(2).index).toBe(0);
    fake.worker(1).says({ type: 'ready' });
    await fake.group.ready;
    await stopped(fake);
  });
});

describe('stop', () => {
  it('asks all to end, with the deadline, and fires when they are gone', async () => {
    const fake = await begun({ drainMs: 700 });
    const done = fake.group.stop();
    expect(fake.take()).toEqual(['draining 0', 'draining 1']);
    for (const worker of fake.spawned.slice(0, 2)) {
      expect(worker.sent.at(-1)).toEqual({ type: 'drain', deadlineMs: 700 });
    }
    fake.worker(0).ends();
    await settled();
    expect(done.fired).toBe(false);
    fake.worker(1).ends();
    await done;
    expect(fake.take()).toEqual(['exited 0', 'exited 1']);
    fake.clock.advance(1e6);
    expect(fake.spawned).toHaveLength(2);
  });

  it('kills workers that are not gone some time after the deadline', async () => {
    expect(KILL_GRACE_MS).toBe(2_000);
    const fake = await begun({ drainMs: 700 });
    const done = fake.group.stop();
    fake.worker(0).ends();
    fake.clock.advance(2_699);
    expect(fake.worker(1).killed).toBe(false);
    fake.clock.advance(1);
    expect([fake.worker(0).killed, fake.worker(1).killed]).toEqual([false, true]);
    fake.worker(1).ends({ exitCode: 1 });
    await done;
  });

  it('can be called again with less time', async () => {
    const fake = await begun({ drainMs: 60_000 });
    const done = fake.group.stop();
    void fake.group.stop({ drainMs: 100 });
    expect(fake.worker(0).sent.at(-1)).toEqual({ type: 'drain', deadlineMs: 100 });
    fake.clock.advance(2_099);
    expect(fake.worker(0).killed).toBe(false);
    fake.clock.advance(1);
    expect(fake.worker(0).killed).toBe(true);
    await stopped(fake);
    await done;
    expect(() => fake.group.stop({ drainMs: -1 })).toThrow(RangeError);
  });

  it('is idempotent, and disposal is the same', async () => {
    const fake = await begun();
    const all = [fake.group.stop(), fake.group.stop(), fake.group[Symbol.asyncDispose]()];
    expect(fake.worker(0).asked).toEqual(['start', 'drain']);
    await stopped(fake);
    await Promise.all(all);
    await fake.group.stop();
  });

  it('cancels a restart', async () => {
    const fake = await begun();
    fake.worker(0).ends();
    const done = fake.group.stop();
    fake.clock.advance(1e6);
    fake.worker(1).ends();
    await done;
    expect(fake.spawned).toHaveLength(2);
  });

  it('reports an exception in a worker that was asked to end', async () => {
    const fake = await begun();
    const done = fake.group.stop();
    fake.worker(0).ends({ exitCode: 1, error: new Error('while closing') });
    fake.worker(1).ends();
    await done;
    expect(flushLoggedErrors(WorkerExitedError)).toMatchObject([{ where: 'worker 0' }]);
  });
});

describe('the events and reports of a group', () => {
  it('come after runWorkers has returned', async () => {
    const fake = new FakeGroup();
    expect(fake.events).toEqual([]);
    await settled();
    expect(fake.take()).toEqual(['started 0']);
    fake.group.ready.addErrback(() => {});
    await stopped(fake);
  });

  it('include the errors of its workers, with their index', async () => {
    const fake = await begun();
    const error = Object.assign(new Error('odd'), { name: 'OddError', code: 'ERR_ODD' });
    fake.worker(1).says({ type: 'problem', error: packError(error), where: 'dataReceived' });
    const [report] = flushLoggedErrors();
    expect(report).toMatchObject({
      where: 'worker 1: dataReceived',
      error: { name: 'OddError', code: 'ERR_ODD' },
    });
    await stopped(fake);
  });

  it('include errors of onEvent, which do not stop the group', async () => {
    const fake = await FakeGroup.made({
      onEvent: ({ type }) => {
        throw new Error(`at ${type}`);
      },
    });
    await fake.begin();
    await stopped(fake);
    const messages = flushLoggedErrors().map(({ where, error }) => `${where} ${error}`);
    expect(messages.filter((message) => message === 'onEvent Error: at ready')).toHaveLength(2);
  });
});

describe('an asynchronous onEvent', () => {
  it('is reported if it rejects, and does not stop the group', async () => {
    const fake = await FakeGroup.made({
      onEvent: async ({ type }) => {
        throw new Error(`at ${type}`);
      },
    });
    await fake.begin();
    await stopped(fake);
    const messages = flushLoggedErrors().map(({ where, error }) => `${where} ${error}`);
    expect(messages.filter((message) => message === 'onEvent Error: at ready')).toHaveLength(2);
  });
});

/** What a group of real workers does, of either kind: a file of tests for each, since starting takes time. */
import { describe, expect, it } from 'vitest';
import { canReusePort } from '../../src/reactor/node/net-handle.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerExitedError, type WorkerKind, WorkerStartError } from '../../src/workers/index.js';
import { LACKS, needs } from '../support/platform.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { echoed, RunningGroup, type RunningOptions } from './running-group.js';

async function startFailure(options: RunningOptions, program?: string): Promise<WorkerStartError> {
  await using running = new RunningGroup(options, program);
  try {
    await running.group.ready;
  } catch (error) {
    expect(error).toBeInstanceOf(WorkerStartError);
    expect(running.of('exited')).toHaveLength(running.of('started').length);
    return error as WorkerStartError;
  }
  return expect.unreachable('it started');
}

export function groupContract(kind: WorkerKind): void {
  describe(`workers that are ${kind}`, () => {
    it('share a port, and each gets connections', async () => {
      await using running = await RunningGroup.start({ kind });
      expect(running.group.addresses).toEqual([{ host: '127.0.0.1', port: expect.any(Number) }]);
      const ids = new Set<string>();
      const served = [0, 0];
      for (let i = 0; i < 60; i++) {
        const { worker, id, peer } = await running.visit();
        expect(peer.text).toContain(`/2 ${kind} `);
        ids.add(id);
        served[worker] = (served[worker] ?? 0) + 1;
      }
      expect(ids.size).toBe(2);
      expect(Math.min(...served)).toBeGreaterThan(5);
      const { counters, workers } = await running.group.metrics();
      expect(counters).toEqual({ starts: 2, connections: 60 });
      expect(workers.map((worker) => worker.counters.connections)).toEqual(served);
    });

    it('count, and the sums are available after the end', async () => {
      await using running = await RunningGroup.start({ kind });
      const peers = [await running.reach(0), await running.reach(1)];
      for (const peer of peers) await echoed(peer, 'x'.repeat(500));
      const during = await running.group.metrics();
      expect(during.statistics.connectionsOpen).toBe(2);
      expect(during.gauges).toEqual({ open: 2 });
      expect(during.workers.every(({ current }) => current)).toBe(true);
      for (const peer of peers) peer.end();
      for (const peer of peers) await peer.untilGone();
      await running.group.stop();
      const { statistics, counters, gauges, workers } = await running.group.metrics();
      expect(gauges).toEqual({});
      expect(statistics.connectionsAccepted).toBe(counters.connections);
      expect(statistics).toMatchObject({
        connectionsLost: statistics.connectionsAccepted,
        connectionsOpen: 0,
        bytesReceived: 1_000 + 3 * statistics.connectionsAccepted,
      });
      for (const worker of workers) expect(worker.statistics.bytesSent).toBeGreaterThan(500);
    });

    it('are started again when they exit; the other one serves meanwhile', async () => {
      await using running = await RunningGroup.start({ kind });
      const peer = await running.reach(0);
      const other = await running.reach(1);
      peer.write('exit');
      const exited = await running.event('exited');
      expect(exited).toMatchObject({ worker: 0, exitCode: 7, asked: false, killed: false });
      await peer.untilGone();
      await echoed(other, 'still here');
      await running.event('ready', 3);
      expect((await running.reach(0)).text).not.toBe(peer.text);
      expect(flushLoggedErrors(WorkerExitedError)).toMatchObject([{ error: { exitCode: 7 } }]);
    });

    it('are started again when their reactor was stopped', async () => {
      await using running = await RunningGroup.start({ kind, workers: 1 });
      (await running.reach(0)).write('end');
      expect(await running.event('exited')).toMatchObject({ exitCode: 0, asked: false });
      await running.event('ready', 2);
      await running.reach(0);
      expect((await running.group.metrics()).counters.starts).toBe(2);
    });

    it('let their connections end when the group is stopped', async () => {
      await using running = await RunningGroup.start({ kind });
      const peer = await running.reach(0);
      const stopped = running.group.stop();
      await running.event('exited'); // the other one had nothing to wait for
      await echoed(peer, 'when stopping', 'stopping');
      await expect(RawPeer.connect(running.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await echoed(peer, 'and still');
      expect(stopped.fired).toBe(false);
      peer.end();
      await stopped;
      for (const exited of running.of('exited')) {
        expect(exited).toMatchObject({ exitCode: 0, asked: true, killed: false });
      }
    });

    it('lose the connections that are open at the deadline', async () => {
      await using running = await RunningGroup.start({ kind, drainMs: 100 });
      const peer = await running.reach(0);
      const begun = performance.now();
      await running.group.stop();
      expect(performance.now() - begun).toBeGreaterThanOrEqual(99);
      await peer.untilGone();
      expect(running.of('exited').map(({ killed }) => killed)).toEqual([false, false]);
    });

    it('do not wait beyond the deadline for a stop function', async () => {
      await using running = await RunningGroup.start({
        kind,
        drainMs: 50,
        data: { stop: 'hangs' },
      });
      await running.group.stop();
      expect(running.of('exited').map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    });

    it('end even if the stop function throws, which is reported', async () => {
      await using running = await RunningGroup.start({ kind, data: { stop: 'throws' } });
      await running.group.stop();
      expect(running.of('exited').map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      const reports = flushLoggedErrors().map(({ where, error }) => `${where}: ${error}`);
      expect(reports.sort()).toEqual([
        'worker 0: the stop function: Error: no stop',
        'worker 1: the stop function: Error: no stop',
      ]);
    });

    it('are killed if they are too busy to respond', async () => {
      await using running = await RunningGroup.start({ kind, workers: 1, drainMs: 0 });
      await running.block(0);
      await running.group.stop();
      expect(running.of('exited')).toMatchObject([{ asked: true, killed: true }]);
    });

    it('have their errors reported in the parent', async () => {
      await using running = await RunningGroup.start({ kind });
      const peer = await running.reach(1);
      await echoed(peer, 'report', 'reported');
      await running.group.metrics(); // comes behind the report
      expect(flushLoggedErrors()).toMatchObject([
        {
          where: 'worker 1: the program',
          error: { name: 'RangeError', message: 'reported as told' },
        },
      ]);
    });

    it('are replaced under load: no connection is refused, and open ones continue', async () => {
      await using running = await RunningGroup.start({ kind });
      const old = [await running.reach(0), await running.reach(1)];
      let rolling = true;
      const failures: unknown[] = [];
      let served = 0;
      const knock = async (): Promise<void> => {
        while (rolling) {
          await using peer = RawPeer.start(running.port);
          peer.write('knock');
          await peer.until(() => peer.receivedBytes === 5 || peer.closed, 'echo');
          if (peer.receivedBytes === 5) served += 1;
          else failures.push(peer.error?.code);
        }
      };
      const knocking = knock();
      const done = running.group.restartAll();
      await running.event('ready', 4);
      for (const peer of old) await echoed(peer, 'still here');
      expect(done.fired).toBe(false);
      for (const peer of old) peer.end();
      await done;
      rolling = false;
      await knocking;
      // The system resets a connection that arrives between the last accept and the close of a listener.
      expect(failures.length).toBeLessThanOrEqual(old.length);
      expect(failures.filter((code) => code !== 'ECONNRESET')).toEqual([]);
      expect(served).toBeGreaterThan(10);
      const visits = [await running.reach(0), await running.reach(1)].map(({ text }) => text);
      expect(visits).not.toContain(old[0]?.text.split('\n')[0]);
      expect(running.of('exited')).toMatchObject([{ asked: true }, { asked: true }]);
    });
  });
}

export function startContract(kind: WorkerKind): void {
  describe(`the start of workers that are ${kind}`, () => {
    it('fails, and the report says why: the module throws', async () => {
      needs('sharedPorts');
      const error = await startFailure({ kind, data: { start: 'throws', badIndex: 1 } });
      expect(error).toMatchObject({
        worker: 1,
        cause: { message: 'no start', code: 'ERR_NO_START' },
      });
    });

    it('fails, and the report says why: exit code, time limit', async () => {
      const exited = await startFailure({ kind, workers: 1, data: { start: 'exits' } });
      expect(exited.cause).toMatchObject({ code: 'ERR_WORKER_EXITED', exitCode: 9 });
      const late = await startFailure({
        kind,
        workers: 1,
        data: { start: 'hangs' },
        readyTimeoutMs: 900,
      });
      expect(late.cause).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 900 });
    });

    it('fails, and the report says why: no module, no function', async () => {
      const missing = await startFailure({ kind }, 'nowhere');
      expect(missing.cause).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
      const none = await startFailure({ kind }, 'no-function');
      expect(none.cause).toMatchObject({ name: 'WorkerModuleError', code: 'ERR_WORKER_MODULE' });
    });

    it('fails, and the report says why: flags that Node does not know', async () => {
      const error = await startFailure({ kind, execArgv: ['--no-such-flag'] });
      expect(error.cause).toMatchObject({ name: 'WorkerExitedError' });
      const { exitCode, cause } = error.cause as WorkerExitedError;
      if (kind === 'threads') expect(cause).toMatchObject({ code: 'ERR_WORKER_INVALID_EXEC_ARGV' });
      else expect(exitCode).toBe(9);
    });

    it('fails for a port of another process, even a shared one', async () => {
      await using taken = await RawServer.listen();
      const error = await startFailure({ kind, data: { port: taken.port } });
      expect(error.cause).toMatchObject({ code: 'ERR_CANNOT_LISTEN', port: taken.port });
      await using sharing = await RunningGroup.start({ kind, workers: 1 });
      const shared = await startFailure({ kind, data: { port: sharing.port } });
      expect(shared.cause).toMatchObject({ cause: { code: 'EADDRINUSE' } });
    });

    it('is on the port that the module names', async () => {
      const port = await closedPort();
      await using running = await RunningGroup.start({ kind, data: { port } });
      expect(running.port).toBe(port);
      await running.reach(0);
      await running.reach(1);
    });

    it('is possible on the pure-JS reactor: one without sharing ports, several if Node can share them', async () => {
      const reactor = { kind: 'node' } as const;
      await using one = await RunningGroup.start({ kind, reactor, workers: 1 });
      await echoed(await one.reach(0), 'hello');
      if (canReusePort() && LACKS.sharedPorts === undefined) {
        await using two = await RunningGroup.start({ kind, reactor });
        await two.reach(1);
      } else {
        const error = await startFailure({ kind, reactor });
        expect(error.cause).toMatchObject({ code: 'ERR_UNSUPPORTED', feature: 'reusePort' });
      }
    });
  });
}

import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerExitedError, WorkerHungError } from '../../src/workers/index.js';
import { needs } from '../support/platform.js';
import { groupContract } from './group-contract.js';
import { echoed, RunningGroup } from './running-group.js';

groupContract('processes');

describe('worker processes', () => {
  it('are started again after a signal ended them', async () => {
    needs('signals');
    await using running = await RunningGroup.start({ kind: 'processes', workers: 1 });
    process.kill((await running.event('ready')).id, 'SIGKILL');
    expect(await running.event('exited')).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await running.event('ready', 2);
    expect(flushLoggedErrors(WorkerExitedError)).toMatchObject([{ error: { signal: 'SIGKILL' } }]);
  });

  it('are replaced if one is suspended', async () => {
    needs('signals');
    const hangTimeoutMs = 3_000;
    await using running = await RunningGroup.start({
      kind: 'processes',
      workers: 1,
      hangTimeoutMs,
    });
    const { id } = await running.event('ready');
    process.kill(id, 'SIGSTOP');
    expect(await running.event('hung')).toMatchObject({ worker: 0, id, silentMs: 3_000 });
    expect(await running.event('exited')).toMatchObject({ killed: true, asked: false });
    await running.event('ready', 2);
    await echoed(await running.reach(0), 'here again');
    expect((await running.group.metrics()).hangs).toBe(1);
    expect(flushLoggedErrors(WorkerHungError)).toMatchObject([{ error: { worker: 0 } }]);
  });

  it('leave signals of the terminal to the parent', async () => {
    needs('signals');
    await using running = await RunningGroup.start({ kind: 'processes', workers: 1 });
    const { id } = await running.event('ready');
    const peer = await running.reach(0);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(id, signal);
    for (let i = 0; i < 5; i++) await echoed(peer, 'still here');
    expect(running.of('exited')).toEqual([]);
  });
});

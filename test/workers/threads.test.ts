import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerExitedError, WorkerHungError } from '../../src/workers/index.js';
import { groupContract, startContract } from './group-contract.js';
import { echoed, RunningGroup } from './running-group.js';

groupContract('threads');
startContract('threads');

describe('worker threads', () => {
  it.each([
    ['throw', 'as told'],
    ['reject', 'rejected as told'],
  ])('are started again after they %s, and what it was is known', async (word, message) => {
    await using running = await RunningGroup.start({ kind: 'threads', workers: 1 });
    (await running.reach(0)).write(word);
    expect(await running.event('exited')).toMatchObject({ exitCode: 1, error: { message } });
    await running.event('ready', 2);
    expect(flushLoggedErrors(WorkerExitedError)).toMatchObject([{ error: { cause: { message } } }]);
  });

  it('are replaced if one is in an endless loop', async () => {
    const hangTimeoutMs = 3_000;
    await using running = await RunningGroup.start({ kind: 'threads', workers: 1, hangTimeoutMs });
    await running.block(0);
    expect(await running.event('hung')).toMatchObject({ worker: 0, silentMs: 3_000 });
    expect(await running.event('exited')).toMatchObject({ killed: true, asked: false });
    await running.event('ready', 2);
    await echoed(await running.reach(0), 'here again');
    expect((await running.group.metrics()).hangs).toBe(1);
    expect(flushLoggedErrors(WorkerHungError)).toMatchObject([{ error: { worker: 0 } }]);
  });
});

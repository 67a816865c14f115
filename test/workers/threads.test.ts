import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { WorkerExitedError } from '../../src/workers/index.js';
import { groupContract } from './group-contract.js';
import { RunningGroup } from './running-group.js';

groupContract('threads');

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
});

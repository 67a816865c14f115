import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CancelledError } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import {
  ThreadExitedError,
  type ThreadPool,
  ThreadPoolFullError,
  type ThreadPoolOptions,
  ThreadPoolStoppedError,
} from '../../src/threads/index.js';
import { latch, Pulse, within } from '../support/deadline.js';
import { functions, programUrl, startPool } from './started-thread.js';

function pool(options: ThreadPoolOptions = {}): ThreadPool {
  const started = startPool(options);
  onTestFinished(() => started.terminate());
  return started;
}

interface RunningCall {
  readonly cancel: () => void;
}

/** A call that runs until it is cancelled. */
async function runningCall(in_: ThreadPool, terminateAfterMs?: number): Promise<RunningCall> {
  const started = latch();
  const call = in_.call(functions, 'computeUntilCancelled', [], {
    ...(terminateAfterMs !== undefined && { terminateAfterMs }),
    functions: { started: () => started.open() },
  });
  call.addErrback((failure) => void failure.trap(CancelledError, ThreadExitedError));
  await within(started.promise, 'the start');
  return { cancel: () => call.cancel() };
}

describe('a pool of threads', () => {
  it('starts threads up to its maximum, and queues other calls in order', async () => {
    const two = pool({ maximum: 2 });
    expect(two.statistics()).toMatchObject({ threads: 0, busy: 0 });
    const calls = [1, 2, 3, 4, 5].map((n) => two.call(functions, 'add', [n, 0]));
    expect(two.statistics()).toMatchObject({ threads: 2, busy: 2, queued: 3 });
    expect(await within(Promise.all(calls), 'all')).toEqual([1, 2, 3, 4, 5]);
    expect(two.statistics()).toMatchObject({ threads: 2, busy: 0, queued: 0, succeeded: 5 });
    expect(two.statistics().waitedMs).toBeGreaterThan(0);
    expect(two.statistics().ranMs).toBeGreaterThan(0);
  });

  it('starts its minimum at once', () => {
    expect(pool({ minimum: 2, maximum: 3 }).statistics()).toMatchObject({ threads: 2, busy: 0 });
  });

  it('uses an idle thread before it starts another', async () => {
    const two = pool({ maximum: 2 });
    for (const n of [1, 2]) expect(await two.call(functions, 'add', [n, n])).toBe(n * 2);
    expect(two.statistics().threads).toBe(1);
  });

  it('refuses calls when the queue is full', async () => {
    const one = pool({ maximum: 1, maxQueued: 1 });
    const running = await runningCall(one);
    const queued = one.call(functions, 'add', [1, 1]);
    await expect(one.call(functions, 'add', [1, 1]).toPromise()).rejects.toThrow(
      ThreadPoolFullError,
    );
    running.cancel();
    expect(await within(queued, 'the queued call')).toBe(2);
    expect(one.statistics()).toMatchObject({ refused: 1, cancelled: 1, succeeded: 1 });
  });

  it('removes a cancelled call from the queue at once', async () => {
    const one = pool({ maximum: 1 });
    const running = await runningCall(one);
    const queued = one.call(functions, 'noted', ['queued']);
    queued.addErrback((failure) => void failure.trap(CancelledError));
    queued.cancel();
    expect(one.statistics()).toMatchObject({ queued: 0, cancelled: 1 });
    running.cancel();
    const order = await within(one.call(functions, 'noted', ['next']), 'the next call');
    expect(order).toEqual(['next began', 'next ended']);
  });

  it('replaces a thread that was terminated with its call', async () => {
    const one = pool({ maximum: 1 });
    const running = await runningCall(one, 0);
    const queued = one.call(functions, 'add', [1, 1]);
    running.cancel();
    expect(await within(queued, 'the queued call')).toBe(2);
    expect(one.statistics()).toMatchObject({ threads: 1, cancelled: 1, succeeded: 1 });
  });

  it('replaces a thread that ended, and fails only its call', async () => {
    const one = pool({ maximum: 1 });
    const crash = one.call(functions, 'crash', []);
    const queued = one.call(functions, 'add', [1, 1]);
    await expect(crash.toPromise()).rejects.toMatchObject({ cause: { message: 'crashed' } });
    expect(await within(queued, 'the queued call')).toBe(2);
    expect(one.statistics()).toMatchObject({ threads: 1, failed: 1, succeeded: 1 });
  });

  it('reports the end of an idle thread', async () => {
    const one = pool({ maximum: 1 });
    await one.call(functions, 'crashLater', []);
    expect(await within(ended(one), 'the end')).toBe(true);
    expect(flushLoggedErrors(ThreadExitedError)).toMatchObject([
      { error: { cause: { message: 'crashed later' } } },
    ]);
    expect(await one.call(functions, 'add', [1, 1])).toBe(2);
  });

  it('fails calls if no thread can be started', async () => {
    const one = pool({ maximum: 1, execArgv: ['--no-such-flag'] });
    for (const _call of [1, 2]) {
      const error = await one.call(functions, 'add', [1, 1]).toPromise().catch(String);
      expect(error).toContain('could not be started');
    }
    expect(one.statistics()).toMatchObject({ failed: 2, queued: 0 });
  });

  it('goes on after arguments that cannot be sent', async () => {
    const one = pool({ maximum: 1 });
    const first = one.call(programUrl('functions'), 'add', [() => {}]).toPromise();
    const second = one.call(programUrl('functions'), 'add', [1, 2]);
    await expect(first).rejects.toMatchObject({ code: 'ERR_THREAD_MESSAGE' });
    expect(await within(second, 'the second call')).toBe(3);
  });
});

/** Whether the pool has no thread any more: seen in a turn of the loop. */
async function ended(of: ThreadPool): Promise<boolean> {
  while (of.statistics().threads > 0) await new Promise((resolve) => setImmediate(resolve));
  return true;
}

describe('the size of a pool', () => {
  it('shrinks to its minimum when threads are idle', async () => {
    const three = pool({ minimum: 1, maximum: 3, idleTimeoutMs: 0 });
    await Promise.all([1, 2, 3].map((n) => three.call(functions, 'add', [n, n])));
    const pulse = new Pulse();
    const timer = setInterval(() => pulse.notify(), 1);
    onTestFinished(() => clearInterval(timer));
    await pulse.until(() => three.statistics().threads === 1, 'the surplus threads to end');
    expect(await three.call(functions, 'add', [1, 1])).toBe(2);
    expect(three.statistics().threads).toBe(1);
  });

  it('can be changed', async () => {
    const changing = pool({ maximum: 1 });
    const running = await runningCall(changing);
    const queued = [1, 2].map((n) => changing.call(functions, 'add', [n, 0]));
    changing.adjustSize(1, 2);
    expect(changing.statistics()).toMatchObject({ threads: 2, queued: 1 });
    expect(await within(Promise.all(queued), 'queued calls')).toEqual([1, 2]);
    changing.adjustSize(0, 1);
    expect(changing.statistics()).toMatchObject({ threads: 1, busy: 1 });
    running.cancel();
    expect(await within(changing.call(functions, 'add', [3, 0]), 'the next call')).toBe(3);
    expect(() => changing.adjustSize(3, 2)).toThrow('minimum must be a whole number from 0 to 2');
  });
});

describe('the end of a pool', () => {
  it('comes after all calls with stop', async () => {
    const one = pool({ maximum: 1 });
    const calls = ['a', 'b', 'c'].map((text) => one.call(functions, 'later', [text]));
    const stopped = one.stop();
    const late = one.call(functions, 'later', ['late']).toPromise();
    await expect(late).rejects.toThrow(ThreadPoolStoppedError);
    await within(stopped, 'the end');
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    expect(one.statistics().threads).toBe(0);
  });

  it('comes at once with terminate', async () => {
    const one = pool({ maximum: 1 });
    await runningCall(one);
    const queued = one.call(functions, 'add', [1, 1]).toPromise();
    const refused = expect(queued).rejects.toThrow(ThreadPoolStoppedError);
    await within(one.terminate(), 'the end');
    await refused;
  });

  it('comes after the time limit of stop', async () => {
    const one = pool({ maximum: 1 });
    await runningCall(one);
    await within(one.stop(1), 'the end');
    expect(one.statistics().threads).toBe(0);
  });
});

describe('callMultipleInThread', () => {
  it('calls functions one after another in one thread', async () => {
    const two = pool({ maximum: 2 });
    const told = vi.fn();
    const done = latch();
    const options = { functions: { told, done: () => done.open() } };
    two.callMultipleInThread([
      [functions, 'remember', ['a']],
      [functions, 'remember', ['b']],
      [functions, 'tellRemembered', [], options],
    ]);
    await within(done.promise, 'the last call');
    await within(two.stop(), 'the end of the call');
    expect(told).toHaveBeenCalledExactlyOnceWith(['a', 'b']);
    expect(two.statistics().succeeded).toBe(3);
  });

  it('ends at the first failure, which is reported', async () => {
    const one = pool({ maximum: 1 });
    one.callMultipleInThread([
      [functions, 'fail', ['type']],
      [functions, 'remember', ['never']],
    ]);
    await one.call(functions, 'add', [1, 1]);
    expect(flushLoggedErrors(TypeError)).toMatchObject([{ error: { message: 'outer' } }]);
    expect(one.statistics()).toMatchObject({ failed: 1, succeeded: 1 });
  });
});

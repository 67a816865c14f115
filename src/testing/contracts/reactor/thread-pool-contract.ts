/** The contract of the thread pool of {@link ReactorThreads}, as cases over fresh reactors. */
import assert from 'node:assert/strict';
import { ReactorDisposedError } from '../../../core/errors/reactor.js';
import type { Deferred } from '../../../defer/deferred.js';
import { deferToThread } from '../../../threads/defer-to-thread.js';
import { ThreadExitedError, ThreadPoolStoppedError } from '../../../threads/errors.js';
import type { ContractCase } from '../contract-case.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';

/** A module without a file. */
const MODULE = new URL(
  `data:text/javascript,${encodeURIComponent(`
    export const add = (a, b) => a + b;
    export const block = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  `)}`,
);

/**
 * The rules of the thread pool of a reactor that has one.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function threadPoolContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addThreadPoolCases(contract);
  return contract.cases;
}

/** The error of a Deferred, which is set when it fails. */
function failureOf(deferred: Deferred<unknown>): { value: unknown } {
  const failure: { value: unknown } = { value: undefined };
  deferred.addErrback(({ value }) => {
    failure.value = value;
  });
  return failure;
}

function addThreadPoolCases(contract: ReactorCases): void {
  contract.add('calls functions in other threads, without a run', async (scene) => {
    const { reactor } = scene;
    let sum: unknown;
    deferToThread(reactor, MODULE, 'add', [1, 2]).addCallback((result) => {
      sum = result;
    });
    await scene.until(() => sum !== undefined, 'the sum');
    assert.equal(sum, 3);
    assert.equal(reactor.getThreadPool(), reactor.getThreadPool());
  });

  contract.add('completes calls into threads before its run ends', async (scene) => {
    const { reactor } = scene;
    const events: string[] = [];
    reactor.suggestThreadPoolSize(1);
    reactor.callWhenRunning(() => {
      deferToThread(reactor, MODULE, 'block', [1]).addCallback(() => void events.push('first'));
      deferToThread(reactor, MODULE, 'add', [1, 2]).addCallback(() => void events.push('second'));
      reactor.stop();
    });
    await reactor.run({ installSignalHandlers: false });
    events.push('ended');
    assert.deepEqual(events, ['first', 'second', 'ended']);
  });

  contract.add('has another thread pool in its next run', async (scene) => {
    const { reactor } = scene;
    const first = reactor.getThreadPool();
    reactor.callWhenRunning(() => reactor.stop());
    await reactor.run({ installSignalHandlers: false });
    const failure = failureOf(first.call(MODULE, 'add', [1, 2]));
    assert.ok(failure.value instanceof ThreadPoolStoppedError);
    assert.notEqual(reactor.getThreadPool(), first);
  });

  contract.add('has as many threads as suggested, in all runs', async (scene) => {
    const { reactor } = scene;
    reactor.suggestThreadPoolSize(1);
    for (const _run of [1, 2]) {
      const pool = reactor.getThreadPool();
      const calls = [1, 2, 3].map((n) => pool.call(MODULE, 'add', [n, n]));
      assert.equal(pool.statistics().threads, 1);
      assert.deepEqual(await Promise.all(calls), [2, 4, 6]);
      reactor.callWhenRunning(() => reactor.stop());
      await reactor.run({ installSignalHandlers: false });
    }
    for (const wrong of [0, 1.5, '1']) {
      assert.throws(() => reactor.suggestThreadPoolSize(wrong as number));
    }
  });

  contract.add('ends its threads when it is disposed of', async (scene) => {
    const { reactor } = scene;
    const failure = failureOf(deferToThread(reactor, MODULE, 'block', [3_600_000]));
    await reactor[Symbol.asyncDispose]();
    assert.ok(failure.value instanceof ThreadExitedError);
    assert.throws(() => reactor.getThreadPool(), ReactorDisposedError);
  });
}

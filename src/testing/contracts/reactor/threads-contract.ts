/** The contract of {@link ReactorThreads}, as cases over fresh reactors. */
import assert from 'node:assert/strict';

import { InvalidArgumentTypeError } from '../../../core/errors/arguments.js';
import type { ContractCase } from '../contract-case.js';
import { ReactorCases } from './reactor-scene.js';
import type { MakeReactorStage } from './reactor-stage.js';

/**
 * The rules of calls from outside the reactor's turns.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 */
export function threadsContract(makeStage: MakeReactorStage): ContractCase[] {
  const contract = new ReactorCases(makeStage);
  addThreadCases(contract);
  return contract.cases;
}

function addThreadCases(contract: ReactorCases): void {
  contract.add('runs callFromThread ahead of delayed calls of the same turn', async (scene) => {
    const { reactor } = scene;
    const order: string[] = [];
    reactor.callLater(0, () => {
      reactor.callLater(0, () => void order.push('callLater'));
      reactor.callFromThread(() => void order.push('callFromThread'));
    });
    await scene.until(() => order.length === 2, 'both calls');
    assert.deepEqual(order, ['callFromThread', 'callLater']);
  });

  contract.add('keeps a callFromThread made inside another for the next turn', async (scene) => {
    const { reactor } = scene;
    const order: string[] = [];
    reactor.callFromThread(() => {
      order.push('first');
      reactor.callFromThread(() => void order.push('nested'));
    });
    reactor.callFromThread((...args) => void order.push(`second ${args}`), 'with', 'arguments');
    assert.deepEqual(order, []);
    await scene.until(() => order.length === 3, 'all calls');
    assert.deepEqual(order, ['first', 'second with,arguments', 'nested']);
  });

  contract.add('runs callFromThread made in a foreign callback', async (scene) => {
    const words: string[] = [];
    setImmediate(() => scene.reactor.callFromThread((word) => void words.push(word), 'woken'));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    await scene.until(() => words.length > 0, 'callFromThread');
    assert.deepEqual(words, ['woken']);
  });

  contract.add('reports errors of callFromThread and runs the others', async (scene) => {
    const error = new Error('from a thread');
    let called = false;
    scene.reactor.callFromThread(() => {
      throw error;
    });
    scene.reactor.callFromThread(() => {
      called = true;
    });
    await scene.until(() => called, 'the second call');
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  for (const callback of [undefined, null, 'f', {}]) {
    contract.add(`refuses ${typeof callback} ${callback} for callFromThread`, ({ reactor }) => {
      assert.throws(() => reactor.callFromThread(callback as never), InvalidArgumentTypeError);
    });
  }
}

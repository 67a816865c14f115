/** Cases of the life contract: running, stopping, crashing. */
import assert from 'node:assert/strict';
import { ConnectionLost } from '../../../core/errors/connection.js';
import {
  ReactorAlreadyRunningError,
  ReactorNotRunningError,
} from '../../../core/errors/reactor.js';
import type { ReactorCases } from './reactor-scene.js';

export function addRunningCases(contract: ReactorCases): void {
  addRunCases(contract);
  addCrashCases(contract);
  addWhenRunningCases(contract);
}

function addRunCases(contract: ReactorCases): void {
  contract.add('runs until stop has been carried out', async (scene) => {
    const { reactor } = scene;
    assert.equal(reactor.running, false);
    const { finished } = await scene.start();
    let settled = false;
    finished.then(() => {
      settled = true;
    });
    await scene.turns(3);
    assert.equal(settled, false);
    await scene.stop(finished);
    assert.equal(reactor.running, false);
  });

  contract.add('refuses to run twice at a time', async (scene) => {
    const { finished } = await scene.start();
    await assert.rejects(async () => scene.reactor.run(), ReactorAlreadyRunningError);
    assert.equal(scene.reactor.running, true);
    await scene.stop(finished);
  });

  contract.add('refuses to run while it shuts down', async (scene) => {
    const { finished } = await scene.start();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    scene.reactor.addSystemEventTrigger('before', 'shutdown', () => gate);
    scene.reactor.stop();
    await scene.turns(2);
    await assert.rejects(async () => scene.reactor.run(), ReactorAlreadyRunningError);
    open();
    await scene.answerOf(finished, 'run to settle');
  });

  contract.add('runs again after stop, and everything works', async (scene) => {
    for (let round = 0; round < 3; round++) {
      const { finished } = await scene.start();
      const { client, server, listening } = await scene.pair();
      client.call('write', 'again');
      await scene.until(() => server.text === 'again', 'data');
      await scene.stop(finished);
      assert.equal(listening.listening, false);
      assert(server.reason instanceof ConnectionLost);
    }
  });

  for (const method of ['stop', 'crash'] as const) {
    contract.add(`refuses ${method} while it does not run`, async (scene) => {
      assert.throws(() => scene.reactor[method](), ReactorNotRunningError);
      const { finished } = await scene.start();
      await scene.stop(finished);
      assert.throws(() => scene.reactor[method](), ReactorNotRunningError);
    });
  }

  contract.add('sockets and delayed calls work before it runs', async (scene) => {
    const { client, server } = await scene.pair();
    client.call('write', 'early');
    await scene.until(() => server.text === 'early', 'data');
    await scene.turns(1);
    assert.equal(scene.reactor.running, false);
  });

  contract.add('stops if stop is called during startup', async (scene) => {
    scene.reactor.callWhenRunning(() => scene.reactor.stop());
    await scene.answerOf(scene.reactor.run({ installSignalHandlers: false }), 'run to settle');
    assert.equal(scene.reactor.running, false);
  });
}

function addCrashCases(contract: ReactorCases): void {
  contract.add('crash ends run without shutdown, and leaves sockets and calls', async (scene) => {
    const { reactor } = scene;
    const fired: string[] = [];
    reactor.addSystemEventTrigger('before', 'shutdown', () => void fired.push('shutdown'));
    const { finished } = await scene.start();
    const { client, server, listening } = await scene.pair();
    const call = reactor.callLater(3, () => void fired.push('delayed call'));
    call.whenDropped(() => void fired.push('dropped'));
    reactor.crash();
    await scene.answerOf(finished, 'run to settle');
    assert.equal(reactor.running, false);
    assert.equal(listening.listening, true);
    client.call('write', 'still here');
    await scene.until(() => server.text === 'still here' && fired.length > 0, 'data and call');
    assert.deepEqual(fired, ['delayed call']);
  });

  contract.add('runs again after crash', async (scene) => {
    const first = await scene.start();
    scene.reactor.crash();
    await scene.answerOf(first.finished, 'run to settle');
    const second = await scene.start();
    await scene.stop(second.finished);
  });
}

function addWhenRunningCases(contract: ReactorCases): void {
  contract.add('callWhenRunning calls after startup, in order', async (scene) => {
    const { reactor } = scene;
    const calls: unknown[] = [];
    reactor.callWhenRunning((...args) => void calls.push([reactor.running, ...args]), 1, 2);
    reactor.callWhenRunning(() => void calls.push('second'));
    await scene.turns(2);
    assert.deepEqual(calls, []);
    const { finished } = await scene.start();
    await scene.until(() => calls.length === 2, 'both calls');
    assert.deepEqual(calls, [[true, 1, 2], 'second']);
    await scene.stop(finished);
  });

  contract.add('callWhenRunning calls at once while it runs', async (scene) => {
    const { finished } = await scene.start();
    const calls: unknown[] = [];
    scene.reactor.callWhenRunning((word) => void calls.push(word), 'now');
    assert.deepEqual(calls, ['now']);
    await scene.stop(finished);
  });
}

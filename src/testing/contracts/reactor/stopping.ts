/** Cases of the reactor contract: calls that a stop refuses, callbacks before `run` settles, and crashes in between. */
import assert from 'node:assert/strict';

import { ReactorStoppingError } from '../../../core/errors/reactor.js';
import { Deferred } from '../../../defer/deferred.js';
import { deferLater } from '../../../task/defer-later.js';
import type { ReactorCases } from './reactor-scene.js';

export function addStoppingCases(contract: ReactorCases): void {
  addRefusalCases(contract);
  addLastCallbackCases(contract);
  addCrashedStopCases(contract);
}

function addRefusalCases(contract: ReactorCases): void {
  for (const phase of ['during', 'after'] as const) {
    contract.add(`opens nothing new in triggers ${phase} shutdown`, async (scene) => {
      const { reactor, host } = scene;
      const { finished } = await scene.start();
      const factory = scene.recorders();
      const refused: unknown[] = [];
      const attempts = [() => scene.listen(factory), () => reactor.connectTCP(host, 9, factory)];
      reactor.addSystemEventTrigger(phase, 'shutdown', () => {
        for (const attempt of attempts) {
          assert.throws(attempt, (error) => refused.push(error) > 0);
        }
      });
      await scene.stop(finished);
      assert.equal(refused.length, attempts.length);
      assert(refused.every((error) => error instanceof ReactorStoppingError));
      assert.deepEqual(factory.log, []);
    });
  }

  contract.add('listens and connects in triggers before shutdown', async (scene) => {
    const { finished } = await scene.start();
    const server = scene.recorders();
    scene.reactor.addSystemEventTrigger('before', 'shutdown', () => {
      scene.connect(scene.listen(server).getHost().port);
      return scene.until(() => server.built.length === 1, 'a connection');
    });
    await scene.stop(finished);
    assert.equal(server.built[0]?.lostCount, 1);
  });

  contract.add('stops even if a client connects again whenever it fails', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    reactor.installNameResolver({ resolveHostName: () => new Deferred(() => {}) });
    const factory = scene.recorders();
    factory.hooks = { clientConnectionFailed: (connector) => connector.connect() };
    reactor.connectTCP('pending.invalid', 9, factory);
    await scene.turns(2);
    await scene.stop(finished);
    assert.deepEqual(factory.log.slice(-3), [
      'clientConnectionFailed ConnectingCancelledError',
      'doStop',
      'stopFactory',
    ]);
    assert.equal(factory.count('clientConnectionFailed'), 1);
  });

  contract.add('stops even if a client connects again whenever it is lost', async (scene) => {
    const { finished } = await scene.start();
    const { clientFactory } = await scene.pair();
    clientFactory.hooks = { clientConnectionLost: (connector) => connector.connect() };
    await scene.stop(finished);
    await scene.turns(3);
    assert.equal(clientFactory.count('startedConnecting'), 1);
    assert.equal(clientFactory.users, 0);
  });
}

function addLastCallbackCases(contract: ReactorCases): void {
  contract.add('makes all callbacks of a run before run settles', async (scene) => {
    const { finished } = await scene.start();
    const { client, server, serverFactory, listening } = await scene.pair();
    let stopped = false;
    const seen = finished.then(() => [
      client.reason?.name,
      server.lostCount,
      serverFactory.log.at(-1),
      stopped,
    ]);
    scene.reactor.addSystemEventTrigger('before', 'shutdown', () => {
      client.call('abortConnection');
    });
    scene.reactor.addSystemEventTrigger('after', 'shutdown', () => {
      listening.stopListening().addCallback(() => {
        stopped = true;
      });
    });
    scene.reactor.stop();
    const atEnd = await scene.answerOf(seen, 'run to settle');
    assert.deepEqual(atEnd, ['ConnectionAborted', 1, 'stopFactory', true]);
    const log = [...serverFactory.log, ...client.log];
    await scene.turns(3);
    assert.deepEqual([...serverFactory.log, ...client.log], log);
  });

  contract.add('a connection closed before the stop is lost with ConnectionDone', async (scene) => {
    const { finished } = await scene.start();
    const { client } = await scene.pair();
    client.call('write', 'last words');
    client.call('loseConnection');
    await scene.stop(finished);
    assert.equal(client.reason?.name, 'ConnectionDone');
  });

  contract.add(
    'stops when shutdown is fired, and fireSystemEvent settles after run has ended',
    async (scene) => {
      const { reactor } = scene;
      const { finished } = await scene.start();
      const { listening } = await scene.pair();
      await scene.answerOf(reactor.fireSystemEvent('shutdown'), 'the event');
      assert.deepEqual([reactor.running, listening.listening], [false, false]);
      await scene.answerOf(finished, 'run to settle');
    },
  );

  contract.add('drops the delayed calls that are made while others are dropped', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    const again = (): void => reactor.callLater(60_000, () => {}).whenDropped(again);
    again();
    await scene.stop(finished);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  contract.add('does not report callbacks that waited for a delayed call', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    const ends: string[] = [];
    const wait = async (): Promise<void> => {
      try {
        await deferLater(reactor, 60_000);
      } catch (error) {
        ends.push((error as Error).name);
        throw error;
      }
    };
    const { client, server } = await scene.pair();
    server.hooks = { dataReceived: wait };
    client.call('write', 'a request');
    reactor.callLater(0, wait);
    reactor.addSystemEventTrigger('during', 'shutdown', wait);
    await scene.until(() => server.text === 'a request', 'the request');
    await scene.until(() => reactor.getDelayedCalls().length === 2, 'two callbacks that wait');
    await scene.stop(finished);
    assert.deepEqual(ends, Array(3).fill('ReactorStoppedError'));
    assert.deepEqual(scene.takeErrors(), []);
  });
}

function addCrashedStopCases(contract: ReactorCases): void {
  contract.add('is not disturbed by a trigger of a stop that crashed', async (scene) => {
    const { reactor } = scene;
    const first = await scene.start();
    const slow = new Deferred<void>();
    reactor.addSystemEventTrigger('before', 'shutdown', () => slow);
    reactor.stop();
    await scene.turns(2);
    reactor.crash();
    await scene.answerOf(first.finished, 'the first run to settle');
    const second = await scene.start();
    const listening = scene.listen();
    slow.callback();
    await scene.turns(3);
    assert.deepEqual([reactor.running, listening.listening], [true, true]);
    await scene.stop(second.finished);
    assert.equal(listening.listening, false);
  });

  contract.add(
    'leaves the connections open when a callback of the stop crashes it',
    async (scene) => {
      const { reactor } = scene;
      const { finished } = await scene.start();
      const { client, listening } = await scene.pair();
      reactor.installNameResolver({ resolveHostName: () => new Deferred(() => {}) });
      const factory = scene.recorders();
      factory.hooks = { clientConnectionFailed: () => reactor.crash() };
      reactor.connectTCP('pending.invalid', 9, factory);
      await scene.turns(2);
      await scene.stop(finished);
      assert.deepEqual([listening.listening, client.lostCount], [false, 0]);
      const { finished: again } = await scene.start();
      client.call('write', 'still open');
      await scene.turns(2);
      assert.equal(client.lostCount, 0);
      await scene.stop(again);
      assert.equal(client.lostCount, 1);
    },
  );

  contract.add('does not begin to run when a trigger of a crashed run ends', async (scene) => {
    const { reactor } = scene;
    const slow = new Deferred<void>();
    reactor.addSystemEventTrigger('before', 'startup', () => slow);
    const finished = reactor.run({ installSignalHandlers: false });
    await scene.turns(1);
    reactor.crash();
    await scene.answerOf(finished, 'run to settle');
    slow.callback();
    await scene.turns(2);
    assert.equal(reactor.running, false);
    const { finished: again } = await scene.start();
    await scene.stop(again);
  });
}

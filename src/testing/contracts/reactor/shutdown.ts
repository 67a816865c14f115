/** Cases of the life contract: the effects of shutdown and disposal on ports, connections and calls. */
import assert from 'node:assert/strict';

import { ConnectionLost } from '../../../core/errors/connection.js';
import { ReactorDisposedError } from '../../../core/errors/reactor.js';
import type { ReactorCases } from './reactor-scene.js';

export function addShutdownCases(contract: ReactorCases): void {
  addStopCases(contract);
  addDisposalCases(contract);
  addAfterDisposalCases(contract);
}

function addStopCases(contract: ReactorCases): void {
  contract.add('connections are open before shutdown, and lost after it', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    const { client, server, listening } = await scene.pair();
    const seen: unknown[] = [];
    reactor.addSystemEventTrigger('before', 'shutdown', () => {
      seen.push([client.connected, server.connected, listening.listening]);
    });
    reactor.addSystemEventTrigger('after', 'shutdown', () => {
      seen.push([client.reason?.name, server.reason?.name, listening.listening]);
    });
    await scene.stop(finished);
    assert.deepEqual(seen, [
      [true, true, true],
      ['ConnectionLost', 'ConnectionLost', false],
    ]);
    assert.deepEqual([client.lostCount, server.lostCount], [1, 1]);
  });

  contract.add('calls client factories at shutdown, and stops every factory', async (scene) => {
    const { finished } = await scene.start();
    const { clientFactory } = await scene.pair();
    const serverFactory = scene.recorders();
    scene.listen(serverFactory);
    await scene.stop(finished);
    await scene.turns(1);
    const last = clientFactory.log.slice(-3);
    assert.deepEqual(last, ['clientConnectionLost ConnectionLost', 'doStop', 'stopFactory']);
    assert.equal(serverFactory.users, 0);
    assert.equal(serverFactory.log.at(-1), 'stopFactory');
  });

  contract.add('drops delayed calls at shutdown', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    let stopped = false;
    let calledLate = false;
    reactor.callLater(4, () => {
      // On a machine that stalls, it is due before the shutdown.
      calledLate = stopped;
    });
    let dropped = 0;
    for (const delay of [60_000, 70_000])
      reactor.callLater(delay, () => {}).whenDropped(() => void dropped++);
    const droppedAtEnd = finished.then(() => dropped);
    await scene.stop(finished);
    stopped = true;
    assert.equal(await droppedAtEnd, 2, 'callbacks of whenDropped before run settles');
    assert.deepEqual(reactor.getDelayedCalls(), []);
    let passed = false;
    reactor.callLater(8, () => {
      passed = true;
    });
    await scene.until(() => passed, '8 ms');
    assert.equal(calledLate, false);
  });

  contract.add('carries out writes and closes of triggers before shutdown', async (scene) => {
    const { finished } = await scene.start();
    const { client, server } = await scene.pair();
    scene.reactor.addSystemEventTrigger('before', 'shutdown', () => {
      server.call('write', 'goodbye');
      server.call('loseConnection');
      const both = (): boolean => client.lostCount + server.lostCount === 2;
      return scene.until(both, 'connectionLost at both ends');
    });
    await scene.stop(finished);
    assert.equal(server.reason?.name, 'ConnectionDone');
    assert.equal(client.text, 'goodbye');
  });

  contract.add(
    'survives throws in connectionLost and loses the other connections',
    async (scene) => {
      const { finished } = await scene.start();
      const errors: Error[] = [];
      const factory = scene.recorders({
        connectionLost() {
          const error = new Error('at the end');
          errors.push(error);
          throw error;
        },
      });
      const { port } = scene.listen(factory).getHost();
      for (let i = 0; i < 3; i++) scene.connect(port);
      await scene.until(() => factory.built.length === 3, 'three connections');
      await scene.stop(finished);
      const counts = factory.built.map(({ lostCount }) => lostCount);
      assert.deepEqual(counts, [1, 1, 1]);
      assert.deepEqual(scene.takeErrors(), errors);
    },
  );
}

function addDisposalCases(contract: ReactorCases): void {
  contract.add('closes ports and loses connections on disposal', async (scene) => {
    const { client, server, listening, clientFactory } = await scene.pair();
    await scene.answerOf(scene.reactor[Symbol.asyncDispose](), 'disposal');
    assert(client.reason instanceof ConnectionLost);
    assert(server.reason instanceof ConnectionLost);
    assert.equal(listening.listening, false);
    assert.equal(clientFactory.users, 0);
  });

  contract.add('disposal stops a running reactor, with its triggers', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    const phases: string[] = [];
    reactor.addSystemEventTrigger('before', 'shutdown', () => void phases.push('before'));
    reactor.addSystemEventTrigger('after', 'shutdown', () => void phases.push('after'));
    await scene.answerOf(reactor[Symbol.asyncDispose](), 'disposal');
    await scene.answerOf(finished, 'run to settle');
    assert.deepEqual(phases, ['before', 'after']);
    assert.equal(reactor.running, false);
  });

  contract.add('disposal drops delayed calls, and calls whenDropped', async (scene) => {
    const { reactor } = scene;
    let dropped = 0;
    const call = reactor.callLater(60_000, () => {});
    call.whenDropped(() => void dropped++);
    await scene.answerOf(reactor[Symbol.asyncDispose](), 'disposal');
    assert.deepEqual([dropped, call.active()], [1, false]);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  contract.add('may be disposed of twice, also at the same time', async (scene) => {
    const { reactor } = scene;
    const both = [reactor[Symbol.asyncDispose](), reactor[Symbol.asyncDispose]()];
    await scene.answerOf(Promise.all(both), 'disposal');
    await scene.answerOf(reactor[Symbol.asyncDispose](), 'a third disposal');
  });

  contract.add('may be disposed of inside a callback', async (scene) => {
    let disposed = false;
    const dispose = async (): Promise<void> => {
      await scene.reactor[Symbol.asyncDispose]();
      disposed = true;
    };
    const { client, server } = await scene.pair({}, { dataReceived: () => void dispose() });
    client.call('write', 'x');
    await scene.until(() => disposed, 'disposal');
    assert.deepEqual([client.lostCount, server.lostCount], [1, 1]);
  });
}

function addAfterDisposalCases(contract: ReactorCases): void {
  contract.add('refuses to make anything new after disposal', async (scene) => {
    const { reactor, host } = scene;
    await scene.answerOf(reactor[Symbol.asyncDispose](), 'disposal');
    const factory = scene.recorders();
    assert.throws(() => scene.listen(factory), ReactorDisposedError);
    assert.throws(() => reactor.connectTCP(host, 9, factory), ReactorDisposedError);
    assert.throws(() => reactor.callLater(0, () => {}), ReactorDisposedError);
    await assert.rejects(async () => reactor.run(), ReactorDisposedError);
    assert.equal(factory.users, 0);
  });

  contract.add('transports, ports and connectors may still be called afterwards', async (scene) => {
    const { client, server, listening, connector } = await scene.pair();
    const ports = (): string[] => [
      String(client.transport.getHost()),
      String(server.transport.getPeer()),
    ];
    const before = ports();
    await scene.answerOf(scene.reactor[Symbol.asyncDispose](), 'disposal');
    for (const end of [client, server]) {
      end.call('write', 'x');
      end.call('pauseProducing');
      end.call('resumeProducing');
      end.call('loseConnection');
      end.call('abortConnection');
      assert.equal(end.transport.bufferedBytes, 0);
    }
    assert.deepEqual(ports(), before);
    await scene.answerOf(listening.stopListening(), 'stopListening');
    connector.disconnect();
    assert.equal(connector.state, 'disconnected');
    assert.deepEqual([client.lostCount, server.lostCount], [1, 1]);
  });
}

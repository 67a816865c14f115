/** Cases of the TCP contract: listening ports, and the calls of their factories. */
import assert from 'node:assert/strict';
import { ConnectionRefusedError } from '../../../core/errors/connecting.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import { Protocol } from '../../../core/protocol.js';
import type { ReactorCases } from './reactor-scene.js';
import { RecordingFactory } from './recording-factory.js';

export function addListeningCases(contract: ReactorCases): void {
  addListenCases(contract);
  addStopListeningCases(contract);
  addServerFactoryCases(contract);
}

function addListenCases(contract: ReactorCases): void {
  contract.add('listens at once, on a port that is chosen for 0', (scene) => {
    const listening = scene.listen();
    assert.equal(listening.listening, true);
    assert.equal(listening.getHost().host, scene.host);
    assert(listening.getHost().port > 0);
  });

  contract.add('throws at once for a port in use, and does not call the factory', (scene) => {
    const { port } = scene.listen().getHost();
    const factory = scene.recorders();
    assert.throws(
      () => scene.reactor.listenTCP(port, factory, { interface: scene.host }),
      (error) => error instanceof CannotListenError && error.port === port,
    );
    assert.deepEqual(factory.log, []);
  });

  contract.add('accepts a Protocol class and functions as factories', async (scene) => {
    class Greeter extends Protocol {
      override connectionMade(): void {
        this.transport.write('class');
      }
    }
    const options = { interface: scene.host };
    const ports = [
      scene.reactor.listenTCP(0, Greeter, options),
      scene.reactor.listenTCP(0, () => ({ connectionMade: (to) => to.write('plain') }), options),
      scene.reactor.listenTCP(0, () => new Greeter(), options),
    ];
    const factory = scene.recorders();
    for (const listening of ports) scene.connect(listening.getHost().port, factory);
    const said = (): string[] => factory.built.map(({ text }) => text).sort();
    await scene.until(() => said().join('').length === 15, 'three greetings');
    assert.deepEqual(said(), ['class', 'class', 'plain']);
  });
}

function addStopListeningCases(contract: ReactorCases): void {
  contract.add('accepts no more after stopListening; connections stay open', async (scene) => {
    const { client, server, listening } = await scene.pair();
    const { port } = listening.getHost();
    await scene.answerOf(listening.stopListening(), 'stopListening');
    assert.equal(listening.listening, false);
    assert.equal(listening.getHost().port, port);
    const factory = scene.recorders();
    scene.connect(port, factory);
    await scene.until(() => factory.reasons.length > 0, 'a refusal');
    assert(factory.reasons[0] instanceof ConnectionRefusedError);
    client.call('write', 'still');
    await scene.until(() => server.text === 'still', 'data');
  });

  contract.add('stopListening settles in a later turn, after doStop', async (scene) => {
    const factory = scene.recorders();
    const listening = scene.listen(factory);
    const stopped = listening.stopListening();
    assert.deepEqual(factory.log, ['doStart', 'startFactory']);
    await scene.answerOf(stopped, 'stopListening');
    assert.deepEqual(factory.log, ['doStart', 'startFactory', 'doStop', 'stopFactory']);
  });

  contract.add('stopListening settles for a port that does not listen', async (scene) => {
    const factory = scene.recorders();
    const listening = scene.listen(factory);
    const both = Promise.all([listening.stopListening(), listening.stopListening()]);
    await scene.answerOf(both, 'both answers');
    await scene.answerOf(listening.stopListening(), 'a third answer');
    assert.equal(factory.count('doStop'), 1);
  });

  contract.add('stops a factory once, however many ports share it', async (scene) => {
    const factory = scene.recorders();
    const ports = [1, 2, 3].map(() => scene.listen(factory));
    assert.equal(factory.users, 3);
    for (const port of ports) await scene.answerOf(port.stopListening(), 'stopListening');
    assert.deepEqual([factory.count('startFactory'), factory.count('stopFactory')], [1, 1]);
    assert.equal(factory.users, 0);
  });
}

function addServerFactoryCases(contract: ReactorCases): void {
  contract.add('closes a connection for which the factory has no protocol', async (scene) => {
    const { port } = scene.listen(new RecordingFactory<never>(() => null)).getHost();
    const factory = scene.recorders();
    for (let i = 0; i < 2; i++) scene.connect(port, factory);
    await scene.until(() => factory.count('client') === 2, 'the ends');
    await scene.settle();
    assert.equal(scene.reactor.statistics().connectionsOpen, 0);
  });

  contract.add('reports errors of buildProtocol; the port keeps listening', async (scene) => {
    const error = new Error('no protocol today');
    const good = scene.recorders();
    let count = 0;
    const factory = new RecordingFactory((address) => {
      count += 1;
      if (count === 1) throw error;
      return good.buildProtocol(address);
    });
    const { port } = scene.listen(factory).getHost();
    const client = scene.recorders();
    scene.connect(port, client);
    await scene.until(() => client.count('client') === 1, 'the end');
    assert.deepEqual(scene.takeErrors(), [error]);
    scene.connect(port);
    await scene.until(() => good.built[0]?.opened === true, 'a connection');
  });
}

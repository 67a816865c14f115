/** Cases of the UNIX contract: listening ports, and the calls of their factories. */
import assert from 'node:assert/strict';

import { UNIXAddress } from '../../../core/address.js';
import { InvalidArgumentValueError } from '../../../core/errors/arguments.js';
import { ConnectionRefusedError } from '../../../core/errors/connecting.js';
import { CannotListenError } from '../../../core/errors/listening.js';
import { RecordingFactory } from '../reactor/recording-factory.js';
import type { UNIXCases } from './unix-scene.js';

const NOT_PATHS: readonly (readonly [what: string, path: string])[] = [
  ['that is empty', ''],
  ['that is a NUL alone', '\0'],
  ['with a NUL inside', '/tmp/a\0b'],
  ['that is an abstract name with another NUL', '\0a\0b'],
  ['that is too long', `/tmp/${'x'.repeat(300)}`],
  ['that is too long in bytes', `/tmp/${'ü'.repeat(130)}`],
  ['that is an abstract name and too long', `\0${'x'.repeat(108)}`],
];

export function addUNIXListeningCases(contract: UNIXCases): void {
  addListenCases(contract);
  addStopListeningCases(contract);
  addServerFactoryCases(contract);
}

function addListenCases(contract: UNIXCases): void {
  contract.add('listens at once, at the requested path', async (scene) => {
    const path = scene.path();
    const factory = scene.recorders();
    const listening = scene.listenAt(path, factory);
    assert.equal(listening.listening, true);
    assert.deepEqual(listening.getHost(), new UNIXAddress(path));
    assert.deepEqual(factory.log, ['doStart', 'startFactory']);
    await scene.reaches(path);
  });

  contract.add('throws at once for a path in use, and does not call the factory', async (scene) => {
    const path = scene.path();
    scene.listenAt(path);
    const factory = scene.recorders();
    assert.throws(
      () => scene.listenAt(path, factory),
      (error) => error instanceof CannotListenError && error.path === path,
    );
    assert.deepEqual(factory.log, []);
    await scene.reaches(path);
  });

  for (const [what, path] of NOT_PATHS) {
    contract.add(`refuses a path ${what}`, (scene) => {
      const factory = scene.recorders();
      assert.throws(() => scene.listenAt(path, factory), InvalidArgumentValueError);
      assert.throws(() => scene.connectTo(path, factory), InvalidArgumentValueError);
      assert.deepEqual(factory.log, []);
    });
  }
}

function addStopListeningCases(contract: UNIXCases): void {
  contract.add('accepts no more after stopListening; connections stay open', async (scene) => {
    const { client, server, path, listening } = await scene.unixPair();
    await scene.answerOf(listening.stopListening(), 'stopListening');
    assert.equal(listening.listening, false);
    assert.deepEqual(listening.getHost(), new UNIXAddress(path));
    const { reasons } = await scene.attempt(path);
    assert(reasons[0] instanceof ConnectionRefusedError);
    client.call('write', 'still');
    await scene.until(() => server.text === 'still', 'data');
  });

  contract.add('stopListening settles in a later turn, after doStop', async (scene) => {
    const factory = scene.recorders();
    const stopped = scene.listenAt(scene.path(), factory).stopListening();
    assert.deepEqual(factory.log, ['doStart', 'startFactory']);
    await scene.answerOf(stopped, 'stopListening');
    assert.deepEqual(factory.log, ['doStart', 'startFactory', 'doStop', 'stopFactory']);
  });

  contract.add('frees its path when it stops, and can listen there again', async (scene) => {
    const path = scene.path();
    const first = scene.listenAt(path);
    await scene.answerOf(first.stopListening(), 'stopListening');
    const second = scene.listenAt(path);
    assert.throws(() => first.startListening(), CannotListenError);
    await scene.answerOf(second.stopListening(), 'stopListening');
    for (let round = 0; round < 2; round++) {
      first.startListening();
      await scene.reaches(path);
      await scene.answerOf(first.stopListening(), 'stopListening');
    }
  });

  contract.add('closes ports and connections, and frees paths, when it stops', async (scene) => {
    const { finished } = await scene.start();
    const { client, server, path, listening } = await scene.unixPair();
    await scene.stop(finished);
    assert.deepEqual([client.lostCount, server.lostCount, listening.listening], [1, 1, false]);
    scene.listenAt(path);
    await scene.reaches(path);
  });
}

function addServerFactoryCases(contract: UNIXCases): void {
  contract.add('closes a connection for which the factory has no protocol', async (scene) => {
    const path = scene.path();
    scene.listenAt(path, new RecordingFactory<never>(() => null));
    const factory = scene.recorders();
    scene.connectTo(path, factory);
    await scene.until(() => factory.count('client') === 1, 'the end');
    await scene.settle();
    assert.equal(scene.reactor.statistics().connectionsOpen, 0);
  });

  contract.add('reports errors of buildProtocol; the port keeps listening', async (scene) => {
    const path = scene.path();
    const error = new Error('no protocol today');
    const good = scene.recorders();
    let count = 0;
    const failing = new RecordingFactory((address) => {
      count += 1;
      if (count === 1) throw error;
      return good.buildProtocol(address);
    });
    scene.listenAt(path, failing);
    const client = scene.recorders();
    scene.connectTo(path, client);
    await scene.until(() => client.count('client') === 1, 'the end');
    assert.deepEqual(scene.takeErrors(), [error]);
    scene.connectTo(path);
    await scene.until(() => good.built[0]?.opened === true, 'a connection');
  });
}

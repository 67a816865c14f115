/**
 * Cases of the transport contract: actions of protocols inside their callbacks, and their exceptions. The
 * recording protocol itself checks that no callback is made from inside a call.
 */
import assert from 'node:assert/strict';

import { RemoteProtocolError } from '../../../core/errors/base.js';
import { Deferred } from '../../../defer/deferred.js';
import { patternedBytes } from '../patterned-bytes.js';
import type {
  RecordingCallback,
  RecordingProtocol,
  TransportMethod,
} from './recording-protocol.js';
import type { TransportCases, TransportScene } from './scene.js';

const CALLBACKS: readonly RecordingCallback[] = [
  'connectionMade',
  'dataReceived',
  'readConnectionLost',
  'writeConnectionLost',
  'connectionLost',
];

const HALF_CLOSE = 'loseWriteConnection' satisfies TransportMethod;

const PRODUCER = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };

type Call = readonly [TransportMethod, ...unknown[]];

const CALLS: readonly (readonly [name: string, ...calls: Call[]])[] = [
  ['write', ['write', 'from inside']],
  ['a large write', ['write', patternedBytes(300_000)]],
  ['loseConnection', ['loseConnection']],
  ['loseWriteConnection', ['loseWriteConnection']],
  ['abortConnection', ['abortConnection']],
  ['pauseProducing', ['pauseProducing']],
  ['resumeProducing', ['resumeProducing']],
  ['pause and resume', ['pauseProducing'], ['resumeProducing']],
  ['register and unregister', ['registerProducer', PRODUCER, true], ['unregisterProducer']],
  ['write and loseConnection', ['write', 'last'], ['loseConnection']],
  ['loseConnection and abortConnection', ['loseConnection'], ['abortConnection']],
  ['abortConnection and write', ['abortConnection'], ['write', 'x'], ['loseConnection']],
  ['half-close and loseConnection', ['loseWriteConnection'], ['loseConnection']],
];

/** Makes the client's callback run. */
function provoke(scene: TransportScene, callback: RecordingCallback): void {
  const { client, server } = scene;
  if (callback === 'dataReceived') server.call('write', 'x');
  if (callback === 'readConnectionLost') scene.endServer();
  if (callback === 'writeConnectionLost') client.call('loseWriteConnection');
  if (callback === 'connectionLost') scene.breakConnection();
}

/** Thrown by a protocol whose peer is at fault. */
class PeerError extends RemoteProtocolError {
  override readonly name = 'PeerError';
  override readonly code = 'ERR_PEER';
}

export function addCallbackCases(contract: TransportCases): void {
  const callbacks = callbacksOf(contract);
  for (const callback of callbacks) {
    for (const [name, ...calls] of CALLS) {
      const possible = contract.halfClose || !calls.some(([method]) => method === HALF_CLOSE);
      if (possible) addInsideCase(contract, callback, name, calls);
    }
  }
  addThrowCases(contract, callbacks);
}

function callbacksOf({ halfClose }: TransportCases): readonly RecordingCallback[] {
  return CALLBACKS.filter((callback) => {
    if (callback === 'writeConnectionLost') return halfClose === true;
    return callback !== 'readConnectionLost' || halfClose !== 'closes';
  });
}

function addInsideCase(
  contract: TransportCases,
  callback: RecordingCallback,
  name: string,
  calls: readonly Call[],
): void {
  const runs = new WeakMap<RecordingProtocol, number>();
  const act = (...args: unknown[]): void => {
    const self = args.at(-1) as RecordingProtocol;
    const ran = (runs.get(self) ?? 0) + 1;
    runs.set(self, ran);
    if (ran > 1) return;
    for (const [method, ...given] of calls) self.call(method, ...given);
  };
  contract.add(
    `allows ${name} in ${callback}`,
    async (scene) => {
      const { client } = scene;
      provoke(scene, callback);
      await scene.until(() => runs.has(client), callback);
      await scene.settle();
      client.call('abortConnection');
      await scene.lost(client);
      await scene.settle();
      assert.equal(client.lostCount, 1, 'calls of connectionLost');
      assert.equal(runs.get(client), 1, `calls of ${callback}`);
    },
    { client: { [callback]: act } },
  );
}

function addThrowCases(contract: TransportCases, callbacks: readonly RecordingCallback[]): void {
  for (const callback of callbacks) {
    if (callback === 'connectionLost') continue;
    const error = new Error(`out of ${callback}`);
    const fail = (): void => {
      throw error;
    };
    contract.add(
      `reports errors of ${callback} and ends the connection with it`,
      async (scene) => {
        provoke(scene, callback);
        assert.equal(await scene.lost(scene.client), error);
        assert.deepEqual(scene.takeErrors(), [error]);
        await scene.ended(scene.server);
        assert.equal(scene.client.lostCount, 1);
      },
      { client: { [callback]: fail } },
    );
  }

  for (const callback of callbacks) {
    if (callback === 'connectionLost') continue;
    const error = new Error(`out of an asynchronous ${callback}`);
    contract.add(
      `reports the rejection of an asynchronous ${callback} and ends the connection with it`,
      async (scene) => {
        provoke(scene, callback);
        assert.equal(await scene.lost(scene.client), error);
        assert.deepEqual(scene.takeErrors(), [error]);
        await scene.ended(scene.server);
        assert.equal(scene.client.lostCount, 1);
      },
      { client: { [callback]: () => Promise.reject(error) } },
    );
  }

  contract.add('reports the rejection of an asynchronous connectionLost', async (scene) => {
    const error = new Error('out of an asynchronous connectionLost');
    scene.client.hooks = { connectionLost: () => Promise.reject(error) };
    scene.breakConnection();
    await scene.lost(scene.client);
    await scene.settle();
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  contract.add(
    'continues delivering while an asynchronous dataReceived is pending',
    async (scene) => {
      scene.client.hooks = { dataReceived: () => new Promise(() => {}) };
      scene.server.call('write', 'first');
      await scene.until(() => scene.client.text === 'first', 'the first part');
      scene.server.call('write', ', second');
      await scene.until(() => scene.client.text === 'first, second', 'the second part');
    },
  );

  contract.add('treats a Deferred and any thenable as a promise', async (scene) => {
    const error = new Error('the answer failed');
    const answer = new Deferred<void>();
    scene.client.hooks = { dataReceived: () => answer };
    scene.server.call('write', 'x');
    await scene.until(() => scene.client.text === 'x', 'the question');
    answer.errback(error);
    assert.equal(await scene.lost(scene.client), error);
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  contract.add('ignores anything else that a callback returns', async (scene) => {
    scene.client.hooks = { dataReceived: () => ({ then: 'not a function' }) };
    scene.server.call('write', 'x');
    await scene.until(() => scene.client.text === 'x', 'the data');
    await scene.settle();
    assert.equal(scene.client.lostCount, 0);
  });

  contract.add('reports an error of connectionLost, and calls it once', async (scene) => {
    const error = new Error('out of connectionLost');
    scene.client.hooks = {
      connectionLost() {
        throw error;
      },
    };
    scene.breakConnection();
    await scene.lost(scene.client);
    await scene.settle();
    assert.equal(scene.client.lostCount, 1);
    assert.deepEqual(scene.takeErrors(), [error]);
  });

  contract.add('gives an Error as the reason if something else was thrown', async (scene) => {
    scene.client.hooks = {
      dataReceived() {
        // biome-ignore lint/style/useThrowOnlyError: application code may do it
        throw 'a string';
      },
    };
    scene.server.call('write', 'x');
    assert.match((await scene.lost(scene.client)).message, /a string/);
    assert.deepEqual(scene.takeErrors(), ['a string']);
  });

  contract.add('reports nothing if the peer violated the protocol', async (scene) => {
    const error = new PeerError('nonsense');
    scene.client.hooks = {
      dataReceived() {
        throw error;
      },
    };
    scene.server.call('write', 'x');
    assert.equal(await scene.lost(scene.client), error);
    assert.deepEqual(scene.takeErrors(), []);
  });

  contract.add('drops undelivered bytes for a protocol that threw', async (scene) => {
    let count = 0;
    scene.client.hooks = {
      dataReceived() {
        count += 1;
        throw new Error('once is enough');
      },
    };
    scene.server.call('write', patternedBytes(500_000));
    await scene.lost(scene.client);
    await scene.settle();
    assert.equal(count, 1);
    assert.equal(scene.takeErrors().length, 1);
  });
}

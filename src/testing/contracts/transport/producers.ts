/** Cases of the transport contract: transports as consumers. */
import assert from 'node:assert/strict';

import { ProducerRegisteredError } from '../../../core/errors/connection.js';
import { HIGH_WATER_MARK_BYTES } from '../../../core/transport.js';
import { patternedBytes } from '../patterned-bytes.js';
import { RecordingProducer } from './recording-producer.js';
import type { TransportCases, TransportScene } from './scene.js';

function register(scene: TransportScene): RecordingProducer {
  const producer = new RecordingProducer(scene.transport);
  scene.transport.registerProducer(producer, true);
  return producer;
}

export function addProducerCases(contract: TransportCases): void {
  addPauseCases(contract);
  addResumeCases(contract);
  addChangeCases(contract);
  addRegistrationCases(contract);
  addEndCases(contract);
  addPullCases(contract);
  addPullWhileOthersWriteCases(contract);
}

function addPauseCases(contract: TransportCases): void {
  contract.add(
    'pauses a push producer above the high-water mark, not at it, from within write',
    async (scene) => {
      const producer = register(scene);
      producer.write(patternedBytes(HIGH_WATER_MARK_BYTES));
      assert.equal(scene.transport.bufferedBytes, HIGH_WATER_MARK_BYTES);
      assert.deepEqual(producer.log, []);
      producer.write('x');
      assert.deepEqual(producer.log, ['pause']);
      assert.equal(producer.pausedOutsideWrite, 0);
    },
  );

  contract.add('pauses a push producer once until it is resumed', async (scene) => {
    const producer = register(scene);
    for (let i = 0; i < 5; i++) producer.write(patternedBytes(100_000));
    assert.deepEqual(producer.log, ['pause']);
    await scene.received(scene.server, 500_000);
    await scene.settle();
    assert.deepEqual(producer.log, ['pause', 'resume']);
  });

  contract.add('pauses a push producer by small writes and writeSequence too', async (scene) => {
    const producer = register(scene);
    for (let i = 0; i < 64; i++) producer.write(patternedBytes(1024));
    assert.deepEqual(producer.log, []);
    producer.write('a', 'b');
    assert.deepEqual(producer.log, ['pause']);
    assert.equal(producer.pausedOutsideWrite, 0);
  });

  contract.add('counts text in bytes', async (scene) => {
    const producer = register(scene);
    const pieces = ['x'.repeat(1000), '€'.repeat(1000), '🪢'.repeat(500)];
    let waiting = 0;
    for (let i = 0; waiting <= HIGH_WATER_MARK_BYTES; i++) {
      assert.deepEqual(producer.log, []);
      const piece = pieces[i % pieces.length] as string;
      producer.write(piece);
      waiting += Buffer.byteLength(piece);
      assert.equal(scene.transport.bufferedBytes, waiting);
    }
    assert.deepEqual(producer.log, ['pause']);
  });
}

function addResumeCases(contract: TransportCases): void {
  contract.add('resumes a push producer only when no bytes are waiting', async (scene) => {
    const { server, transport } = scene;
    const producer = register(scene);
    server.call('pauseProducing');
    producer.write(patternedBytes(scene.overflowBytes));
    await scene.settle();
    assert(transport.bufferedBytes > 0, 'some wait: if not, overflowBytes is too small');
    assert.deepEqual(producer.log, ['pause']);
    server.call('resumeProducing');
    await scene.received(server, scene.overflowBytes);
    await scene.settle();
    assert.deepEqual(producer.log, ['pause', 'resume']);
    assert.deepEqual(producer.bufferedAtResume, [0]);
  });

  contract.add('does not resume a push producer that was not paused', async (scene) => {
    const producer = register(scene);
    producer.write(patternedBytes(1000));
    await scene.received(scene.server, 1000);
    await scene.settle();
    assert.deepEqual(producer.log, []);
  });

  contract.add(
    'pauses a push producer that registers while too many bytes wait at its first write',
    async (scene) => {
      const { server, transport } = scene;
      server.call('pauseProducing');
      transport.write(patternedBytes(scene.overflowBytes));
      await scene.settle();
      const producer = register(scene);
      assert.deepEqual(producer.log, []);
      producer.write('x');
      assert.deepEqual(producer.log, ['pause']);
      server.call('resumeProducing');
      await scene.received(server, scene.overflowBytes + 1);
      await scene.settle();
      assert.deepEqual(producer.log, ['pause', 'resume']);
    },
  );
}

function addChangeCases(contract: TransportCases): void {
  contract.add('calls no producer that has unregistered', async (scene) => {
    const producer = register(scene);
    producer.write(patternedBytes(200_000));
    scene.client.call('unregisterProducer');
    scene.client.call('unregisterProducer');
    await scene.received(scene.server, 200_000);
    scene.client.call('abortConnection');
    await scene.lost(scene.client);
    assert.deepEqual(producer.log, ['pause']);
  });

  contract.add('one producer may replace another', async (scene) => {
    const first = register(scene);
    first.write(patternedBytes(100_000));
    scene.client.call('unregisterProducer');
    const second = register(scene);
    second.write(patternedBytes(100_000));
    await scene.received(scene.server, 200_000);
    await scene.settle();
    assert.deepEqual(first.log, ['pause']);
    assert.deepEqual(second.log, ['pause', 'resume']);
  });

  contract.add('does not resume a producer on behalf of the previous one', async (scene) => {
    const first = register(scene);
    first.write(patternedBytes(100_000));
    scene.client.call('unregisterProducer');
    const second = register(scene);
    await scene.received(scene.server, 100_000);
    await scene.settle();
    assert.deepEqual(first.log, ['pause']);
    assert.deepEqual(second.log, []);
  });
}

function addRegistrationCases(contract: TransportCases): void {
  contract.add('refuses a second producer, and keeps the first', async (scene) => {
    const { transport } = scene;
    const first = register(scene);
    const second = new RecordingProducer(transport);
    assert.throws(() => transport.registerProducer(second, true), ProducerRegisteredError);
    assert.throws(() => transport.registerProducer(first, false), ProducerRegisteredError);
    first.write(patternedBytes(100_000));
    await scene.received(scene.server, 100_000);
    await scene.settle();
    assert.deepEqual(first.log, ['pause', 'resume']);
    assert.deepEqual(second.log, []);
  });

  for (const streaming of [true, false]) {
    contract.add(
      `stops a ${streaming ? 'push' : 'pull'} producer registered on a connection that is gone`,
      async (scene) => {
        scene.client.call('abortConnection');
        await scene.lost(scene.client);
        for (let i = 0; i < 2; i++) {
          const producer = new RecordingProducer(scene.transport);
          scene.transport.registerProducer(producer, streaming as true);
          assert.deepEqual(producer.log, ['stop']);
        }
      },
    );
  }

  contract.add(
    'accepts a producer while closing, and closes once it has unregistered',
    async (scene) => {
      const { client, server } = scene;
      client.call('write', 'first ');
      client.call('loseConnection');
      const producer = register(scene);
      await scene.settle();
      assert.equal(client.connected, true);
      producer.write('last');
      client.call('unregisterProducer');
      await scene.ended(server);
      assert.equal(server.text, 'first last');
      await scene.lost(client);
      assert.deepEqual(producer.log, []);
    },
  );

  contract.add(
    'sends what is written, also by a producer, while a closing connection has unsent bytes',
    async (scene) => {
      const { client, server } = scene;
      server.call('pauseProducing');
      client.call('write', patternedBytes(scene.overflowBytes));
      client.call('loseConnection');
      await scene.settle();
      assert(scene.transport.bufferedBytes > 0, 'some wait: if not, overflowBytes is too small');
      client.call('write', 'late ');
      await scene.settle();
      const producer = register(scene);
      server.call('resumeProducing');
      await scene.received(server, scene.overflowBytes + 5);
      await scene.settle();
      assert.equal(client.connected, true, 'open until the producer has unregistered');
      producer.write('last');
      client.call('unregisterProducer');
      await scene.ended(server);
      const end = server.received.subarray(scene.overflowBytes);
      assert.equal(String(end), 'late last');
      assert.equal((await scene.lost(client)).name, 'ConnectionDone');
    },
  );
}

function addEndCases(contract: TransportCases): void {
  contract.add(
    'stops its producer at the end of the connection, before connectionLost',
    async (scene) => {
      const producer = register(scene);
      scene.client.hooks = { connectionLost: () => void producer.log.push('connectionLost') };
      scene.breakConnection();
      await scene.lost(scene.client);
      assert.deepEqual(producer.log, ['stop', 'connectionLost']);
    },
  );

  contract.add(
    'reports an error of stopProducing, and calls connectionLost anyway',
    async (scene) => {
      const error = new Error('can not stop');
      const producer = register(scene);
      producer.stopProducing = () => {
        throw error;
      };
      scene.client.call('abortConnection');
      assert.equal((await scene.lost(scene.client)).name, 'ConnectionAborted');
      assert.deepEqual(scene.takeErrors(), [error]);
    },
  );

  contract.add('ends with an error of resumeProducing, which is reported', async (scene) => {
    const error = new Error('can not go on');
    const producer = register(scene);
    producer.resumeProducing = () => {
      throw error;
    };
    producer.write(patternedBytes(100_000));
    assert.equal(await scene.lost(scene.client), error);
    assert.deepEqual(scene.takeErrors(), [error]);
  });
}

function addPullCases(contract: TransportCases): void {
  contract.add(
    'calls a pull producer at once, and again each time that no bytes wait',
    async (scene) => {
      const { client, server, transport } = scene;
      const buffered: number[] = [];
      const pieces: Buffer[] = [];
      const resumeProducing = (): void => {
        buffered.push(transport.bufferedBytes);
        if (pieces.length < 20) {
          const piece = patternedBytes(100_000, pieces.length + 1);
          pieces.push(piece);
          transport.write(piece);
        } else {
          transport.unregisterProducer();
          transport.loseConnection();
        }
      };
      transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
      assert.equal(pieces.length, 1);
      await scene.ended(server);
      assert(server.received.equals(Buffer.concat(pieces)), 'all pieces arrived');
      assert.deepEqual(buffered, new Array(21).fill(0));
      assert.equal((await scene.lost(client)).name, 'ConnectionDone');
    },
  );

  contract.add('does not call a pull producer while bytes wait', async (scene) => {
    const { client, server, transport } = scene;
    server.call('pauseProducing');
    let asked = 0;
    const resumeProducing = (): void => {
      asked += 1;
      transport.write(patternedBytes(scene.overflowBytes));
    };
    transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
    await scene.settle();
    assert.equal(asked, 1);
    client.call('abortConnection');
    await scene.lost(client);
    assert.equal(asked, 1);
  });

  contract.add('lets a pull producer finish within its first call', async (scene) => {
    const { server, transport } = scene;
    const resumeProducing = (): void => {
      transport.write('all there is');
      transport.unregisterProducer();
      transport.loseConnection();
    };
    transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
    await scene.ended(server);
    assert.equal(server.text, 'all there is');
  });

  contract.add('stops a pull producer when the connection ends', async (scene) => {
    let stopped = 0;
    const stopProducing = (): void => void stopped++;
    scene.transport.registerProducer({ resumeProducing() {}, stopProducing }, false);
    scene.breakConnection();
    await scene.lost(scene.client);
    assert.equal(stopped, 1);
  });
}

function addPullWhileOthersWriteCases(contract: TransportCases): void {
  contract.add(
    'calls a pull producer that registers while bytes wait again once they are sent',
    async (scene) => {
      const { server, transport } = scene;
      server.call('pauseProducing');
      transport.write(patternedBytes(scene.overflowBytes));
      await scene.settle();
      const buffered: number[] = [];
      const resumeProducing = (): void => void buffered.push(transport.bufferedBytes);
      transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
      await scene.settle();
      assert.equal(buffered.length, 1);
      server.call('resumeProducing');
      await scene.received(server, scene.overflowBytes);
      await scene.settle();
      assert.equal(buffered.length, 2);
      assert.equal(buffered[1], 0);
    },
  );

  contract.add('calls a pull producer again after other writes', async (scene) => {
    const { server, transport } = scene;
    let asked = 0;
    const resumeProducing = (): void => void asked++;
    transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
    await scene.settle();
    assert.equal(asked, 1);
    for (let round = 2; round < 5; round++) {
      for (let i = 0; i < 3; i++) transport.write('x');
      await scene.received(server, (round - 1) * 3);
      await scene.settle();
      assert.equal(asked, round);
    }
  });

  contract.add(
    'calls a pull producer only while no bytes wait, whenever others write',
    async (scene) => {
      const { server, transport } = scene;
      const buffered: number[] = [];
      const resumeProducing = (): void => void buffered.push(transport.bufferedBytes);
      transport.registerProducer({ resumeProducing, stopProducing() {} }, false);
      let written = 0;
      for (let i = 0; i < 60; i++) {
        const piece = patternedBytes(1 + ((i * 7919) % 90_000));
        transport.write(piece);
        written += piece.byteLength;
        if (i % 3 === 0) await null;
        if (i % 3 === 1) await scene.settle();
        if (i % 20 === 19) await scene.received(server, written);
      }
      await scene.settle();
      assert(buffered.length > 3, 'it is asked again and again');
      assert.deepEqual(buffered, new Array(buffered.length).fill(0));
    },
  );
}

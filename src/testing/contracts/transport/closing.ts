/** Cases of the transport contract: how a connection ends, and its last callbacks. */
import assert from 'node:assert/strict';

import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../../core/errors/connection.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { TransportCases, TransportScene } from './scene.js';

const IDLE_PRODUCER = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };

export function addClosingCases(contract: TransportCases): void {
  addLoseConnectionCases(contract);
  addClosingWaitCases(contract);
  addAbortCases(contract);
  addPeerCases(contract);
}

function addLoseConnectionCases(contract: TransportCases): void {
  contract.add('loseConnection sends all written bytes, then closes', async (scene) => {
    const { client, server, transport } = scene;
    const data = patternedBytes(2_000_000);
    client.call('write', 'head');
    client.call('write', data);
    client.call('loseConnection');
    assert.equal(transport.disconnecting, true, 'disconnecting after loseConnection');
    assert.equal(transport.connected, true, 'connected until it is gone');
    await scene.ended(server);
    assert(server.received.subarray(4).equals(data), 'all arrived');
    assert((await scene.lost(client)) instanceof ConnectionDone);
    assert.equal(transport.connected, false, 'connected afterwards');
  });

  contract.add(
    'loseConnection ends both ends with ConnectionDone once, in a later turn',
    async (scene) => {
      const { client, server } = scene;
      client.call('loseConnection');
      assert.deepEqual(client.log, ['connectionMade']);
      assert((await scene.lost(client)) instanceof ConnectionDone);
      assert((await scene.lost(server)) instanceof ConnectionDone);
      await scene.settle();
      assert.deepEqual([client.lostCount, server.lostCount], [1, 1]);
    },
    { plain: 'both' },
  );

  contract.add('loseConnection may be called repeatedly', async (scene) => {
    const { client } = scene;
    for (let i = 0; i < 3; i++) client.call('loseConnection');
    client.call('stopProducing');
    assert((await scene.lost(client)) instanceof ConnectionDone);
    client.call('loseConnection');
    await scene.settle();
    assert.equal(client.lostCount, 1);
  });

  contract.add('stopProducing is loseConnection', async (scene) => {
    const { client } = scene;
    client.call('write', 'x');
    client.call('stopProducing');
    assert.equal(client.transport.disconnecting, true);
    assert((await scene.lost(client)) instanceof ConnectionDone);
    await scene.ended(scene.server);
    assert.equal(scene.server.text, 'x');
  });

  contract.add(
    'loseConnection in dataReceived drops bytes received in the same turn',
    async (scene) => {
      scene.server.call('write', patternedBytes(1_000_000));
      await scene.lost(scene.client);
      assert.equal(scene.client.chunks.length, 1);
    },
    { client: { dataReceived: (_data, self) => self.call('loseConnection') }, plain: 'server' },
  );

  contract.add(
    'loseConnection at both ends at the same time calls connectionLost once at each',
    async (scene) => {
      scene.client.call('loseConnection');
      scene.server.call('loseConnection');
      assert((await scene.lost(scene.client)) instanceof ConnectionDone);
      assert((await scene.lost(scene.server)) instanceof ConnectionDone);
    },
    { plain: 'both' },
  );

  contract.add('keeps its addresses when the connection ends', async (scene) => {
    const { client, transport } = scene;
    const [host, peer] = [transport.getHost(), transport.getPeer()];
    client.call('loseConnection');
    await scene.lost(client);
    assert(transport.getHost().equals(host), 'getHost');
    assert(transport.getPeer().equals(peer), 'getPeer');
  });
}

/** Gives the client's transport more than it can send: the server receives nothing. */
async function overflow(scene: TransportScene): Promise<void> {
  scene.server.call('pauseProducing');
  scene.client.call('write', patternedBytes(scene.overflowBytes));
  await scene.settle();
  const waiting = scene.transport.bufferedBytes > 0;
  assert(waiting, `some of ${scene.overflowBytes} bytes wait: if not, overflowBytes is too small`);
}

function addClosingWaitCases(contract: TransportCases): void {
  contract.add(
    'loseConnection stops receiving',
    async (scene) => {
      const { client, server } = scene;
      await overflow(scene);
      client.call('loseConnection');
      server.call('write', 'not heard');
      client.call('resumeProducing');
      await scene.settle();
      assert.equal(client.receivedBytes, 0);
      assert.equal(client.connected, true);
      server.call('resumeProducing');
      await scene.lost(client);
      assert.equal(client.receivedBytes, 0);
    },
    { plain: 'server' },
  );

  contract.add('loseConnection waits for a registered producer to unregister', async (scene) => {
    const { client, server } = scene;
    client.transport.registerProducer(IDLE_PRODUCER, true);
    client.call('write', 'first ');
    client.call('loseConnection');
    await scene.settle();
    assert.equal(client.connected, true);
    client.call('write', 'last');
    client.call('unregisterProducer');
    await scene.ended(server);
    assert.equal(server.text, 'first last');
    assert((await scene.lost(client)) instanceof ConnectionDone);
  });

  contract.add('abortConnection may follow loseConnection', async (scene) => {
    await overflow(scene);
    scene.client.call('loseConnection');
    await scene.settle();
    scene.client.call('abortConnection');
    assert((await scene.lost(scene.client)) instanceof ConnectionAborted);
    await scene.settle();
    assert.equal(scene.client.lostCount, 1);
  });

  contract.add(
    'loseConnection ends with ConnectionLost if the peer resets before all is sent',
    async (scene) => {
      await overflow(scene);
      scene.client.call('loseConnection');
      await scene.settle();
      scene.server.call('abortConnection');
      assert((await scene.lost(scene.client)) instanceof ConnectionLost);
    },
  );
}

function addAbortCases(contract: TransportCases): void {
  contract.add('abortConnection is ConnectionAborted, once, in a later turn', async (scene) => {
    const { client } = scene;
    client.call('abortConnection');
    assert.deepEqual(client.log, ['connectionMade']);
    assert.equal(client.transport.disconnecting, true);
    assert((await scene.lost(client)) instanceof ConnectionAborted);
    client.call('abortConnection');
    client.call('loseConnection');
    await scene.settle();
    assert.equal(client.lostCount, 1);
  });

  if (contract.resets) {
    contract.add('abortConnection is ConnectionLost for the peer', async (scene) => {
      scene.client.call('abortConnection');
      assert((await scene.lost(scene.server)) instanceof ConnectionLost);
      assert((await scene.lost(scene.client)) instanceof ConnectionAborted);
    });
  } else {
    contract.add(
      'abortConnection is ConnectionDone for the peer',
      async (scene) => {
        scene.client.call('abortConnection');
        assert((await scene.lost(scene.server)) instanceof ConnectionDone);
        assert((await scene.lost(scene.client)) instanceof ConnectionAborted);
      },
      { plain: 'both' },
    );
  }

  contract.add('abortConnection sends no bytes written in the same turn', async (scene) => {
    const { client, server } = scene;
    client.call('write', 'small');
    client.call('write', patternedBytes(100_000));
    client.call('abortConnection');
    assert.equal(client.transport.bufferedBytes, 0);
    await scene.ended(server);
    assert.equal(server.receivedBytes, 0);
    assert((await scene.lost(client)) instanceof ConnectionAborted);
  });

  contract.add('abortConnection drops unsent bytes', async (scene) => {
    const { client, server } = scene;
    await overflow(scene);
    client.call('abortConnection');
    assert.equal(client.transport.bufferedBytes, 0);
    server.call('resumeProducing');
    // A system may report a reset that follows unread data as an end of data.
    await scene.ended(server);
    assert(server.receivedBytes < scene.overflowBytes, 'not everything was sent');
    assert((await scene.lost(client)) instanceof ConnectionAborted);
  });

  contract.add(
    'abortConnection stops receiving, even within the same turn',
    async (scene) => {
      scene.server.call('write', patternedBytes(1_000_000));
      assert((await scene.lost(scene.client)) instanceof ConnectionAborted);
      await scene.settle();
      assert.equal(scene.client.chunks.length, 1);
    },
    { client: { dataReceived: (_data, self) => self.call('abortConnection') } },
  );

  contract.add('abortConnection does not wait for a producer', async (scene) => {
    const { client } = scene;
    const log: string[] = [];
    const stopProducing = (): void => void log.push('stopProducing');
    client.transport.registerProducer({ ...IDLE_PRODUCER, stopProducing }, true);
    client.hooks = { connectionLost: () => void log.push('connectionLost') };
    client.call('abortConnection');
    await scene.lost(client);
    assert.deepEqual(log, ['stopProducing', 'connectionLost']);
  });
}

function addPeerCases(contract: TransportCases): void {
  contract.add(
    "delivers all bytes sent before the peer's end, then ConnectionDone",
    async (scene) => {
      const { client, server } = scene;
      const data = patternedBytes(500_000);
      server.call('write', data);
      server.call('loseConnection');
      assert((await scene.lost(client)) instanceof ConnectionDone);
      assert(client.received.equals(data), 'all arrived');
      assert.deepEqual(client.log, [
        'connectionMade',
        'dataReceived',
        'connectionLost ConnectionDone',
      ]);
    },
    { plain: 'client' },
  );

  if (contract.resets) {
    contract.add("ends with ConnectionLost after the peer's reset", async (scene) => {
      const { client, server } = scene;
      server.call('write', 'data');
      await scene.received(client, 4);
      server.call('abortConnection');
      const reason = await scene.lost(client);
      assert(reason instanceof ConnectionLost);
      assert.equal(reason.code, 'ERR_CONNECTION_LOST');
    });
  }

  contract.add('ends with ConnectionLost if the peer resets during a write', async (scene) => {
    await overflow(scene);
    scene.server.call('abortConnection');
    assert((await scene.lost(scene.client)) instanceof ConnectionLost);
    assert.equal(scene.transport.bufferedBytes, 0);
  });
}

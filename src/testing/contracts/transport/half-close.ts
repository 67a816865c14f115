/** Cases of the transport contract: ending one direction of a connection, or refusing to. */
import assert from 'node:assert/strict';

import { ConnectionDone } from '../../../core/errors/connection.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { RecordingProtocol } from './recording-protocol.js';
import type { TransportCases, TransportScene } from './scene.js';

function notified(end: RecordingProtocol, side: 'read' | 'write'): boolean {
  return end.log.includes(`${side}ConnectionLost`);
}

function untilNotified(
  scene: TransportScene,
  end: RecordingProtocol,
  side: 'read' | 'write',
): Promise<void> {
  return scene.until(() => notified(end, side), `${side}ConnectionLost`);
}

export function addHalfCloseCases(contract: TransportCases): void {
  if (contract.halfClose === 'closes') {
    addWholeCases(contract);
    return;
  }
  addEitherWayCases(contract);
  if (!contract.halfClose) {
    addRefusalCase(contract);
    return;
  }
  addOwnSideCases(contract);
  addOwnSideOrderCases(contract);
  addPeerSideCases(contract);
  addBothSidesCases(contract);
}

/** The server ends its output; the client receives all of it, then the end, and stays connected. */
async function hearTheEnd(scene: TransportScene): Promise<void> {
  const { client, server } = scene;
  const data = patternedBytes(700_000);
  server.call('write', data);
  scene.endServer();
  await untilNotified(scene, client, 'read');
  assert(client.received.equals(data), 'all arrived first');
  await scene.settle();
  assert.equal(client.connected, true);
}

/** The client closes after it has received the end once. */
async function finish(scene: TransportScene): Promise<void> {
  const { client } = scene;
  client.call('loseConnection');
  assert((await scene.lost(client)) instanceof ConnectionDone);
  assert.deepEqual(client.log, [
    'connectionMade',
    'dataReceived',
    'readConnectionLost',
    'connectionLost ConnectionDone',
  ]);
}

/** Rules that hold whether the peer's end closes one direction or both. */
function addEitherWayCases(contract: TransportCases): void {
  contract.add("reports the peer's end once, after the data", async (scene) => {
    await hearTheEnd(scene);
    await finish(scene);
  });

  contract.add("does not report the peer's end to a paused protocol", async (scene) => {
    const { client, server } = scene;
    client.call('pauseProducing');
    await scene.settle();
    server.call('write', 'held');
    scene.endServer();
    await scene.settle();
    assert.deepEqual(client.log, ['connectionMade']);
    client.call('resumeProducing');
    await untilNotified(scene, client, 'read');
    assert.equal(client.text, 'held');
  });
}

function addRefusalCase(contract: TransportCases): void {
  contract.add(
    'loseWriteConnection throws an error that names it, and the connection stays open',
    async (scene) => {
      const { client, server, transport } = scene;
      client.call('write', 'before ');
      assert.throws(
        () => transport.loseWriteConnection(),
        (error) => error instanceof UnsupportedError && error.feature === 'loseWriteConnection',
      );
      client.call('write', 'after');
      server.call('write', 'heard');
      assert.equal((await scene.received(server, 12)).toString(), 'before after');
      assert.equal((await scene.received(client, 5)).toString(), 'heard');
      assert.equal(transport.disconnecting, false);
    },
  );
}

/** Both directions end together. */
function addWholeCases(contract: TransportCases): void {
  contract.add(
    'loseWriteConnection closes the connection after all written bytes',
    async (scene) => {
      const { client, server } = scene;
      const data = patternedBytes(1_000_000);
      client.call('write', data);
      client.call('loseWriteConnection');
      assert((await scene.lost(server)) instanceof ConnectionDone);
      assert((await scene.lost(client)) instanceof ConnectionDone);
      assert(server.received.equals(data), 'all arrived');
      assert.deepEqual(client.log, ['connectionMade', 'connectionLost ConnectionDone']);
    },
  );

  contract.add("ends a half-closable protocol at the peer's end, after the data", async (scene) => {
    const { client, server } = scene;
    const data = patternedBytes(700_000);
    server.call('write', data);
    scene.endServer();
    assert((await scene.lost(client)) instanceof ConnectionDone);
    assert(client.received.equals(data), 'all arrived first');
    assert.equal(notified(client, 'read'), false);
  });
}

function addOwnSideCases(contract: TransportCases): void {
  contract.add(
    'loseWriteConnection ends the sending side after all written bytes; receiving continues',
    async (scene) => {
      const { client, server } = scene;
      const data = patternedBytes(1_000_000);
      client.call('write', data);
      client.call('loseWriteConnection');
      await untilNotified(scene, server, 'read');
      assert(server.received.equals(data), 'all arrived');
      server.call('write', 'and now you listen');
      assert.equal((await scene.received(client, 18)).toString(), 'and now you listen');
      assert.equal(client.connected, true);
    },
  );

  contract.add(
    'loseWriteConnection leads to writeConnectionLost once, when it is done',
    async (scene) => {
      const { client, server } = scene;
      server.call('pauseProducing');
      client.call('write', patternedBytes(scene.overflowBytes));
      client.call('loseWriteConnection');
      assert.deepEqual(client.log, ['connectionMade']);
      await scene.settle();
      assert.deepEqual(client.log, ['connectionMade']);
      server.call('resumeProducing');
      await untilNotified(scene, client, 'write');
      client.call('loseWriteConnection');
      await untilNotified(scene, server, 'read');
      assert.equal(server.receivedBytes, scene.overflowBytes);
      await scene.settle();
      assert.deepEqual(client.log, ['connectionMade', 'writeConnectionLost']);
    },
  );

  contract.add(
    'loseWriteConnection works for a protocol without the methods of half-close',
    async (scene) => {
      const { client, server } = scene;
      client.call('write', 'question');
      client.call('loseWriteConnection');
      await untilNotified(scene, server, 'read');
      server.call('write', 'answer');
      assert.equal((await scene.received(client, 6)).toString(), 'answer');
      server.call('loseConnection');
      assert((await scene.lost(client)) instanceof ConnectionDone);
    },
    { plain: 'client' },
  );
}

function addOwnSideOrderCases(contract: TransportCases): void {
  contract.add(
    'loseWriteConnection waits for a registered producer to unregister',
    async (scene) => {
      const { client, server } = scene;
      const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
      client.transport.registerProducer(producer, true);
      client.call('write', 'first ');
      client.call('loseWriteConnection');
      await scene.settle();
      assert.equal(server.ended, false);
      client.call('write', 'last');
      client.call('unregisterProducer');
      await untilNotified(scene, server, 'read');
      assert.equal(server.text, 'first last');
      assert.equal(client.connected, true);
    },
  );

  contract.add('loseWriteConnection may be followed by loseConnection', async (scene) => {
    const { client, server } = scene;
    client.call('write', 'x');
    client.call('loseWriteConnection');
    client.call('loseConnection');
    assert((await scene.lost(client)) instanceof ConnectionDone);
    await scene.ended(server);
    assert.equal(server.text, 'x');
  });

  contract.add(
    'loseConnection after loseWriteConnection was done ends the connection in a later turn',
    async (scene) => {
      const { client } = scene;
      client.call('loseWriteConnection');
      await untilNotified(scene, client, 'write');
      client.call('loseConnection');
      assert.equal(client.lostCount, 0);
      assert((await scene.lost(client)) instanceof ConnectionDone);
    },
  );
}

function addPeerSideCases(contract: TransportCases): void {
  contract.add(
    "reports the peer's half-close once, after the data; writing continues",
    async (scene) => {
      const { client, server } = scene;
      await hearTheEnd(scene);
      client.call('write', 'still ');
      await scene.received(server, 6);
      client.call('write', patternedBytes(300_000));
      await scene.received(server, 300_006);
      await finish(scene);
    },
  );

  contract.add(
    "ends the connection of a protocol without readConnectionLost at the peer's half-close",
    async (scene) => {
      scene.server.call('loseWriteConnection');
      assert((await scene.lost(scene.client)) instanceof ConnectionDone);
      await scene.ended(scene.server);
    },
    { plain: 'client' },
  );

  contract.add(
    "asks at the peer's half-close whether the protocol has readConnectionLost",
    async (scene) => {
      scene.client.call('write', 'x');
      await scene.until(() => scene.server.receivedBytes === 1, 'the byte');
      scene.client.call('loseWriteConnection');
      assert((await scene.lost(scene.server)) instanceof ConnectionDone);
      await scene.ended(scene.client);
      assert(!scene.server.log.includes('readConnectionLost'));
    },
    {
      server: {
        dataReceived: (_data, self) =>
          void Object.defineProperty(self, 'readConnectionLost', { value: undefined }),
      },
    },
  );

  contract.add(
    "allows a last answer and loseConnection at the peer's half-close",
    async (scene) => {
      scene.server.call('write', 'go');
      scene.server.call('loseWriteConnection');
      assert((await scene.lost(scene.client)) instanceof ConnectionDone);
      await scene.ended(scene.server);
      assert.equal(scene.server.receivedBytes, 2_000_000);
    },
    {
      client: {
        readConnectionLost(self) {
          self.call('write', patternedBytes(2_000_000));
          self.call('loseConnection');
        },
      },
    },
  );
}

function addBothSidesCases(contract: TransportCases): void {
  contract.add(
    'ends when both sides have ended their direction, one after the other',
    async (scene) => {
      const { client, server } = scene;
      client.call('write', 'request');
      client.call('loseWriteConnection');
      assert((await scene.lost(client)) instanceof ConnectionDone);
      assert((await scene.lost(server)) instanceof ConnectionDone);
      assert.equal(client.text, '7 bytes');
      assert.deepEqual(server.log, [
        'connectionMade',
        'dataReceived',
        'readConnectionLost',
        'connectionLost ConnectionDone',
      ]);
    },
    {
      client: { readConnectionLost: (self) => self.call('loseConnection') },
      server: {
        readConnectionLost(self) {
          self.call('write', `${self.receivedBytes} bytes`);
          self.call('loseConnection');
        },
      },
    },
  );
}

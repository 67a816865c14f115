/** Cases of the UNIX contract: connectors, addresses, and options that UNIX streams lack. */
import assert from 'node:assert/strict';

import { UNIXAddress } from '../../../core/address.js';
import {
  ConnectingCancelledError,
  ConnectionRefusedError,
} from '../../../core/errors/connecting.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import type { UNIXCases } from './unix-scene.js';

export function addUNIXConnectingCases(contract: UNIXCases): void {
  addConnectCases(contract);
  addConnectorCases(contract);
  addStreamCases(contract);
}

function addConnectCases(contract: UNIXCases): void {
  contract.add(
    'calls startedConnecting before connectUNIX returns, and the rest after',
    async (scene) => {
      const path = scene.path();
      scene.listenAt(path);
      const factory = scene.recorders({ connectionMade: () => factory.note('connectionMade') });
      const connector = scene.connectTo(path, factory);
      factory.note('returned');
      assert.equal(connector.state, 'connecting');
      await scene.until(() => factory.count('connectionMade') > 0, 'connectionMade');
      assert.deepEqual(factory.log, [
        'doStart',
        'startFactory',
        'startedConnecting',
        'returned',
        'buildProtocol',
        'connectionMade',
      ]);
      assert.equal(connector.state, 'connected');
    },
  );

  contract.add('reports a path that nothing listens at after it has returned', async (scene) => {
    const path = scene.path();
    const factory = scene.recorders();
    const connector = scene.connectTo(path, factory);
    factory.note('returned');
    await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
    assert.deepEqual(factory.log, [
      'doStart',
      'startFactory',
      'startedConnecting',
      'returned',
      'clientConnectionFailed ConnectionRefusedError',
      'doStop',
      'stopFactory',
    ]);
    const [reason] = factory.reasons;
    assert(reason instanceof ConnectionRefusedError);
    assert.deepEqual([reason.path, reason.host, reason.port], [path, undefined, undefined]);
    assert.equal(connector.state, 'disconnected');
  });
}

function addConnectorCases(contract: UNIXCases): void {
  contract.add('a connector returns its path, and cancels its attempt', async (scene) => {
    const path = scene.path();
    scene.listenAt(path);
    const factory = scene.recorders();
    const connector = scene.connectTo(path, factory);
    assert.deepEqual(connector.getDestination(), new UNIXAddress(path));
    connector.stopConnecting();
    await scene.until(() => factory.reasons.length > 0, 'the end of the attempt');
    assert(factory.reasons[0] instanceof ConnectingCancelledError);
    assert.equal(factory.built.length, 0);
  });

  contract.add('a connector connects again', async (scene) => {
    const path = scene.path();
    scene.listenAt(path);
    const factory = scene.recorders();
    const connector = scene.connectTo(path, factory);
    await scene.until(() => factory.built[0]?.opened === true, 'a connection');
    factory.hooks = { clientConnectionLost: () => connector.connect() };
    connector.disconnect();
    await scene.until(() => factory.built[1]?.opened === true, 'a second connection');
    assert.equal(factory.count('startFactory'), 1);
    factory.hooks = {};
  });

  contract.add('ends a connection by its signal', async (scene) => {
    const abort = new AbortController();
    const { client, server } = await scene.unixPair({}, {}, { signal: abort.signal });
    abort.abort();
    await scene.until(() => client.reason !== undefined && server.ended, 'both ends');
  });

  contract.add('cancels an attempt by its signal', async (scene) => {
    const path = scene.path();
    scene.listenAt(path);
    const abort = new AbortController();
    const factory = scene.recorders();
    scene.connectTo(path, factory, { signal: abort.signal });
    abort.abort();
    await scene.until(() => factory.reasons.length > 0, 'the end of the attempt');
    assert.equal(factory.built.length, 0);
  });
}

function addStreamCases(contract: UNIXCases): void {
  contract.add('gives both ends their addresses: that of a client is empty', async (scene) => {
    const { client, server, path } = await scene.unixPair();
    const [named, unnamed] = [new UNIXAddress(path), new UNIXAddress('')];
    assert.deepEqual([client.transport.getHost(), client.transport.getPeer()], [unnamed, named]);
    assert.deepEqual([server.transport.getHost(), server.transport.getPeer()], [named, unnamed]);
  });

  contract.add('has no options of TCP', async (scene) => {
    const { tcp } = (await scene.unixPair()).client;
    for (const call of [
      () => tcp.getTcpNoDelay(),
      () => tcp.setTcpNoDelay(true),
      () => tcp.getTcpKeepAlive(),
      () => tcp.setTcpKeepAlive(true),
    ]) {
      assert.throws(call, UnsupportedError);
    }
  });

  contract.add('counts its connections and bytes in the statistics', async (scene) => {
    const { client, server } = await scene.unixPair();
    client.call('write', 'abc');
    await scene.until(() => server.text === 'abc', 'data');
    const open = scene.reactor.statistics();
    assert.deepEqual(
      [open.connectionsMade, open.connectionsAccepted, open.connectionsOpen],
      [1, 1, 2],
    );
    assert.deepEqual([open.bytesReceived, open.bytesSent], [3, 3]);
    client.call('loseConnection');
    await scene.until(() => client.ended && server.ended, 'the end of the connection');
    assert.equal(scene.reactor.statistics().connectionsLost, 2);
  });
}

/** Cases of the TCP contract: connectors, and the calls of their factories. */
import assert from 'node:assert/strict';
import type { Connector } from '../../../core/connector.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import {
  ConnectingCancelledError,
  ConnectionRefusedError,
  ConnectorStateError,
} from '../../../core/errors/connecting.js';
import { ClientFactory, type FactoryLike } from '../../../core/factory.js';
import type { ReactorCases } from './reactor-scene.js';
import { RecordingFactory } from './recording-factory.js';

const NOT_HOSTS: readonly (readonly [host: string, advice: string])[] = [
  ['', 'it is empty'],
  ['http://localhost/', 'use only the host name of a URL'],
  ['localhost/path', 'use only the host name of a URL'],
  ['localhost:80', 'the port is given separately'],
  ['user@localhost', 'use only the part after the "@"'],
  ['[::1]', 'IPv6 addresses are written without brackets, as in "::1"'],
  ['local host', 'it contains " "'],
  ['localhost\0', 'it contains "\\u0000"'],
];

export function addConnectingCases(contract: ReactorCases): void {
  addConnectCases(contract);
  addClientFactoryCases(contract);
  addUnhandledFailureCases(contract);
  addConnectorCases(contract);
  addRefusalCases(contract);
}

function addConnectCases(contract: ReactorCases): void {
  contract.add(
    'calls startedConnecting before connectTCP returns, and the rest after',
    async (scene) => {
      const factory = scene.recorders({ connectionMade: () => factory.note('connectionMade') });
      const connector = scene.connect(scene.listen().getHost().port, factory);
      factory.note('returned');
      assert.equal(connector.state, 'connecting');
      assert.equal(factory.connector, connector);
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
      assert.deepEqual(scene.reactor.getDelayedCalls(), []);
    },
  );

  contract.add('reports a refusal after connectTCP has returned', async (scene) => {
    const port = await scene.closedPort();
    const factory = scene.recorders();
    const connector = scene.connect(port, factory);
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
    assert.deepEqual([reason.host, reason.port], [scene.host, port]);
    assert.equal(connector.state, 'disconnected');
  });

  contract.add('a connector returns its destination', (scene) => {
    const connector = scene.connect(9);
    assert.deepEqual(connector.getDestination(), { host: scene.host, port: 9 });
    connector.stopConnecting();
  });
}

function addClientFactoryCases(contract: ReactorCases): void {
  contract.add(
    'closes a connection for which the client factory has no protocol',
    async (scene) => {
      const server = scene.recorders();
      const factory = new RecordingFactory<never>(() => null);
      const connector = scene.connect(scene.listen(server).getHost().port, factory);
      await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
      await scene.until(() => server.built[0]?.reason !== undefined, 'the end');
      assert.equal(connector.state, 'disconnected');
      assert.equal(scene.reactor.statistics().connectionsOpen, 0);
    },
  );

  contract.add('reports errors of a client factory, and stops it', async (scene) => {
    const error = new Error('no protocol today');
    const factory = new RecordingFactory<never>(() => {
      throw error;
    });
    const connector = scene.connect(scene.listen().getHost().port, factory);
    await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
    assert.equal(connector.state, 'disconnected');
    assert.deepEqual(scene.takeErrors(), [error]);
    await scene.settle();
  });

  for (const method of ['clientConnectionFailed', 'clientConnectionLost'] as const) {
    contract.add(`reports the rejection of an asynchronous ${method}`, async (scene) => {
      const error = new Error(`out of an asynchronous ${method}`);
      const factory = scene.recorders({ connectionMade: (self) => self.call('loseConnection') });
      factory.hooks[method] = () => Promise.reject(error);
      const lost = method === 'clientConnectionLost';
      scene.connect(lost ? scene.listen().getHost().port : await scene.closedPort(), factory);
      await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
      await scene.settle();
      assert.deepEqual(scene.takeErrors(), [error]);
    });

    contract.add(`reports errors of ${method}, and stops the factory`, async (scene) => {
      const error = new Error(`out of ${method}`);
      const factory = scene.recorders({ connectionMade: (self) => self.call('loseConnection') });
      factory.hooks[method] = () => {
        throw error;
      };
      const lost = method === 'clientConnectionLost';
      scene.connect(lost ? scene.listen().getHost().port : await scene.closedPort(), factory);
      await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
      assert.deepEqual(scene.takeErrors(), [error]);
      await scene.settle();
    });
  }
}

/** A factory without `clientConnectionFailed`. */
class SilentFactory extends ClientFactory {
  override buildProtocol(): null {
    return null;
  }

  stopped = 0;

  override stopFactory(): void {
    this.stopped += 1;
  }
}

function addUnhandledFailureCases(contract: ReactorCases): void {
  const wrappings: Record<string, (factory: ClientFactory) => FactoryLike> = {
    'factory does not handle that': (factory) => factory,
    'factory has no method for that': (factory) => ({
      buildProtocol: () => null,
      doStart: () => factory.doStart(),
      doStop: () => factory.doStop(),
    }),
    'wrapped factory does not handle that': (factory) => ({
      buildProtocol: () => null,
      doStart: () => factory.doStart(),
      doStop: () => factory.doStop(),
      clientConnectionFailed: (connector, reason) =>
        factory.clientConnectionFailed(connector, reason),
    }),
  };
  for (const [which, wrap] of Object.entries(wrappings)) {
    contract.add(`reports a failed connection once if the ${which}`, async (scene) => {
      const port = await scene.closedPort();
      const factory = new SilentFactory();
      const connector = scene.connect(port, wrap(factory));
      for (const attempts of [1, 2]) {
        await scene.until(() => factory.stopped === attempts, 'the end of an attempt');
        if (attempts === 1) connector.connect();
      }
      const [error, ...more] = scene.takeErrors();
      assert(error instanceof ConnectionRefusedError);
      assert.deepEqual([error.host, error.port, more], [scene.host, port, []]);
      await scene.settle();
    });
  }

  contract.add('does not report a cancelled attempt', async (scene) => {
    const { port } = scene.listen().getHost();
    const factory = new SilentFactory();
    scene.connect(port, factory).stopConnecting();
    await scene.until(() => factory.stopped > 0, 'the end');
    assert.deepEqual(scene.takeErrors(), []);
  });

  contract.add(
    'does not report a failure that an override handles, even if it calls super',
    async (scene) => {
      class Handling extends SilentFactory {
        override clientConnectionFailed(connector: Connector, reason: Error): void {
          super.clientConnectionFailed(connector, reason);
        }
      }
      const factory = new Handling();
      scene.connect(await scene.closedPort(), factory);
      await scene.until(() => factory.stopped > 0, 'the end');
      assert.deepEqual(scene.takeErrors(), []);
    },
  );
}

function addConnectorCases(contract: ReactorCases): void {
  contract.add(
    'stopConnecting ends an attempt, with the callback in a later turn',
    async (scene) => {
      const { port } = scene.listen().getHost();
      const [first, second] = [scene.recorders(), scene.recorders()];
      second.hooks.startedConnecting = (it) => it.stopConnecting();
      const connector = scene.connect(port, first);
      connector.stopConnecting();
      first.note('returned');
      scene.connect(port, second);
      second.note('returned');
      for (const factory of [first, second]) {
        await scene.until(() => factory.count('stopFactory') > 0, 'stopFactory');
        assert(factory.reasons[0] instanceof ConnectingCancelledError);
        assert.equal(factory.count('client'), 1);
        assert.equal(factory.log[3], 'returned');
      }
      assert.equal(connector.state, 'disconnected');
    },
  );

  contract.add('allows stopConnecting only while it connects', async (scene) => {
    const { connector, client } = await scene.pair();
    assert.throws(() => connector.stopConnecting(), ConnectorStateError);
    client.call('abortConnection');
    await scene.until(() => connector.state === 'disconnected', 'the end');
    assert.throws(() => connector.stopConnecting(), ConnectorStateError);
  });

  contract.add('allows connect only while it is disconnected', async (scene) => {
    const { connector } = await scene.pair();
    assert.throws(() => connector.connect(), ConnectorStateError);
    const factory = scene.recorders();
    const connecting = scene.connect(await scene.closedPort(), factory);
    assert.throws(() => connecting.connect(), ConnectorStateError);
    await scene.until(() => factory.reasons.length > 0, 'a refusal');
  });

  contract.add('connects again if clientConnectionLost calls connect', async (scene) => {
    const { client, clientFactory, serverFactory } = await scene.pair();
    clientFactory.hooks.clientConnectionLost = (connector) => {
      if (clientFactory.built.length < 3) connector.connect();
    };
    client.call('abortConnection');
    await scene.until(() => clientFactory.built[1]?.opened === true, 'a second connection');
    clientFactory.built[1]?.call('loseConnection');
    await scene.until(() => serverFactory.built.length === 3, 'a third connection');
    assert.equal(clientFactory.count('stopFactory'), 0);
  });

  contract.add('disconnect closes cleanly, and does nothing when disconnected', async (scene) => {
    const { connector, client, server } = await scene.pair();
    connector.disconnect();
    await scene.until(() => client.lostCount + server.lostCount === 2, 'both ends');
    assert.deepEqual(
      [client.reason?.name, server.reason?.name],
      ['ConnectionDone', 'ConnectionDone'],
    );
    connector.disconnect();
    await scene.settle();
    assert.equal(connector.state, 'disconnected');
  });
}

function addRefusalCases(contract: ReactorCases): void {
  for (const port of [-1, 65_536, 1.5, Number.NaN]) {
    contract.add(`refuses port ${port}`, (scene) => {
      const factory = scene.recorders();
      assert.throws(() => scene.reactor.listenTCP(port, factory), InvalidArgumentValueError);
      assert.throws(() => scene.connect(port, factory), InvalidArgumentValueError);
      assert.equal(factory.users, 0);
    });
  }

  for (const port of ['80', null, undefined, 80n]) {
    contract.add(`refuses a port that is not a number: ${typeof port} ${port}`, (scene) => {
      const factory = scene.recorders();
      const { reactor, host } = scene;
      assert.throws(() => reactor.listenTCP(port as never, factory), InvalidArgumentTypeError);
      assert.throws(
        () => reactor.connectTCP(host, port as never, factory),
        InvalidArgumentTypeError,
      );
    });
  }

  contract.add('refuses hosts that are URLs or cannot be names, with advice', (scene) => {
    const factory = scene.recorders();
    for (const [host, advice] of NOT_HOSTS) {
      const message = `must be a name or an IP address, not ${JSON.stringify(host)}: ${advice}`;
      assert.throws(
        () => scene.reactor.connectTCP(host, 9, factory),
        (error) => error instanceof InvalidArgumentValueError && error.message.endsWith(message),
        host,
      );
      if (host === '') continue;
      const listen = (): unknown => scene.reactor.listenTCP(0, factory, { interface: host });
      assert.throws(listen, InvalidArgumentValueError, host);
    }
    for (const host of ['a'.repeat(2_000), `fe80::1%${'a'.repeat(1_992)}`]) {
      const message =
        /^host must be a name or an IP address, not ".{40}…": it has 2000 characters$/;
      assert.throws(() => scene.reactor.connectTCP(host, 9, factory), { message });
    }
    assert.equal(factory.users, 0);
  });

  for (const [what, factory] of Object.entries({ null: null, undefined, object: {}, number: 5 })) {
    contract.add(`refuses an invalid factory: ${what}`, ({ reactor, host }) => {
      assert.throws(() => reactor.listenTCP(0, factory as never), InvalidArgumentTypeError);
      assert.throws(() => reactor.connectTCP(host, 9, factory as never), InvalidArgumentTypeError);
    });
  }
}

/** `connect` of client endpoints, in every state of an attempt: on a reactor without a network. */
import { describe, expect, it } from 'vitest';
import {
  ClientFactory,
  ConnectingCancelledError,
  ConnectionRefusedError,
  type Connector,
  connectProtocol,
  type Deferred,
  DNSLookupError,
  HostnameEndpoint,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  NoProtocolError,
  Protocol,
  ReactorStoppingError,
  type StreamProtocol,
  TCPClientEndpoint,
  UNIXClientEndpoint,
  WrappingFactory,
} from '../../src/index.js';
import {
  AccumulatingProtocol,
  assertNoResult,
  failureResultOf,
  MemoryReactor,
  successResultOf,
} from '../../src/testing/index.js';

class Noting extends ClientFactory {
  readonly log: string[] = [];
  build: () => StreamProtocol | null = () => new AccumulatingProtocol();

  override buildProtocol(): StreamProtocol | null {
    return this.build();
  }
  override startFactory(): void {
    this.log.push('startFactory');
  }
  override stopFactory(): void {
    this.log.push('stopFactory');
  }
  override startedConnecting(): void {
    this.log.push('startedConnecting');
  }
  override clientConnectionFailed(_connector: Connector, reason: Error): void {
    this.log.push(`clientConnectionFailed ${reason.name}`);
  }
  override clientConnectionLost(_connector: Connector, reason: Error): void {
    this.log.push(`clientConnectionLost ${reason.name}`);
  }
}

class Scene {
  readonly reports: unknown[] = [];
  readonly reactor: MemoryReactor = new MemoryReactor({
    reportError: (error) => this.reports.push(error),
  });
  readonly endpoint: HostnameEndpoint = new HostnameEndpoint(this.reactor, 'example.com', 80);
  readonly factory: Noting = new Noting();

  accept(): void {
    this.reactor.tcpClients[0]?.accept();
  }
}

describe('the Deferred of connect', () => {
  it('fires with the protocol after its connectionMade', () => {
    const { reactor, endpoint, factory } = new Scene();
    const protocol = new AccumulatingProtocol();
    factory.build = () => protocol;
    const connecting = endpoint.connect(factory);
    let madeFirst = false;
    connecting.addCallback((result) => {
      madeFirst = protocol.connected;
      return result;
    });
    assertNoResult(connecting);
    const transport = reactor.tcpClients[0]?.accept();
    expect(madeFirst).toBe(true);
    expect(successResultOf(connecting)).toBe(protocol);
    transport?.receive('hello');
    expect(String(protocol.data)).toBe('hello');
    expect(factory.log).toEqual(['startFactory']);
    transport?.loseConnection();
    reactor.advance(0);
    expect(factory.log, 'no callback of clients').toEqual(['startFactory', 'stopFactory']);
  });

  it('connects as often as it is asked to', () => {
    const { reactor, endpoint } = new Scene();
    const [one, two] = [endpoint.connect(Protocol), endpoint.connect(Protocol)];
    reactor.tcpClients[1]?.accept();
    assertNoResult(one);
    reactor.tcpClients[0]?.accept();
    expect(successResultOf(one)).not.toBe(successResultOf(two));
  });

  it('fires even if connectionMade closes the connection', () => {
    const scene = new Scene();
    const connecting = scene.endpoint.connect(() => ({
      connectionMade: (transport) => transport.abortConnection(),
    }));
    scene.accept();
    expect(successResultOf(connecting)).toBeInstanceOf(Protocol);
  });

  it('fails with the failure of the attempt', () => {
    const { reactor, endpoint, factory, reports } = new Scene();
    const connecting = endpoint.connect(factory);
    reactor.tcpClients[0]?.refuse();
    failureResultOf(connecting, ConnectionRefusedError);
    expect(factory.log).toEqual(['startFactory', 'stopFactory']);
    expect(reports).toEqual([]);
  });

  it('fails with the failure of the look-up', () => {
    const { reactor, endpoint } = new Scene();
    reactor.installNameResolver({
      resolveHostName: () => {
        throw new Error('out of order');
      },
    });
    const connecting = endpoint.connect(Protocol);
    reactor.advance(0);
    failureResultOf(connecting, DNSLookupError);
  });

  it('fails with NoProtocolError if buildProtocol returns null', () => {
    const scene = new Scene();
    scene.factory.build = () => null;
    const connecting = scene.endpoint.connect(scene.factory);
    scene.accept();
    const error = failureResultOf(connecting, NoProtocolError);
    expect(error).toMatchObject({ host: 'example.com', port: 80 });
    scene.reactor.advance(0);
    expect(scene.factory.log).toEqual(['startFactory', 'stopFactory']);
  });

  it.each([
    ['throws', new Error('no protocol today')],
    ['returns no protocol', new InvalidArgumentTypeError('a', 'b', 5)],
  ])('fails with the error if buildProtocol %s, which is not reported too', (_how, thrown) => {
    const scene = new Scene();
    scene.factory.build = () => {
      throw thrown;
    };
    const connecting = scene.endpoint.connect(scene.factory);
    scene.accept();
    expect(failureResultOf(connecting)).toBe(thrown);
    scene.reactor.advance(0);
    expect(scene.reports).toEqual([]);
    expect(scene.factory.log.at(-1)).toBe('stopFactory');
  });

  it('fails with the error that connectionMade throws', () => {
    const scene = new Scene();
    const thrown = new Error('not now');
    const connecting = scene.endpoint.connect(() => ({
      connectionMade: () => {
        throw thrown;
      },
    }));
    scene.accept();
    scene.reactor.advance(0);
    expect(failureResultOf(connecting)).toBe(thrown);
    expect(scene.reports).toEqual([thrown]);
  });

  it('fails if doStart throws', () => {
    const { endpoint, factory } = new Scene();
    factory.startFactory = () => {
      throw new Error('not ready');
    };
    expect(failureResultOf(endpoint.connect(factory))).toMatchObject({ message: 'not ready' });
  });

  it('fails while the reactor stops', async () => {
    const { reactor, endpoint } = new Scene();
    const stopped = reactor.run();
    const late: unknown[] = [];
    reactor.addSystemEventTrigger('during', 'shutdown', () => {
      endpoint.connect(Protocol).addErrback(({ value }) => late.push(value));
    });
    reactor.stop();
    reactor.advance(0);
    await stopped;
    expect(late).toEqual([expect.any(ReactorStoppingError)]);
  });

  it('throws for a value that is no factory', () => {
    const { endpoint } = new Scene();
    for (const wrong of [null, {}, 5, new Protocol()]) {
      expect(() => endpoint.connect(wrong as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it('passes through factories that wrap others', () => {
    const { reactor } = new Scene();
    // As a policy between the endpoint and the reactor would do.
    const wrapping = new HostnameEndpoint(
      {
        listenTCP: reactor.listenTCP.bind(reactor),
        connectTCP: (host, port, factory) =>
          reactor.connectTCP(host, port, new WrappingFactory(factory)),
      },
      'example.com',
      80,
    );
    const protocol = new AccumulatingProtocol();
    const connecting = connectProtocol(wrapping, protocol);
    reactor.tcpClients[0]?.accept();
    expect(successResultOf(connecting)).toBe(protocol);
  });
});

describe('cancelling connect', () => {
  it('fails it at once and ends the attempt', () => {
    const { reactor, endpoint, factory } = new Scene();
    const connecting = endpoint.connect(factory);
    connecting.cancel();
    const error = failureResultOf(connecting, ConnectingCancelledError);
    expect(error).toMatchObject({ host: 'example.com', port: 80 });
    reactor.advance(0);
    expect(reactor.tcpClients[0]?.connector.state).toBe('disconnected');
    expect(factory.log).toEqual(['startFactory', 'stopFactory']);
  });

  it('in buildProtocol closes the connection without a protocol', () => {
    const scene = new Scene();
    const protocol = new AccumulatingProtocol();
    const connecting = scene.endpoint.connect(() => {
      connecting.cancel();
      return protocol;
    });
    scene.accept();
    failureResultOf(connecting, ConnectingCancelledError);
    scene.reactor.advance(0);
    expect(protocol.closedReason, 'it never had a connection').toBeUndefined();
    expect(scene.reactor.tcpClients[0]?.connector.state).toBe('disconnected');
  });

  it('in connectionMade closes the connection', () => {
    const scene = new Scene();
    let reason: Error | undefined;
    const connecting: Deferred<Protocol> = scene.endpoint.connect(() => ({
      connectionMade: () => connecting.cancel(),
      connectionLost: (why) => {
        reason = why;
      },
    }));
    scene.accept();
    failureResultOf(connecting, ConnectingCancelledError);
    scene.reactor.advance(0);
    expect(reason?.name).toBe('ConnectionDone');
  });

  it('does nothing after the connection was made', () => {
    const scene = new Scene();
    const protocol = new AccumulatingProtocol();
    const connecting = connectProtocol(scene.endpoint, protocol);
    scene.accept();
    connecting.cancel();
    scene.reactor.advance(0);
    expect(protocol.connected).toBe(true);
    successResultOf(connecting);
  });

  it('works by a signal', () => {
    const { reactor, endpoint } = new Scene();
    const controller = new AbortController();
    const connecting = endpoint.connect(Protocol).cancelOn(controller.signal);
    controller.abort();
    failureResultOf(connecting, ConnectingCancelledError);
    reactor.advance(0);
    expect(reactor.connectors.size).toBe(0);
  });
});

describe('client endpoints', () => {
  it('connect to an address only, as a TCPClientEndpoint', () => {
    const { reactor } = new Scene();
    expect(() => new TCPClientEndpoint(reactor, 'example.com', 80)).toThrow(
      'HostnameEndpoint connects to names',
    );
    const connecting = new TCPClientEndpoint(reactor, '2001:db8::1', 80).connect(Protocol);
    reactor.tcpClients[0]?.accept();
    expect(successResultOf(connecting).transport.getPeer()).toMatchObject({ host: '2001:db8::1' });
  });

  it('connect to a path', () => {
    const { reactor } = new Scene();
    const connecting = new UNIXClientEndpoint(reactor, '/run/x').connect(AccumulatingProtocol);
    reactor.unixClients[0]?.accept();
    expect(successResultOf(connecting)).toBeInstanceOf(AccumulatingProtocol);
    const refused = new UNIXClientEndpoint(reactor, '/run/x').connect(Protocol);
    reactor.unixClients[1]?.refuse();
    expect(failureResultOf(refused, ConnectionRefusedError)).toMatchObject({ path: '/run/x' });
  });

  it('check their arguments when they are made', () => {
    const { reactor } = new Scene();
    expect(() => new HostnameEndpoint(reactor, 'example.com', -1)).toThrow(
      InvalidArgumentValueError,
    );
    expect(() => new HostnameEndpoint(reactor, 'a/b', 80)).toThrow(InvalidArgumentValueError);
    expect(() => new HostnameEndpoint(reactor, '::1', 80, { family: 'IPv4' })).toThrow(
      InvalidArgumentValueError,
    );
    expect(() => new HostnameEndpoint(reactor, 'a', 80, { timeoutMs: -1 })).toThrow(
      InvalidArgumentValueError,
    );
    expect(() => new UNIXClientEndpoint(reactor, '')).toThrow(InvalidArgumentValueError);
  });

  it('have a text', () => {
    const { reactor } = new Scene();
    expect(String(new HostnameEndpoint(reactor, '::1', 80))).toBe('<TCP client endpoint [::1]:80>');
    expect(String(new UNIXClientEndpoint(reactor, '\0x'))).toBe('<UNIX client endpoint @x>');
  });
});

describe('connectProtocol', () => {
  it('connects this protocol', () => {
    const { reactor, endpoint } = new Scene();
    const protocol = new AccumulatingProtocol();
    const connecting = connectProtocol(endpoint, protocol);
    reactor.tcpClients[0]?.accept();
    expect(successResultOf(connecting)).toBe(protocol);
  });

  it('refuses other values', () => {
    const { endpoint } = new Scene();
    expect(() => connectProtocol({} as never, new Protocol())).toThrow(InvalidArgumentTypeError);
    for (const wrong of [null, {}, Protocol]) {
      expect(() => connectProtocol(endpoint, wrong as never)).toThrow(InvalidArgumentTypeError);
    }
  });
});

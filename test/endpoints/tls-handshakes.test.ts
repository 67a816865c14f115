/** Client endpoints of TLS: an attempt to connect includes the handshake. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CancelledError,
  ClientService,
  clientFromString,
  connectProtocol,
  Deferred,
  ProxyProtocolClientEndpoint,
  ProxyProtocolServerEndpoint,
  type StreamClientEndpoint,
  TCPClientEndpoint,
  TCPServerEndpoint,
  TLSTruncatedError,
  type Transport,
  wrapClientTLS,
  wrapServerTLS,
} from '../../src/index.js';
import type { TLSClientOptions, TLSServerOptions } from '../../src/tls/index.js';
import { Authority } from '../support/certificates.js';
import { within } from '../support/deadline.js';
import { RawServer } from '../support/raw-peer.js';
import {
  authority,
  clientContext,
  HOSTNAME,
  KINDS,
  Network,
  serverContext,
  Talker,
} from '../tls/secured.js';

const stranger = await Authority.make('Strange');

describe.each(KINDS)('connecting through TLS by $name', (kind) => {
  const { engine } = kind;
  let network: Network;
  let servers: Talker[];

  beforeEach(() => {
    network = new Network(kind);
    servers = [];
  });

  afterEach(() => network[Symbol.asyncDispose]());

  function listen(options: TLSServerOptions = {}, greeting?: string): number {
    return network.listen(serverContext({ engine, ...options }), () => {
      const server = new Talker({
        made: ({ transport }) => greeting !== undefined && transport.write(greeting),
      });
      servers.push(server);
      return server;
    });
  }

  function endpoint(port: number, options: TLSClientOptions = {}): StreamClientEndpoint {
    const tcp = new TCPClientEndpoint(network.reactor, '127.0.0.1', port);
    return wrapClientTLS(clientContext({ engine, ...options }), tcp, { hostname: HOSTNAME });
  }

  async function failure(connecting: PromiseLike<unknown>): Promise<Error> {
    const failed = Promise.resolve(connecting).then(
      () => new Error('it connects'),
      (error: Error) => error,
    );
    return within(failed, 'the failure to connect');
  }

  it('waits for the handshake, and for handshakeCompleted of the protocol', async () => {
    const port = listen({}, 'hello');
    const seen: unknown[] = [];
    const talker = new Talker({
      made: ({ transport }) => transport.write('early'),
      received: ({ text }) => seen.push(text),
    });
    const connecting = connectProtocol(endpoint(port), talker).addCallback((protocol) => {
      seen.push([...talker.log], talker.tls.handshakeComplete);
      return protocol;
    });
    expect(await within(connecting, 'a connection')).toBe(talker);
    await talker.received('hello');
    // No data comes before the Deferred has fired.
    expect(seen).toEqual([['made', 'secured'], true, 'hello']);
    // Nothing remains between the transport and the protocol.
    expect(talker.transport).toMatchObject({ protocol: talker });
    const [server] = servers;
    await server?.received('early');
    talker.transport.loseConnection();
    expect((await talker.lost()).name).toBe('ConnectionDone');
  });

  it('fails with the reason of connectionLost if the certificate is refused', async () => {
    const port = listen();
    const talker = new Talker();
    const roots = { trustRoots: stranger.certificate };
    const error = await failure(connectProtocol(endpoint(port, roots), talker));
    expect(error).toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
    expect(talker.reason).toBe(error);
    expect(talker.log).toEqual(['made', 'lost']);
  });

  it('fails if the peer ends or does not answer', async () => {
    await using silent = await RawServer.listen();
    const limited = endpoint(silent.port, { handshakeTimeoutMs: 20 });
    expect(await failure(connectProtocol(limited, new Talker()))).toMatchObject({
      code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
    });
    const ending = failure(connectProtocol(endpoint(silent.port), new Talker()));
    const peer = await silent.peer(1);
    peer.end();
    expect(await ending).toBeInstanceOf(TLSTruncatedError);
  });

  it('fails with the error that handshakeCompleted threw', async () => {
    const error = new Error('out of handshakeCompleted');
    const talker = new Talker({
      secured: () => {
        throw error;
      },
    });
    expect(await failure(connectProtocol(endpoint(listen()), talker))).toBe(error);
    expect(talker.reason).toBe(error);
    expect(network.reports).toEqual([error]);
  });

  it('can be cancelled during the handshake', async () => {
    await using silent = await RawServer.listen();
    const talker = new Talker();
    const connecting = connectProtocol(endpoint(silent.port), talker);
    const failing = failure(connecting);
    await silent.peer(0);
    await talker.until('connectionMade', () => talker.log.length > 0);
    connecting.cancel();
    expect(await failing).toMatchObject({
      code: 'ERR_CONNECTING_CANCELLED',
      host: '127.0.0.1',
      port: silent.port,
    });
    expect((await talker.lost()).name).toBe('ConnectionAborted');
  });

  it('secures protocols without handshakeCompleted, and connections with layers', async () => {
    const tcp = new TCPServerEndpoint(network.reactor, 0, { interface: '127.0.0.1' });
    const server = serverContext({ engine });
    const proxied = new ProxyProtocolServerEndpoint(tcp, {
      clock: network.reactor,
      trustedPeers: ['127.0.0.1'],
    });
    const listening = await wrapServerTLS(server, wrapServerTLS(server, proxied)).listen(() => {
      const talker = new Talker({ received: ({ text, transport }) => transport.write(text) });
      servers.push(talker);
      return talker;
    });
    const { port } = listening.getHost() as { port: number };
    const client = clientContext({ engine });
    const outer = new ProxyProtocolClientEndpoint(
      new TCPClientEndpoint(network.reactor, '127.0.0.1', port),
    );
    const options = { hostname: HOSTNAME };
    const inner = wrapClientTLS(client, wrapClientTLS(client, outer, options), options);
    let answer = '';
    const answered = new Deferred<void>();
    const plain = {
      transport: undefined as Transport | undefined,
      makeConnection(transport: Transport): void {
        plain.transport = transport;
      },
      dataReceived(data: Buffer): void {
        answer += data;
        if (answer === 'hello') answered.callback();
      },
      connectionLost(): void {},
    };
    const connected = await within(connectProtocol(inner, plain), 'a connection');
    expect(connected).toBe(plain);
    plain.transport?.write('hello');
    await within(answered, 'the answer');
    plain.transport?.abortConnection();
  });

  describe('a client service', () => {
    function service(
      through: StreamClientEndpoint,
      onFailure: (error: Error) => void,
    ): ClientService<typeof Talker> {
      const made = new ClientService(through, Talker, {
        clock: network.reactor,
        retryPolicy: () => 1,
        onFailure,
      });
      made.startService();
      return made;
    }

    it('counts refused certificates as failures, and connects once one is accepted', async () => {
      const port = listen();
      const failures: (string | undefined)[] = [];
      const context = clientContext({ engine, trustRoots: stranger.certificate });
      const tcp = new TCPClientEndpoint(network.reactor, '127.0.0.1', port);
      const refusing = service(wrapClientTLS(context, tcp, { hostname: HOSTNAME }), (error) => {
        failures.push((error as Error & { code?: string }).code);
        const trustRoots = authority.certificate;
        if (failures.length === 3) context.reload({ trustRoots });
      });
      const error = await failure(refusing.whenConnected({ failAfterFailures: 2 }));
      expect(error).toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
      const talker = await within(refusing.whenConnected(), 'a connection');
      expect(talker.tls.handshakeComplete).toBe(true);
      expect(failures).toEqual(Array(3).fill('ERR_TLS_CERTIFICATE'));
      await within(refusing.stopService(), 'the stop');
      expect(talker.reason?.name).toBe('ConnectionDone');
    });

    it('stops during a handshake, when the connection is gone', async () => {
      await using silent = await RawServer.listen();
      const made = new Deferred<void>();
      const talker = new Talker({ made: () => made.callback() });
      const stopping = new ClientService(endpoint(silent.port), () => talker, {
        clock: network.reactor,
      });
      stopping.startService();
      const waiting = failure(stopping.whenConnected());
      await within(made, 'connectionMade');
      expect(stopping.state).toBe('connecting');
      await within(stopping.stopService(), 'the stop');
      expect(stopping.state).toBe('stopped');
      expect(talker.reason?.name).toBe('ConnectionAborted');
      expect(await waiting).toBeInstanceOf(CancelledError);
    });
  });

  it('by a string fails like by an object', async () => {
    const error = await failure(
      connectProtocol(clientFromString(network.reactor, `tls:127.0.0.1:${listen()}`), new Talker()),
    );
    expect(error).toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
  });
});

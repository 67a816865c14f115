/** PROXY headers over the real reactors: the transport contract behind one, and both ends together. */
import { describe, expect, it } from 'vitest';
import { IPv4Address } from '../../../src/core/address.js';
import type { Clock } from '../../../src/core/clock.js';
import type { FactoryLike } from '../../../src/core/factory.js';
import type { StreamProtocol } from '../../../src/core/stream-protocol.js';
import type { SocketTransport } from '../../../src/core/transport.js';
import { reportError } from '../../../src/internal/error-report.js';
import type { ProtocolWrapper } from '../../../src/policies/protocol-wrapper.js';
import { ProxyProtocolClientFactory } from '../../../src/protocols/proxy-protocol/client.js';
import { proxyHeaderOf } from '../../../src/protocols/proxy-protocol/protocol.js';
import type { ProxyHeaderOptions } from '../../../src/protocols/proxy-protocol/serializer.js';
import { ProxyProtocolFactory } from '../../../src/protocols/proxy-protocol/server.js';
import { NativeTLSTransport } from '../../../src/reactor/native/tls-transport.js';
import { inRealTime } from '../../../src/testing/contracts/reactor/reactor-stage.js';
import type { MakePair } from '../../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../../src/testing/contracts/transport/transport-contract.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import {
  TLSClientContext,
  TLSClientFactory,
  TLSServerContext,
  TLSServerFactory,
} from '../../../src/tls/index.js';
import { Authority } from '../../support/certificates.js';
import { contract, portOf } from '../../support/contract.js';
import { listenLocal } from '../../support/pairs.js';
import { RawPeer } from '../../support/raw-peer.js';
import { REACTORS } from '../../support/reactors.js';
import { Recorder, recorders } from '../../support/recorder.js';
import { stageOf } from '../../testing/simulated-stage.js';

const CLIENT = new IPv4Address('TCP', '203.0.113.9', 4711);
const SERVICE = new IPv4Address('TCP', '198.51.100.1', 25);

/** Both ends of a connection: the client sends a header, the server reads it. */
function clientFactory(protocol: StreamProtocol): FactoryLike {
  return new ProxyProtocolClientFactory(() => protocol, { checksum: true });
}

function serverFactory(protocol: StreamProtocol, clock: Clock): FactoryLike {
  return new ProxyProtocolFactory(() => protocol, { clock, trustedPeers: 'everybody' });
}

// One reactor is enough, and one network that splits everything: the wrapper does not know them.
describe.each(REACTORS.slice(0, 1))(
  'the transport contract on $name, behind a PROXY header',
  ({ make }) => {
    const makeStage = inRealTime(() => make());
    const makePair: MakePair = (client, server) => {
      const stage = makeStage();
      const { reactor, host } = stage;
      const listening = reactor.listenTCP(0, serverFactory(server, reactor), { interface: host });
      reactor.connectTCP(host, listening.getHost().port, clientFactory(client));
      return stage;
    };
    for (const { name, run } of transportContract(makePair)) it(name, run);
  },
);

describe('the transport contract over a simulated network, behind a PROXY header', () => {
  const makePair: MakePair = (client, server) => {
    const faults = { latencyMs: [0, 5] as const, split: 0.2 };
    const simulation = new Simulation({ faults, reportError, trace: 'connections' });
    const [here, there] = [simulation.host('client'), simulation.host('server')];
    there.listenTCP(7, serverFactory(server, there));
    here.connectTCP('server', 7, clientFactory(client));
    return stageOf(simulation, ['client', 'server']);
  };
  const options = { overflowBytes: 1_000_000, poisonsLentBytes: true };
  for (const { name, run } of transportContract(makePair, options)) it(name, run);
});

contract('connections with a PROXY header', (rig) => {
  function serve(factory: FactoryLike): number {
    const options = { clock: rig.reactor, trustedPeers: ['127.0.0.1'] };
    return portOf(listenLocal(rig.reactor, new ProxyProtocolFactory(factory, options)));
  }

  it.each<[string, ProxyHeaderOptions]>([
    ['version 1', { version: 1, source: CLIENT, destination: SERVICE }],
    ['version 2', { source: CLIENT, destination: SERVICE, authority: 'a.example', checksum: true }],
  ])('have the addresses of the header: %s', async (_name, header) => {
    const servers = recorders({ dataReceived: (data, self) => self.transport.write(data) });
    const port = serve(servers);
    const client = new Recorder({ connectionMade: (self) => self.transport.write('hello') });
    const factory = new ProxyProtocolClientFactory(() => client, header);
    rig.reactor.connectTCP('127.0.0.1', port, factory);
    expect(String(await client.receive(5))).toBe('hello');
    const server = await servers.protocol();
    expect(server.transport.getPeer()).toEqual(CLIENT);
    expect(server.transport.getHost()).toEqual(SERVICE);
    expect(proxyHeaderOf(server.transport)?.authority).toBe(header.authority);
    client.transport.loseConnection();
    await server.lost();
  });

  it('have the addresses of the connection if a client gives none', async () => {
    const servers = recorders();
    const port = serve(servers);
    const client = new Recorder();
    rig.reactor.connectTCP('127.0.0.1', port, new ProxyProtocolClientFactory(() => client));
    const server = await servers.protocol();
    await server.made();
    expect(proxyHeaderOf(server.transport)?.source).toEqual(client.transport.getHost());
    expect(server.transport.getPeer()).toEqual(client.transport.getHost());
    expect(server.transport.getHost()).toEqual(client.transport.getPeer());
    client.transport.loseConnection();
    await server.lost();
  });

  it('end without an answer if they begin with something else', async () => {
    const peer = rig.use(await RawPeer.connect(serve(recorders())));
    peer.write('GET / HTTP/1.1\r\n\r\n');
    await peer.untilEnded();
    expect(peer.received.toString()).toBe('');
  });

  it('do TLS behind the header, also if the first bytes come with it', async () => {
    const authority = await Authority.make();
    const identity = await authority.issue('app.example', { names: ['app.example'] });
    const context = new TLSServerContext({ identity });
    const trust = { trustRoots: authority.certificate };
    const clientContext = new TLSClientContext(trust);
    const servers = recorders({ dataReceived: (data, self) => self.transport.write(data) });
    const port = serve(new TLSServerFactory(context, servers));
    const client = new Recorder({ connectionMade: (self) => self.transport.write('hello') });
    const secured = new TLSClientFactory(clientContext, () => client, { hostname: 'app.example' });
    const header = { source: CLIENT, destination: SERVICE };
    // The header and the client's hello are written in one turn.
    rig.reactor.connectTCP('127.0.0.1', port, new ProxyProtocolClientFactory(secured, header));
    expect(String(await client.receive(5))).toBe('hello');
    const server = await servers.protocol();
    expect(server.transport.getPeer()).toEqual(CLIENT);
    expect(server.transport.tls?.handshakeComplete).toBe(true);
    expect(proxyHeaderOf(server.transport)?.source).toEqual(CLIENT);
    // The native reactor decrypts itself: there is no layer above its transport.
    const below = (server.transport as ProtocolWrapper).transport;
    expect(below instanceof NativeTLSTransport).toBe(rig.native);
    client.transport.loseConnection();
    await server.lost();
    context.close();
  });

  it('end if plaintext comes before a later startTLS', async () => {
    const authority = await Authority.make();
    const context = new TLSServerContext({ identity: await authority.issue('app.example') });
    const servers = recorders({
      connectionMade: (self) => self.transport.pauseProducing(),
    });
    const peer = rig.use(await RawPeer.connect(serve(servers)));
    peer.write('PROXY UNKNOWN\r\ninjected');
    const server = await servers.protocol();
    await server.made();
    server.transport.startTLS(context);
    expect((await server.lost()).name).toBe('PlaintextBeforeTLSError');
    await peer.untilEnded();
    context.close();
  });

  it('keep undelivered bytes when they are detached', async ({ skip }) => {
    if (!rig.native) skip('the pure-JS reactor cannot detach');
    const servers = recorders({ connectionMade: (self) => self.transport.pauseProducing() });
    const peer = rig.use(await RawPeer.connect(serve(servers)));
    peer.write('PROXY UNKNOWN\r\nunread');
    const server = await servers.protocol();
    await server.made();
    using detached = await (server.transport as SocketTransport).detach();
    expect(detached.unread.toString()).toBe('unread');
    expect((await server.lost()).name).toBe('ConnectionDetached');
  });
});

it.each([
  { version: 3 },
  { version: 1, authority: 'a' },
  { source: CLIENT },
  { command: 'LOCAL', kind: 'stream' },
])('a client refuses the header %j when it is made', (header) => {
  const make = (): unknown =>
    new ProxyProtocolClientFactory(() => new Recorder(), header as ProxyHeaderOptions);
  expect(make).toThrow(/must be/);
});

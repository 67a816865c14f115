/** Connections between two protocols, and between a protocol and a raw peer. */
import type {
  Connector,
  ConnectTCPOptions,
  ListeningPort,
  ListenTCPOptions,
  Reactor,
} from '../../src/index.js';
import { patternedBytes } from '../../src/testing/contracts/patterned-bytes.js';
import { DEFAULT_OVERFLOW_BYTES } from '../../src/testing/contracts/transport/scene.js';
import { portOf, type Rig } from './contract.js';
import { RawPeer, RawServer } from './raw-peer.js';
import { Recorder, RecordingFactory } from './recorder.js';

export interface Pair {
  readonly client: Recorder;
  readonly server: Recorder;
  readonly connector: Connector;
  readonly listening: ListeningPort;
  readonly clientFactory: RecordingFactory;
}

export interface PairOptions {
  readonly client?: Recorder;
  readonly server?: Recorder;
  readonly listen?: ListenTCPOptions;
  readonly connect?: ConnectTCPOptions;
}

/** Two recorders of one reactor, connected over 127.0.0.1. */
export async function pair(rig: Rig, options: PairOptions = {}): Promise<Pair> {
  const server = options.server ?? new Recorder();
  const client = options.client ?? new Recorder();
  const serverFactory = new RecordingFactory(() => server);
  const clientFactory = new RecordingFactory(() => client);
  const listening = rig.reactor.listenTCP(0, serverFactory, {
    interface: '127.0.0.1',
    ...options.listen,
  });
  const connector = rig.reactor.connectTCP(
    '127.0.0.1',
    portOf(listening),
    clientFactory,
    options.connect,
  );
  await Promise.all([client.made(), server.made()]);
  return { client, server, connector, listening, clientFactory };
}

export interface ServedPeer {
  readonly protocol: Recorder;
  readonly peer: RawPeer;
  readonly listening: ListeningPort;
}

/** A raw peer connected to a listening port of the reactor. */
export async function served(
  rig: Rig,
  protocol: Recorder = new Recorder(),
  listen: ListenTCPOptions = {},
): Promise<ServedPeer> {
  const factory = new RecordingFactory(() => protocol);
  const listening = rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1', ...listen });
  const peer = rig.use(RawPeer.start(portOf(listening)));
  await protocol.made();
  await peer.until(() => peer.connected || peer.closed, 'connection to be made');
  return { protocol, peer, listening };
}

export interface ConnectedPeer {
  readonly protocol: Recorder;
  readonly peer: RawPeer;
  readonly connector: Connector;
  readonly factory: RecordingFactory;
}

/** A connection that the reactor made to a raw server. */
export async function connected(
  rig: Rig,
  protocol: Recorder = new Recorder(),
  connect: ConnectTCPOptions = {},
): Promise<ConnectedPeer> {
  const raw = rig.use(await RawServer.listen());
  const factory = new RecordingFactory(() => protocol);
  const connector = rig.reactor.connectTCP('127.0.0.1', raw.port, factory, connect);
  const peer = await raw.peer();
  await protocol.made();
  return { protocol, peer, connector, factory };
}

/** Listens on 127.0.0.1 with a factory and gives the port's number. */
export function listenLocal(
  reactor: Reactor,
  factory: Parameters<Reactor['listenTCP']>[1],
  options: ListenTCPOptions = {},
): ListeningPort {
  return reactor.listenTCP(0, factory, { interface: '127.0.0.1', ...options });
}

/** Sends back what it receives. */
export function echo(): Recorder {
  return new Recorder({ dataReceived: (data, self) => self.transport.write(data) });
}

/**
 * Settles after three round trips over a connection of its own: sockets have been looked at several times, so whatever
 * was to be delivered to others by then has been. Better than a sleep to show that something does not happen.
 */
export async function quietMoment(rig: Rig, reactor: Reactor = rig.reactor): Promise<void> {
  const listening = listenLocal(reactor, new RecordingFactory(() => echo()));
  const peer = await RawPeer.connect(portOf(listening));
  try {
    for (let trip = 1; trip <= 3; trip++) {
      peer.write('.');
      await peer.receive(trip);
      await rig.turns(2, reactor);
    }
  } finally {
    await peer[Symbol.asyncDispose]();
    await listening.stopListening();
  }
}

/** Bytes that differ from place to place, the same for the same seed. */
export const patterned = patternedBytes;

/**
 * More bytes than the socket buffers of both ends hold: some must wait. Over TCP on Linux they hold 4 to 7 MB, over UNIX
 * sockets 0.3 MB.
 */
export const HUGE: number = process.platform === 'linux' ? 16_000_000 : DEFAULT_OVERFLOW_BYTES;
export const HUGE_UNIX: number = process.platform === 'linux' ? 2_000_000 : DEFAULT_OVERFLOW_BYTES;

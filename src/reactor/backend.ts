/** The sockets that an implementation of the reactor provides, by facet. A facet that it omits is unsupported. */
import type { Reactor } from '../core/reactor.js';
import type { ReactorDescriptors } from '../core/reactor-descriptors.js';
import type { TurnHistogram } from '../core/reactor-introspection.js';
import type { AdoptedSockets } from './adoption/adopted-sockets.js';
import type { PipeSockets } from './adoption/pipe-sockets.js';
import type { UDPSockets, UNIXDatagramSockets } from './datagrams/datagram-sockets.js';
import type { OwnNameResolver } from './names/hosted-names.js';
import type { ChildProcesses } from './processes/child-processes.js';
import type { StreamTransport } from './streams/stream-transport.js';
import type { TCPSockets } from './streams/tcp-sockets.js';
import type { UNIXSockets } from './streams/unix-sockets.js';

/** Totals since the reactor was made. */
export interface Traffic {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly turns: number;
}

/** In milliseconds, since the last call; 0 if no turn was measured. */
export interface TurnPercentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ReactorBackend {
  readonly kind: Reactor['kind'];
  readonly poller: string;
  readonly tcp: TCPSockets;
  readonly unix?: UNIXSockets | undefined;
  readonly udp?: UDPSockets | undefined;
  readonly unixDatagrams?: UNIXDatagramSockets | undefined;
  readonly adopted?: AdoptedSockets | undefined;
  readonly processes?: ChildProcesses | undefined;
  readonly pipes?: PipeSockets | undefined;
  readonly descriptors?: ReactorDescriptors | undefined;
  /** The reason why the reactor has no threads, if so. */
  readonly noThreads?: string | undefined;
  /** Called once, when a name is resolved for the first time. */
  makeNameResolver(): OwnNameResolver;
  /** The transports whose protocol's `connectionLost` has not been called. */
  transports(): Iterable<StreamTransport>;
  /** The number of closed connections that linger because the peer is sending. None if omitted. */
  lingeringSenders?(): number;
  traffic(): Traffic;
  turnTimes(): TurnPercentiles;
  turnHistogram(): TurnHistogram;
  /** Releases everything else. Called once, when no socket is left. */
  release(): void;
}

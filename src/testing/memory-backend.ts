/** The sockets of a `MemoryReactor`: a test plays the other end of each. */

import { type Address, addressFrom, type SocketAddress, UNIXAddress } from '../core/address.js';
import type { UDPTransport } from '../core/datagram.js';
import { CannotListenError } from '../core/errors/listening.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { TurnHistogram } from '../core/reactor-introspection.js';
import { systemError } from '../internal/system-error.js';
import type { ReactorBackend, Traffic, TurnPercentiles } from '../reactor/backend.js';
import type { UDPSettings } from '../reactor/datagrams/datagram-settings.js';
import type { UDPSockets } from '../reactor/datagrams/datagram-sockets.js';
import type { UDPPort } from '../reactor/datagrams/udp-port.js';
import type { OwnNameResolver } from '../reactor/names/hosted-names.js';
import type { Dial, DialListener } from '../reactor/streams/dial.js';
import type { ListenSocket } from '../reactor/streams/listen-socket.js';
import type { StreamOwner } from '../reactor/streams/stream-owner.js';
import type { StreamTransport } from '../reactor/streams/stream-transport.js';
import type { TCPSockets } from '../reactor/streams/tcp-sockets.js';
import type { UNIXSockets } from '../reactor/streams/unix-sockets.js';
import type { TurnReactor } from '../reactor/time/turn-reactor.js';
import { NO_TURN_TIMES } from '../reactor/time/turn-times.js';
import type { ManualClock } from './manual-clock.js';
import { MemoryDatagramSocket, OWN_ADDRESS, type SentDatagram } from './memory-datagram-socket.js';
import { MemoryDescriptors } from './memory-descriptors.js';
import { MemoryTransport } from './memory-transport.js';
import { SimulatedNames } from './simulation/simulated-names.js';

/** The address of every name. */
const SERVER_ADDRESS = '192.0.2.10';
const FIRST_EPHEMERAL_PORT = 40_001;

const UNNAMED = new UNIXAddress('');

/** A connect(2) that the test has not answered. */
export interface PendingDial {
  readonly owner: StreamOwner;
  readonly listener: DialListener;
  readonly peer: SocketAddress;
  /** This end's address. */
  readonly host: Address;
}

export class MemoryBackend implements ReactorBackend {
  readonly kind = 'node';
  readonly poller = 'memory';
  readonly noThreads = 'a memory reactor has none: give the code under test a ThreadPool';
  readonly tcp: TCPSockets;
  readonly unix: UNIXSockets;
  readonly udp: UDPSockets;
  readonly descriptors: MemoryDescriptors;
  /** The transports that need turns. */
  readonly open: Set<MemoryTransport> = new Set();
  readonly datagramSockets: Map<UDPTransport, MemoryDatagramSocket> = new Map();
  readonly written: WeakMap<UDPTransport, SentDatagram[]> = new WeakMap();
  readonly #core: TurnReactor;
  readonly #clock: ManualClock;
  /** Names of open ports. */
  readonly #taken = new Set<string>();
  /** Oldest first. */
  readonly #dials = new Set<PendingDial>();
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(core: TurnReactor, clock: ManualClock) {
    this.#core = core;
    this.descriptors = new MemoryDescriptors(core.report);
    this.#clock = clock;
    this.tcp = {
      checkSupported: () => {},
      listen: (settings) => {
        const number = this.#take('tcp', settings);
        const address = addressFrom('TCP', settings.interface || OWN_ADDRESS, number);
        return this.#listenSocket(address, `tcp ${number}`);
      },
      dial: (address, port, { localAddress = OWN_ADDRESS, localPort }, owner, listener) =>
        this.#dial({
          owner,
          listener,
          peer: addressFrom('TCP', address, port),
          host: addressFrom('TCP', localAddress, localPort || this.nextPort()),
        }),
    };
    this.unix = {
      ownLocks: true,
      checkSupported: () => {},
      listen: ({ path }) => this.#listenUNIX(path),
      dial: ({ path }, owner, listener) =>
        this.#dial({ owner, listener, peer: new UNIXAddress(path), host: UNNAMED }),
    };
    this.udp = { bind: (settings, port) => this.#bindUDP(settings, port) };
  }

  /** An unused port number. */
  nextPort(): number {
    return this.#nextPort++;
  }

  /** @returns The oldest dial that a connector waits for, for the caller to answer. */
  takeDial(owner: StreamOwner): PendingDial | undefined {
    for (const dial of this.#dials) {
      if (dial.owner !== owner) continue;
      this.#dials.delete(dial);
      return dial;
    }
    return undefined;
  }

  /** @param host This end's address. */
  transport(owner: StreamOwner, peer: Address, host: Address): MemoryTransport {
    const ending: StreamOwner = {
      context: owner.context,
      localAddress: () => owner.localAddress(),
      connectionEnded: (ended, reason) => {
        this.open.delete(transport);
        owner.connectionEnded(ended, reason);
      },
    };
    const transport = new MemoryTransport(
      { peer, host, reportError: this.#core.report },
      ending,
      this.#core.clock,
    );
    return transport;
  }

  /** Gives a transport its turns, unless the application has closed it already. */
  keep(transport: MemoryTransport): MemoryTransport {
    if (transport.connected || transport.disconnecting) this.open.add(transport);
    return transport;
  }

  makeNameResolver(): OwnNameResolver {
    return new SimulatedNames(this.#clock, () => SERVER_ADDRESS);
  }

  transports(): Iterable<StreamTransport> {
    return this.open;
  }

  traffic(): Traffic {
    return { bytesReceived: 0, bytesSent: 0, turns: 0 };
  }

  turnTimes(): TurnPercentiles {
    return { p50Ms: 0, p99Ms: 0 };
  }

  turnHistogram(): TurnHistogram {
    return NO_TURN_TIMES;
  }

  release(): void {}

  #listenUNIX(path: string): ListenSocket {
    const address = new UNIXAddress(path);
    if (this.#taken.has(`unix ${path}`)) {
      throw new CannotListenError(address, { cause: systemError('bind', 'EADDRINUSE', path) });
    }
    this.#taken.add(`unix ${path}`);
    return this.#listenSocket(address, `unix ${path}`);
  }

  #bindUDP(settings: UDPSettings, port: UDPPort): MemoryDatagramSocket {
    const number = this.#take('udp', settings);
    const written = this.written.get(port) ?? [];
    this.written.set(port, written);
    const address = addressFrom('UDP', settings.interface || OWN_ADDRESS, number);
    const socket = new MemoryDatagramSocket(address, port, settings, written, {
      soon: (callback) => this.#core.soon(callback),
      closed: () => {
        this.#taken.delete(`udp ${number}`);
        this.datagramSockets.delete(port);
      },
    });
    this.datagramSockets.set(port, socket);
    return socket;
  }

  #dial(pending: PendingDial): Dial {
    this.#dials.add(pending);
    return { cancel: () => this.#dials.delete(pending) };
  }

  /** @returns The number of the port, which is now in use. */
  #take(protocol: 'tcp' | 'udp', settings: { port: number; interface: string }): number {
    const number = settings.port === 0 ? this.nextPort() : settings.port;
    if (this.#taken.has(`${protocol} ${number}`)) {
      const cause = systemError('listen', 'EADDRINUSE', settings.interface || '::', number);
      throw new CannotListenError({ ...settings, port: number }, { cause });
    }
    this.#taken.add(`${protocol} ${number}`);
    return number;
  }

  #listenSocket(address: Address, name: string): ListenSocket {
    return {
      address,
      fileno: () => {
        throw new UnsupportedError('fileno', 'sockets in memory have no descriptors');
      },
      close: () => this.#taken.delete(name),
    };
  }
}

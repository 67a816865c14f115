/** The sockets of a simulated reactor: those of the simulated network. */

import { addressFrom } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { AcceptError, CannotListenError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { TurnHistogram } from '../../core/reactor-introspection.js';
import type { ReactorBackend, Traffic, TurnPercentiles } from '../../reactor/backend.js';
import type { UDPSockets, UNIXDatagramSockets } from '../../reactor/datagrams/datagram-sockets.js';
import type { ReactorCore } from '../../reactor/life/reactor-core.js';
import type { OwnNameResolver } from '../../reactor/names/hosted-names.js';
import type { Dial, DialListener } from '../../reactor/streams/dial.js';
import type { ListenSocket } from '../../reactor/streams/listen-socket.js';
import type { StreamOwner } from '../../reactor/streams/stream-owner.js';
import type { StreamPort } from '../../reactor/streams/stream-port.js';
import type { StreamTransport } from '../../reactor/streams/stream-transport.js';
import type { ConnectSettings, ListenSettings } from '../../reactor/streams/tcp-settings.js';
import type { TCPSockets } from '../../reactor/streams/tcp-sockets.js';
import type { UNIXSockets } from '../../reactor/streams/unix-sockets.js';
import { NO_TURN_TIMES } from '../../reactor/time/turn-times.js';
import type { PumpPolicy } from '../pump-policy.js';
import { SimulatedUDPSocket } from './datagrams/simulated-udp-socket.js';
import { SimulatedUNIXDatagramSocket } from './datagrams/simulated-unix-datagram-socket.js';
import type { Host, Listener } from './host.js';
import type { Network } from './network.js';
import { SimulatedNames } from './simulated-names.js';
import { SimulatedSockets } from './simulated-sockets.js';
import { SimulatedTransport } from './simulated-transport.js';
import { SimulatedUNIX } from './simulated-unix.js';

/** The place of a simulated reactor. */
export interface SimulatedPlace {
  readonly clock: Clock;
  readonly network: Network;
  readonly host: Host;
  /** How writes become pieces. Default: each is one. */
  readonly pumpPolicy?: PumpPolicy | undefined;
}

export class SimulatedBackend implements ReactorBackend, TCPSockets {
  readonly kind = 'node';
  readonly poller = 'simulation';
  readonly noThreads = 'their time cannot be simulated: give the code under test a ThreadPool';
  readonly tcp: TCPSockets = this;
  readonly unix: UNIXSockets;
  readonly udp: UDPSockets;
  readonly unixDatagrams: UNIXDatagramSockets;
  readonly sockets: SimulatedSockets;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #host: Host;

  constructor(core: ReactorCore, { clock, network, host, pumpPolicy }: SimulatedPlace) {
    this.sockets = new SimulatedSockets(core, clock, pumpPolicy);
    this.#clock = clock;
    this.#network = network;
    this.#host = host;
    const { sockets } = this;
    this.unix = new SimulatedUNIX(network, host, sockets);
    this.udp = {
      bind: (settings, port) => new SimulatedUDPSocket(network, host, sockets, settings, port),
    };
    this.unixDatagrams = {
      bind: (settings, port) =>
        new SimulatedUNIXDatagramSocket(network, host, sockets, settings, port),
    };
  }

  checkSupported(): void {}

  listen(settings: ListenSettings, port: StreamPort): ListenSocket {
    const { sockets } = this;
    let listener: Listener;
    try {
      listener = this.#host.listen(settings, {
        accepted: (endpoint, peer, host) => {
          sockets.beginTurn();
          if (!port.listening) {
            endpoint.reset('its port was closed');
            return;
          }
          const transport = new SimulatedTransport(sockets, port, endpoint, peer, host, settings);
          port.accepted(transport, peer);
          transport.attach();
        },
        acceptFailed: (cause) => sockets.report(new AcceptError(cause), 'accept'),
      });
    } catch (cause) {
      throw new CannotListenError(settings, { cause });
    }
    return {
      address: addressFrom('TCP', settings.interface || '::', listener.port),
      fileno: () => {
        throw new UnsupportedError('fileno', 'simulated sockets have no descriptors');
      },
      close: () => this.#host.close(listener),
    };
  }

  dial(
    address: string,
    port: number,
    settings: ConnectSettings,
    owner: StreamOwner,
    listener: DialListener,
  ): Dial {
    const { sockets } = this;
    const peer = addressFrom('TCP', address, port);
    return this.#network.dial(this.#host, peer, settings, {
      beginTurn: () => sockets.beginTurn(),
      connected: (endpoint, host) => {
        const transport = new SimulatedTransport(sockets, owner, endpoint, peer, host, settings);
        listener.dialSucceeded(transport, peer);
        transport.attach();
      },
      failed: (cause) => listener.dialFailed(cause),
    });
  }

  makeNameResolver(): OwnNameResolver {
    return new SimulatedNames(this.#clock, (name) => this.#network.resolve(name));
  }

  transports(): Iterable<StreamTransport> {
    return this.sockets.open;
  }

  lingeringSenders(): number {
    return this.sockets.closing.senders;
  }

  traffic(): Traffic {
    const { bytesReceived, bytesSent, turns } = this.sockets;
    return { bytesReceived, bytesSent, turns };
  }

  turnTimes(): TurnPercentiles {
    return { p50Ms: 0, p99Ms: 0 };
  }

  turnHistogram(): TurnHistogram {
    return NO_TURN_TIMES;
  }

  release(): void {
    this.sockets.closing.closeAll();
  }
}

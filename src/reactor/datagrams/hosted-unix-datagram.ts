/** {@link ReactorUNIXDatagram} over the sockets of any implementation that has them. */
import type { UNIXAddress } from '../../core/address.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramProtocolLike,
  ListenUNIXDatagramOptions,
  UNIXDatagramTransport,
} from '../../core/datagram.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ReactorUNIXDatagram } from '../../core/reactor-unix-datagram.js';
import type { PortReactor } from '../life/port-reactor.js';
import { toDatagramReceiver } from './datagram-receiver.js';
import {
  connectUNIXDatagramSettings,
  listenUNIXDatagramSettings,
  type UNIXDatagramSettings,
} from './datagram-settings.js';
import type { UNIXDatagramSockets } from './datagram-sockets.js';
import { UNIXDatagramPort } from './unix-datagram-port.js';

export class HostedUNIXDatagram implements ReactorUNIXDatagram {
  readonly #reactor: PortReactor;
  readonly #sockets: UNIXDatagramSockets | undefined;

  constructor(reactor: PortReactor, sockets: UNIXDatagramSockets | undefined) {
    this.#reactor = reactor;
    this.#sockets = sockets;
  }

  listenUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options: ListenUNIXDatagramOptions = {},
  ): UNIXDatagramTransport {
    const sockets = this.#supported('listenUNIXDatagram');
    return this.#start(sockets, listenUNIXDatagramSettings(path, options), protocol);
  }

  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options: ConnectUNIXDatagramOptions = {},
  ): UNIXDatagramTransport {
    const sockets = this.#supported('connectUNIXDatagram');
    return this.#start(sockets, connectUNIXDatagramSettings(path, options), protocol);
  }

  #start(
    sockets: UNIXDatagramSockets,
    settings: UNIXDatagramSettings,
    protocol: DatagramProtocolLike<UNIXAddress>,
  ): UNIXDatagramPort {
    const receiver = toDatagramReceiver(protocol);
    const port = new UNIXDatagramPort(this.#reactor, receiver, settings, (each) =>
      sockets.bind(settings, each),
    );
    port.startListening();
    return port;
  }

  /** Comes before the check of arguments: paths have another form on systems without such sockets. */
  #supported(method: string): UNIXDatagramSockets {
    if (this.#sockets !== undefined) return this.#sockets;
    throw new UnsupportedError(method, 'this reactor has no UNIX datagram sockets');
  }
}

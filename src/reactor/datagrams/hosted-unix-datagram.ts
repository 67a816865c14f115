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
    return this.#start(listenUNIXDatagramSettings(path, options), protocol);
  }

  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options: ConnectUNIXDatagramOptions = {},
  ): UNIXDatagramTransport {
    return this.#start(connectUNIXDatagramSettings(path, options), protocol);
  }

  #start(
    settings: UNIXDatagramSettings,
    protocol: DatagramProtocolLike<UNIXAddress>,
  ): UNIXDatagramPort {
    const receiver = toDatagramReceiver(protocol);
    const sockets = this.#sockets;
    if (sockets === undefined) {
      throw new UnsupportedError('UNIX datagrams', 'this reactor has no such sockets');
    }
    const port = new UNIXDatagramPort(this.#reactor, receiver, settings, (each) =>
      sockets.bind(settings, each),
    );
    port.startListening();
    return port;
  }
}

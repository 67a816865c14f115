/** {@link ReactorUDP} over the sockets of any implementation that has them. */
import type { IPAddress } from '../../core/address.js';
import type { DatagramProtocolLike, ListenUDPOptions, UDPTransport } from '../../core/datagram.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ReactorUDP } from '../../core/reactor-udp.js';
import type { PortReactor } from '../life/port-reactor.js';
import { toDatagramReceiver } from './datagram-receiver.js';
import { udpSettings } from './datagram-settings.js';
import type { UDPSockets } from './datagram-sockets.js';
import { UDPPort } from './udp-port.js';

export class HostedUDP implements ReactorUDP {
  readonly #reactor: PortReactor;
  readonly #sockets: UDPSockets | undefined;

  constructor(reactor: PortReactor, sockets: UDPSockets | undefined) {
    this.#reactor = reactor;
    this.#sockets = sockets;
  }

  listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options: ListenUDPOptions = {},
  ): UDPTransport {
    const settings = udpSettings(port, options);
    const receiver = toDatagramReceiver(protocol);
    const sockets = this.#sockets;
    if (sockets === undefined) {
      throw new UnsupportedError('listenUDP', 'this reactor has no UDP sockets');
    }
    const udpPort = new UDPPort(this.#reactor, receiver, settings, (each) =>
      sockets.bind(settings, each),
    );
    udpPort.startListening();
    return udpPort;
  }
}

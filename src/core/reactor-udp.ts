/** UDP ports. */
import type { IPAddress } from './address.js';
import type { DatagramProtocolLike, ListenUDPOptions, UDPTransport } from './datagram.js';

export interface ReactorUDP {
  /**
   * Opens a UDP socket. The result is also the protocol's transport.
   * @param port 0 lets the system choose.
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenUDP(
    port: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: ListenUDPOptions,
  ): UDPTransport;
}

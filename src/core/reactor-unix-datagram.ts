/** UNIX datagram sockets. */
import type { UNIXAddress } from './address.js';
import type {
  ConnectUNIXDatagramOptions,
  DatagramProtocolLike,
  ListenUNIXDatagramOptions,
  UNIXDatagramTransport,
} from './datagram.js';

export interface ReactorUNIXDatagram {
  /** Opens a UNIX datagram socket with a path. Native only. @throws as listenUNIX */
  listenUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ListenUNIXDatagramOptions,
  ): UNIXDatagramTransport;
  /**
   * Opens a UNIX datagram socket whose peer is the one at `path`. Native only.
   * @throws ConnectError, and as listenUNIX
   */
  connectUNIXDatagram(
    path: string,
    protocol: DatagramProtocolLike<UNIXAddress>,
    options?: ConnectUNIXDatagramOptions,
  ): UNIXDatagramTransport;
}

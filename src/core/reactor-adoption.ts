/** Sockets that were opened elsewhere. */
import type { Address, IPAddress } from './address.js';
import type {
  AdoptConnectionOptions,
  AdoptDatagramOptions,
  AdoptPortOptions,
} from './adopt-options.js';
import type { DatagramProtocolLike, UDPTransport } from './datagram.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { SocketTransport } from './transport.js';

/** If a method throws, it has not taken over the descriptor, which the caller still owns. */
export interface ReactorAdoption {
  /**
   * Accepts connections from a listening socket that was opened elsewhere, for example inherited or received from another
   * process. It is closed, never shut down, when the port stops.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options?: AdoptPortOptions,
  ): ListeningPort<Address>;
  /**
   * Continues a connection that was made elsewhere: a protocol is built as for an accepted one, but the factory's `doStart` and
   * `doStop` are not called. Null if `buildProtocol` returned null, or threw, which is reported: the connection is then closed.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options?: AdoptConnectionOptions,
  ): SocketTransport | null;
  /**
   * Continues with a bound datagram socket that was opened elsewhere.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: AdoptDatagramOptions,
  ): UDPTransport;
}

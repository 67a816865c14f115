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

/** A method that throws has not taken the descriptor over: it remains the caller's. */
export interface ReactorAdoption {
  /**
   * Accepts connections from a listening socket that was opened elsewhere: inherited, received from another process. It is
   * closed, never shut down, when the port stops.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamPort(
    fd: number,
    factory: FactoryLike,
    options?: AdoptPortOptions,
  ): ListeningPort<Address>;
  /**
   * Goes on with a connection that was made elsewhere: a protocol is built as for an accepted one, but the factory's
   * `doStart` and `doStop` are not called. Null where `buildProtocol` gave null, or threw, which is reported: the connection is
   * closed.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptStreamConnection(
    fd: number,
    factory: FactoryLike,
    options?: AdoptConnectionOptions,
  ): SocketTransport | null;
  /**
   * Goes on with a bound datagram socket that was opened elsewhere.
   * @throws DescriptorError, UnsupportedError, InvalidArgumentTypeError
   */
  adoptDatagramPort(
    fd: number,
    protocol: DatagramProtocolLike<IPAddress>,
    options?: AdoptDatagramOptions,
  ): UDPTransport;
}

/** TCP: ports and connectors. */
import type { HostPort, IPAddress } from './address.js';
import type { Connector } from './connector.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from './tcp-options.js';

export interface ReactorTCP {
  /**
   * Accepts TCP connections, a protocol for each.
   * @param port 0 lets the system choose: see {@link ListeningPort.getHost}.
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(
    port: number,
    factory: FactoryLike,
    options?: ListenTCPOptions,
  ): ListeningPort<IPAddress>;
  /**
   * Makes a TCP connection. Returns at once; what became of it, success or failure, is told to the factory in a later
   * turn. A name's addresses are tried in the order of the reactor's `nameResolver` until one answers; an IP address is
   * not asked for. Where `buildProtocol` throws, that is
   * the failure; where it gives null, the connection is made and closed.
   * @throws UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options?: ConnectTCPOptions,
  ): Connector<HostPort>;
}

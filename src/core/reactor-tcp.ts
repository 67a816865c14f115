/** TCP: ports and connectors. */
import type { HostPort, IPAddress } from './address.js';
import type { Connector } from './connector.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { ConnectTCPOptions, ListenTCPOptions } from './tcp-options.js';

export interface ReactorTCP {
  /**
   * Accepts TCP connections and builds a protocol for each.
   * @param port 0 lets the system choose: see {@link ListeningPort.getHost}.
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenTCP(
    port: number,
    factory: FactoryLike,
    options?: ListenTCPOptions,
  ): ListeningPort<IPAddress>;
  /**
   * Makes a TCP connection. Returns immediately; the factory is notified of success or failure in a later turn. The addresses
   * of a name, as the reactor's `nameResolver` finds them, race (RFC 8305, Happy Eyeballs version 2): the families alternate, an
   * attempt begins when the last one has failed or has taken `attemptDelayMs`, and the first connection ends all other attempts.
   * If all fail, `errors` of the ConnectError has the failure of each. An IP address is not resolved, and so is no name with the
   * option `addresses`. If
   * `buildProtocol` throws, the attempt fails with that error; if it returns null, the connection is made and closed.
   * @throws UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options?: ConnectTCPOptions,
  ): Connector<HostPort>;
}

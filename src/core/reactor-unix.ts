/** UNIX stream sockets: ports and connectors. */
import type { UNIXAddress } from './address.js';
import type { Connector } from './connector.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from './unix-options.js';

export interface ReactorUNIX {
  /**
   * Accepts UNIX connections. The socket's file is removed when the port stops, unless it was replaced by another file.
   * @param path A path, or an abstract name that begins with a NUL (Linux).
   * @throws CannotListenError, UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  listenUNIX(
    path: string,
    factory: FactoryLike,
    options?: ListenUNIXOptions,
  ): ListeningPort<UNIXAddress>;
  /** Makes a UNIX connection, like `connectTCP`. It is retried while the listener's queue is full. */
  connectUNIX(
    path: string,
    factory: FactoryLike,
    options?: ConnectUNIXOptions,
  ): Connector<UNIXAddress>;
}

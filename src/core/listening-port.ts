/** A socket that accepts connections or receives datagrams. */
import type { Deferred } from '../defer/deferred.js';
import type { Address, IPAddress } from './address.js';

export interface StopListeningOptions {
  /**
   * First accepts the connections that are waiting to be accepted, which the system would otherwise reset. On a port shared by
   * `reusePort`, a connection that arrives at the moment of closing is still reset, unless Linux's `net.ipv4.tcp_migrate_req`
   * is on. Default false.
   */
  readonly drain?: boolean;
  /** Keeps the file of a UNIX socket, because another process continues with the socket. Native only. Default false. */
  readonly keepFile?: boolean;
}

/** `A` is the address type: ports of `listenTCP` and `listenUDP` have a host and a port, those of `listenUNIX` a path. */
export interface ListeningPort<A extends Address = IPAddress> extends AsyncDisposable {
  readonly listening: boolean;
  /** The address, with the port that the system chose if 0 was requested. */
  getHost(): A;
  /**
   * The socket's descriptor, to be sent to another process. The port still owns it: do not read, write or close it.
   * @throws UnsupportedError this reactor or platform has no descriptors.
   * @throws NotListeningError
   */
  fileno(): number;
  /**
   * Listens again after `stopListening`, on the port that was requested the first time.
   * @throws CannotListenError
   */
  startListening(): void;
  /**
   * Stops accepting. Existing connections continue. The Deferred fires in a later turn, after the factory's `doStop`, also if
   * the port is not listening.
   */
  stopListening(options?: StopListeningOptions): Deferred<void>;
}

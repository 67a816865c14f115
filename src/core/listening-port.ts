/** A socket that accepts connections, or takes datagrams. */
import type { Deferred } from '../defer/deferred.js';
import type { Address, IPAddress } from './address.js';

export interface StopListeningOptions {
  /**
   * Accepts those first who have connected and wait to be accepted: the system resets them otherwise. On a port that others
   * share by `reusePort`, one who comes in the very moment of closing is still reset, unless Linux's `net.ipv4.tcp_migrate_req` is on.
   * Default false.
   */
  readonly drain?: boolean;
  /** Leaves the file of a UNIX socket where it is: another process goes on with the socket. Native only. Default false. */
  readonly keepFile?: boolean;
}

/** `A` is the kind of address: what `listenTCP` and `listenUDP` open has a host and a port, what `listenUNIX` does a path. */
export interface ListeningPort<A extends Address = IPAddress> extends AsyncDisposable {
  readonly listening: boolean;
  /** The address listened on, with the port that the system chose where 0 was asked for. */
  getHost(): A;
  /**
   * The socket's descriptor, for handing it to another process. It stays the port's: don't read, write or close it.
   * @throws UnsupportedError this reactor or platform has none to show.
   * @throws NotListeningError
   */
  fileno(): number;
  /**
   * Listens again after `stopListening`, where the same port is asked for as the first time.
   * @throws CannotListenError
   */
  startListening(): void;
  /**
   * Accepts no more. Connections made before live on. The answer comes in a later turn, after the factory's `doStop`;
   * on a port that does not listen it comes as well.
   */
  stopListening(options?: StopListeningOptions): Deferred<void>;
}

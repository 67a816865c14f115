/** Options of TCP sockets. An option that a reactor or platform lacks is refused with `UnsupportedError`, never ignored. */
import type { AddressFamily } from './name-resolver.js';

export interface KeepAliveOptions {
  /** Idle time before the first probe. Whole seconds on most systems (rounded up). Default: the system's. */
  readonly idleMs?: number;
  /** Time between probes, likewise. Native reactor only. */
  readonly intervalMs?: number;
  /** Number of unanswered probes that end the connection. Native reactor only. */
  readonly count?: number;
}

export interface TCPOptions {
  /** Sends small segments immediately (TCP_NODELAY). Default true: the writes of a turn are sent together anyway. */
  readonly noDelay?: boolean;
  /** Probes a silent peer (SO_KEEPALIVE). Default false. */
  readonly keepAlive?: boolean | KeepAliveOptions;
  /**
   * After `loseConnection`, `connectionLost` waits up to this many seconds until the peer's system has acknowledged everything
   * (SO_LINGER, without blocking the thread); 0 resets the connection instead. Default: no wait. Native only.
   */
  readonly lingerSeconds?: number;
  /** SO_SNDBUF. Default: the system's, which adapts. Native only. */
  readonly sendBufferBytes?: number;
  /** SO_RCVBUF. Default: the system's, which adapts. Native only. */
  readonly receiveBufferBytes?: number;
  /** How long sent data may stay unacknowledged (TCP_USER_TIMEOUT, RFC 5482). Native only, Linux. */
  readonly userTimeoutMs?: number;
}

export interface ListenTCPOptions extends TCPOptions {
  /** IP address to listen on. Default: every address, IPv6 and IPv4 on one socket if the system has both. */
  readonly interface?: string;
  /** Maximum number of connections waiting to be accepted. Default 1,024; the system may allow less. */
  readonly backlog?: number;
  /** SO_REUSEADDR. Default true. */
  readonly reuseAddress?: boolean;
  /** Shares the port between sockets, balanced by the system (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** Whether an IPv6 listener excludes IPv4. Default false. */
  readonly ipv6Only?: boolean;
  /** Accepts data in the first segment (RFC 7413): the maximum number of such waiting connections. Native only. */
  readonly fastOpenQueue?: number;
  /** Accepts only after data has arrived or this time has passed (TCP_DEFER_ACCEPT, whole seconds). Native only, Linux. */
  readonly deferAcceptMs?: number;
}

export interface ConnectTCPOptions extends TCPOptions {
  /** Time limit for resolving and connecting together. Default 30,000; 0: no limit. */
  readonly timeoutMs?: number;
  /**
   * IP addresses, one or more, of a caller that has resolved the host already, and perhaps checked what it found: they are tried in place of
   * those of the host, which is not resolved again. The host is only the name in errors. Default: the host is resolved.
   */
  readonly addresses?: readonly string[];
  /** Connects to addresses of this family only. Default: both. */
  readonly family?: AddressFamily;
  /** The family to begin with, if the name has addresses of both. Default: that of the resolver's first address. */
  readonly preferredFamily?: AddressFamily;
  /** The number of addresses of that family to try before the first one of the other; from there on, they alternate. Default 1. */
  readonly firstFamilyCount?: number;
  /**
   * The next address of a name is tried when the last attempt has failed or has had no answer for this time; it does not end
   * that attempt. At least 10; 100 to 2,000 are reasonable (RFC 8305 section 8). Default 250.
   */
  readonly attemptDelayMs?: number;
  /** Local IP address to connect from. Only addresses of its family are tried. */
  readonly localAddress?: string;
  /** Local port to connect from. */
  readonly localPort?: number;
  /** Cancels the attempt, or closes the connection once it is made. */
  readonly signal?: AbortSignal;
  /** Sends the first write in the first segment if the peer is known to accept it (RFC 7413). Native only. */
  readonly fastOpen?: boolean;
}

/** Options of TCP sockets. What a reactor or platform can't do is refused with `UnsupportedError`, never ignored. */

export interface KeepAliveOptions {
  /** Silence before the first probe. Whole seconds on most systems (rounded up). Default: the system's. */
  readonly idleMs?: number;
  /** Time between probes, likewise. Native reactor only. */
  readonly intervalMs?: number;
  /** Probes without an answer that end the connection. Native reactor only. */
  readonly count?: number;
}

export interface TCPOptions {
  /** Sends small segments at once (TCP_NODELAY). Default true: a turn's writes leave together anyway. */
  readonly noDelay?: boolean;
  /** Probes a silent peer (SO_KEEPALIVE). Default false. */
  readonly keepAlive?: boolean | KeepAliveOptions;
  /**
   * After `loseConnection`, `connectionLost` waits so many seconds at most until the peer's system has acknowledged all that
   * was sent (SO_LINGER, without blocking the thread); 0 resets the connection instead. Default: no wait. Native only.
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
  /** IP address to listen on. Default: every address, IPv6 and IPv4 on one socket where the system has both. */
  readonly interface?: string;
  /** Connections that may wait to be accepted. Default 1,024; the system may allow less. */
  readonly backlog?: number;
  /** SO_REUSEADDR. Default true. */
  readonly reuseAddress?: boolean;
  /** Shares the port between sockets, the system balancing among them (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** An IPv6 listener that takes no IPv4. Default false. */
  readonly ipv6Only?: boolean;
  /** Takes data in the first segment (RFC 7413): how many such connections may wait. Native only. */
  readonly fastOpenQueue?: number;
  /** Accepts only once data came, or this time passed (TCP_DEFER_ACCEPT, whole seconds). Native only, Linux. */
  readonly deferAcceptMs?: number;
}

export interface ConnectTCPOptions extends TCPOptions {
  /** Limit for resolving and connecting together. Default 30,000; 0 sets none. */
  readonly timeoutMs?: number;
  /** Local IP address to connect from. */
  readonly localAddress?: string;
  /** Local port to connect from. */
  readonly localPort?: number;
  /** Ends the attempt, or loses the connection once made. */
  readonly signal?: AbortSignal;
  /** Sends the first write in the first segment where the peer is known to take it (RFC 7413). Native only. */
  readonly fastOpen?: boolean;
}

/** Information about a reactor. */

/** Counters of a reactor: totals since its creation, unless stated otherwise. */
export interface ReactorStatistics {
  /** Turns in which sockets had events. */
  readonly turns: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly connectionsAccepted: number;
  readonly connectionsMade: number;
  readonly connectionsLost: number;
  /** Transports open now. */
  readonly connectionsOpen: number;
  /** Delayed calls pending now. */
  readonly delayedCalls: number;
  /** Median duration of a turn in milliseconds since the last call; 0 if no turn was measured. */
  readonly turnMsP50: number;
  /** The same, for the slowest hundredth. */
  readonly turnMsP99: number;
}

export interface ReactorIntrospection {
  /** `node` is any reactor written in JavaScript only, including simulated ones; `poller` distinguishes them. */
  readonly kind: 'native' | 'node';
  /** The source of readiness: `epoll`, `kqueue`, `iocp` or `poll`; `libuv` for the pure-JS reactor, `simulation` for a simulated one. */
  readonly poller: string;
  statistics(): ReactorStatistics;
}

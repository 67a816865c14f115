/** Information about a reactor. */
import type { Address } from './address.js';

/** Counters of a reactor: totals since its creation, unless stated otherwise. */
export interface ReactorTotals {
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
}

export interface ReactorStatistics extends ReactorTotals {
  /** Median duration of a turn in milliseconds since the last call; 0 if no turn was measured. */
  readonly turnMsP50: number;
  /** The same, for the slowest hundredth. */
  readonly turnMsP99: number;
}

/** The durations of all turns since the reactor was created, if it was created with `measureTurns`. */
export interface TurnHistogram {
  /** The upper ends of the buckets in milliseconds, ascending; the same array in each call. */
  readonly limitsMs: readonly number[];
  /** The number of turns in each bucket; all 0 if turns are not measured. */
  readonly counts: readonly number[];
}

/** An open stream connection, for people. */
export interface ConnectionReport {
  readonly peer: Address;
  readonly host: Address;
  /** The activity: `description` of its protocol, or the name of its class. */
  readonly activity: string;
  readonly state: 'open' | 'paused' | 'closing';
  /** Whether TLS secures it. */
  readonly secure: boolean;
  /** Bytes that were written and not yet accepted by the system. */
  readonly unsentBytes: number;
}

export interface ReactorIntrospection {
  /** `node` is any reactor written in JavaScript only, including simulated ones; `poller` distinguishes them. */
  readonly kind: 'native' | 'node';
  /** The source of readiness: `epoll`, `kqueue`, `iocp` or `poll`; `libuv` for the pure-JS reactor, `simulation` for a simulated one. */
  readonly poller: string;
  /** The totals, and the durations of turns since the last call. If several callers need those, they use {@link turnHistogram}. */
  statistics(): ReactorStatistics;
  /** The part of {@link statistics} that does not depend on earlier calls. */
  totals(): ReactorTotals;
  turnHistogram(): TurnHistogram;
  /**
   * Reports on open stream connections, the longest open ones usually first. It costs some microseconds for each.
   * @param limit The most that are reported.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError `limit` is not a whole number of 0 or more.
   */
  connections(limit: number): ConnectionReport[];
}

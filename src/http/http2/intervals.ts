/** The intervals of counted limits for all HTTP/2 connections of a server or client, with one delayed call for all. */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { ROOT_CONTEXT } from '../../internal/async-context.js';
import { checkClock } from '../../internal/check.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';

/** The length of an interval, in milliseconds. */
export const INTERVAL_MS = 10_000;

/** A connection whose intervals end. */
export interface IntervalListener {
  /** Whether it is called at the next end. Set by {@link HTTP2Intervals}. */
  isWatched: boolean;
  /**
   * An interval has ended. Must not throw.
   * @param isLate Whether the time for the acknowledgement of settings is over.
   * @returns Whether the end of the next one is of interest.
   */
  intervalEnded(isLate: boolean): boolean;
}

/** Connections that were silent for an interval are not called at the ends of the next ones, and an idle server has no delayed call. */
export class HTTP2Intervals {
  /** The time in which a peer has to acknowledge settings, in milliseconds. It is checked at the end of each interval. */
  readonly settingsTimeoutMs: number;
  readonly #clock: Clock;
  /** With the time from which on unacknowledged settings end the connection. */
  readonly #links: Map<IntervalListener, number> = new Map();
  #call: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(clock: Clock, settingsTimeoutMs: number) {
    checkClock('clock', clock);
    this.#clock = clock;
    this.settingsTimeoutMs = checkTimeout('settingsTimeoutMs', settingsTimeoutMs);
  }

  /** The connections that are called at the end of the interval. */
  get size(): number {
    return this.#links.size;
  }

  /** Something happens on a connection. @param isNew Whether its settings were sent now. */
  watch(link: IntervalListener, isNew: boolean): void {
    link.isWatched = true;
    const due = isNew ? this.#clock.now() + this.settingsTimeoutMs : Number.POSITIVE_INFINITY;
    this.#links.set(link, due);
    if (this.#call === undefined) this.#arm();
  }

  forget(link: IntervalListener): void {
    link.isWatched = false;
    this.#links.delete(link);
    if (this.#links.size > 0 || this.#call === undefined) return;
    this.#call.cancel();
    this.#call = undefined;
  }

  /** The call serves all connections, so it is made in the root context. */
  #arm(): void {
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#call = this.#clock.callLater(INTERVAL_MS, this.#passed);
      this.#call.whenDropped(this.#dropped);
    });
  }

  readonly #dropped: () => void = () => {
    this.#call = undefined;
  };

  readonly #passed: () => void = () => {
    this.#call = undefined;
    const now = this.#clock.now();
    for (const [link, due] of this.#links) {
      if (link.intervalEnded(now >= due) || !link.isWatched) continue;
      this.forget(link);
    }
    if (this.#links.size > 0 && this.#call === undefined) this.#arm();
  };
}

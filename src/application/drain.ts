/** The deadline of a graceful stop, which all services share, and its figures. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import { checkClock, checkMilliseconds } from '../internal/check.js';

export interface DrainFigures {
  /** Connections that were open when their service was drained and ended before the deadline. */
  readonly finished: number;
  /** Connections that were aborted at the deadline. */
  readonly aborted: number;
}

/**
 * A deadline for connections to finish. Without arguments it has passed already: connections are aborted at once.
 *
 * @example
 * using drain = new Drain(reactor, 10_000);
 * await service.stopService(drain);
 * console.log(drain.figures);
 */
export class Drain implements Disposable {
  readonly #deadline: AbortController = new AbortController();
  readonly #clock: Clock | undefined;
  readonly #call: DelayedCall | undefined;
  #finished = 0;
  #aborted = 0;

  /**
   * @param drainMs Time until the deadline, in milliseconds.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(clock?: Clock, drainMs = 0) {
    checkMilliseconds('drainMs', drainMs);
    if (clock !== undefined) checkClock('clock', clock);
    this.#clock = clock;
    if (clock === undefined || drainMs === 0) this.cut();
    else this.#call = clock.callLater(drainMs, () => this.cut());
  }

  /** Aborts at the deadline. */
  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  get figures(): DrainFigures {
    return { finished: this.#finished, aborted: this.#aborted };
  }

  /** The time until the deadline, in milliseconds. */
  get remainingMs(): number {
    if (this.#call?.active() !== true || this.#clock === undefined) return 0;
    return Math.max(0, this.#call.getTime() - this.#clock.now());
  }

  /** The deadline is now. */
  cut(): void {
    this[Symbol.dispose]();
    if (!this.signal.aborted) this.#deadline.abort();
  }

  /** Adds to the figures: called by services with connections. */
  count({ finished, aborted }: DrainFigures): void {
    this.#finished += finished;
    this.#aborted += aborted;
  }

  /** Fires when `work` has settled or the deadline has passed. Failures of `work` are ignored, and it is not cancelled. */
  wait(work: PromiseLike<unknown>): Deferred<void> {
    const waited = new Deferred<void>();
    const finish = (): void => {
      this.signal.removeEventListener('abort', finish);
      if (!waited.fired) waited.callback();
    };
    if (this.signal.aborted) finish();
    else this.signal.addEventListener('abort', finish);
    work.then(finish, finish);
    return waited;
  }

  /** Ends the timer without a deadline. */
  [Symbol.dispose](): void {
    if (this.#call?.active()) this.#call.cancel();
  }
}

/** Calls a function repeatedly, at a steady pace. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import { Failure } from '../defer/failure.js';
import { succeed } from '../defer/succeed.js';
import { isThenable } from '../defer/thenable.js';
import { checkBoolean, checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { LoopingCallStateError } from './errors.js';
import { Intervals } from './intervals.js';

/** Waiting for the next tick; calling, until the returned value has a result; stopped during a call. */
type State = 'idle' | 'waiting' | 'calling' | 'stopping';

/** The intervals of a loop that was never started. */
const NEVER = new Intervals(0, 0, 0);

/**
 * Calls `f(...args)` at a fixed interval, counted from its start: a late call does not delay the next one, and a call that
 * takes longer than the interval skips the ticks it overlaps. If `f` returns a Deferred or a promise, the next call waits for
 * its result.
 *
 * @example
 * const loop = new LoopingCall(reactor, () => transport.write('still here\r\n'));
 * loop.start(30_000).addErrback(logError);
 */
export class LoopingCall<Args extends unknown[] = []> {
  readonly #clock: Clock;
  readonly #f: (...args: Args) => unknown;
  readonly #args: Args;
  #state: State = 'idle';
  #intervals: Intervals = NEVER;
  #ended: Deferred<this> = new Deferred();
  #call: DelayedCall | undefined;
  #count = 0;

  /** @throws InvalidArgumentTypeError */
  constructor(clock: Clock, f: (...args: Args) => unknown, ...args: Args) {
    checkClock('clock', clock);
    checkFunction('f', f);
    this.#clock = clock;
    this.#f = f;
    this.#args = args;
  }

  /**
   * A LoopingCall whose function receives the number of ticks since its last call, this one included: 1, unless ticks were
   * skipped. With interval 0 always 1.
   * @throws InvalidArgumentTypeError
   */
  static withCount<Args extends unknown[]>(
    clock: Clock,
    f: (count: number, ...args: Args) => unknown,
    ...args: Args
  ): LoopingCall<Args> {
    checkFunction('f', f);
    const loop: LoopingCall<Args> = new LoopingCall<Args>(
      clock,
      (...given) => f(loop.#count, ...given),
      ...args,
    );
    return loop;
  }

  /** True from `start` until `stop` or a failure. */
  get running(): boolean {
    return this.#state === 'waiting' || this.#state === 'calling';
  }

  /** The current interval, or that of the last run; undefined before the first `start`. */
  get intervalMs(): number | undefined {
    return this.#intervals === NEVER ? undefined : this.#intervals.intervalMs;
  }

  /**
   * Changes the pace of a running loop. A pending call keeps its time, and later calls follow it at the new interval. Call
   * `reset` as well to make the next call an interval from now.
   * @throws LoopingCallStateError the loop is not running.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  set intervalMs(intervalMs: number) {
    checkMilliseconds('intervalMs', intervalMs);
    this.#requireRunning();
    this.#intervals.change(intervalMs, this.#clock.now(), this.#state === 'waiting');
  }

  /**
   * Starts the loop. The Deferred fires with this LoopingCall when the loop was stopped and no call is in progress. If a call
   * throws or its result fails, the loop ends and the Deferred fails. Cancelling the Deferred stops the loop. So does stopping
   * the reactor while the loop waits for its next call: the Deferred then fires, and the loop can be started again.
   *
   * @param intervalMs Fractions are allowed; 0 is once in each turn of the reactor.
   * @param now Whether the first call is made before this returns, rather than an interval later. Default true.
   * @throws LoopingCallStateError the loop is running, or its last call has not ended yet.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  start(intervalMs: number, now = true): Deferred<this> {
    checkMilliseconds('intervalMs', intervalMs);
    checkBoolean('now', now);
    if (this.#state !== 'idle') throw new LoopingCallStateError('the loop has not ended yet');
    this.#intervals = new Intervals(intervalMs, this.#clock.now(), now ? 0 : 1);
    const ended = new Deferred<this>(() => this.#halt());
    this.#ended = ended;
    if (now) this.#tick();
    else this.#waitForTick();
    return ended;
  }

  /**
   * Stops the loop. A call in progress is completed first.
   * @throws LoopingCallStateError the loop is not running.
   */
  stop(): void {
    this.#requireRunning();
    this.#halt();
    if (this.#state === 'idle') this.#ended.callback(this);
  }

  /**
   * Skips the pending call. The next call is made an interval from now, and later ones are counted from there.
   * @throws LoopingCallStateError the loop is not running.
   */
  reset(): void {
    this.#requireRunning();
    this.#intervals.restart(this.#clock.now());
    if (this.#state === 'calling') return;
    this.#dropCall();
    this.#waitForTick();
  }

  #requireRunning(): void {
    if (!this.running) throw new LoopingCallStateError('the loop is not running');
  }

  #halt(): void {
    if (this.#state === 'calling') {
      this.#state = 'stopping';
    } else if (this.#state === 'waiting') {
      this.#dropCall();
      this.#state = 'idle';
    }
  }

  #dropCall(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  #waitForTick(): void {
    this.#state = 'waiting';
    this.#call = this.#clock.callLater(this.#intervals.wait(this.#clock.now()), this.#tick);
    this.#call.whenDropped(this.#reactorStopped);
  }

  readonly #reactorStopped = (): void => {
    this.#halt();
    this.#ended.callback(this);
  };

  readonly #tick = (): void => {
    this.#state = 'calling';
    this.#call = undefined;
    this.#count = this.#intervals.take(this.#clock.now());
    try {
      const result = this.#f(...this.#args);
      if (isThenable(result) || result instanceof Failure) this.#waitFor(result);
      else this.#called();
    } catch (error) {
      this.#failed(Failure.from(error));
    }
  };

  #waitFor(result: PromiseLike<unknown> | Failure): void {
    succeed<unknown>(result)
      .addCallback(() => this.#called())
      .addErrback((failure) => this.#failed(failure));
  }

  #called(): void {
    if (this.#state === 'calling') {
      this.#waitForTick();
      return;
    }
    this.#state = 'idle';
    if (!this.#ended.fired) this.#ended.callback(this);
  }

  #failed(failure: Failure): void {
    this.#state = 'idle';
    if (this.#ended.fired) reportError(failure.value, 'a LoopingCall that was cancelled');
    else this.#ended.errback(failure);
  }
}

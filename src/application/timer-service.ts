/** A repeated call as a service. */
import type { Clock } from '../core/clock.js';
import type { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { checkClock, checkFunction, checkMilliseconds } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { LoopingCall } from '../task/looping-call.js';
import { nameOf, Service } from './service.js';

/**
 * Calls a function at its start and then at an interval, until it is stopped. A call that fails is reported and ends the calls,
 * as in Twisted: catch the errors that are to be expected.
 */
export class TimerService<Args extends unknown[] = []> extends Service {
  readonly #loop: LoopingCall<Args>;
  readonly #intervalMs: number;
  #ended: Deferred<unknown> = succeed();

  /**
   * @param clock Usually the reactor.
   * @param intervalMs As for `LoopingCall.start`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(clock: Clock, intervalMs: number, f: (...args: Args) => unknown, ...args: Args) {
    checkClock('clock', clock);
    checkFunction('f', f);
    super(f.name === '' ? undefined : f.name);
    this.#intervalMs = checkMilliseconds('intervalMs', intervalMs);
    this.#loop = new LoopingCall(clock, f, ...args);
  }

  /** Whether the function will be called again. */
  get active(): boolean {
    return this.#loop.running;
  }

  protected override start(): void {
    this.#ended = this.#loop.start(this.#intervalMs).addErrback(({ value }) => {
      reportError(value, nameOf(this));
    });
  }

  /** Waits for a call in progress. */
  protected override stop(): Deferred<void> {
    if (this.#loop.running) this.#loop.stop();
    return this.#ended.addCallback(() => {});
  }
}

/**
 * A reactor's turns. Each is one pass over the queues below: callbacks of `soon`, then calls from threads, then
 * delayed calls that are due. The queues are taken when the pass begins, so anything queued meanwhile waits
 * for the next turn.
 */
import type { DelayedCall } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { onRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { captureContext, inContext, ROOT_CONTEXT } from '../../internal/async-context.js';
import { checkFunction } from '../../internal/check.js';
import { DelayedCalls } from './delayed-calls.js';
import type { LoopHost } from './loop-host.js';

/** Callbacks that each request another turn can't delay {@link Turns.quiet} for longer. */
const MAX_QUIET_TURNS = 1_000;

export class Turns {
  readonly #host: LoopHost;
  readonly #report: ErrorReporter;
  readonly #delayedCalls: DelayedCalls;
  #soon: (() => void)[] = [];
  /** The number of callbacks in the current or last pass over them. */
  #passSize = 0;
  #threadCalls: (() => unknown)[] = [];
  #turnQueued = false;
  #cancelTimer: (() => void) | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  constructor(host: LoopHost, report: ErrorReporter) {
    this.#host = host;
    this.#report = report;
    this.#delayedCalls = new DelayedCalls({
      now: () => host.now(),
      report,
      arm: (time) => this.#arm(time),
    });
  }

  /** The number of delayed calls. */
  get delayedCalls(): number {
    return this.#delayedCalls.size;
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
    this.#queueTurn();
  }

  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, args: Args): void {
    checkFunction('callback', callback);
    const bound = inContext(captureContext(), callback);
    this.#threadCalls.push(() => bound(...args));
    this.#queueTurn();
  }

  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    args: Args,
  ): DelayedCall {
    checkFunction('callback', callback);
    return this.#delayedCalls.callLater(delayMs, inContext(captureContext(), callback), args);
  }

  getDelayedCalls(): DelayedCall[] {
    return this.#delayedCalls.getDelayedCalls();
  }

  /** Calls that are made when others are dropped are kept. */
  dropDelayedCalls(): void {
    ROOT_CONTEXT.runInAsyncScope(() => this.#delayedCalls.drop());
  }

  /** Drops all delayed calls, including those made meanwhile. */
  dropAllDelayedCalls(): void {
    ROOT_CONTEXT.runInAsyncScope(() => this.#delayedCalls.dropAll());
  }

  /** Runs the callbacks of `soon`: call it before delivering received data. */
  runSoon(): void {
    if (this.#soon.length === 0) return;
    const queued = this.#soon;
    this.#soon = [];
    this.#passSize = queued.length;
    this.#runAll(queued, 'callback');
  }

  /** Fires when a turn had no work except delayed calls, or after {@link MAX_QUIET_TURNS}. */
  quiet(): Deferred<void> {
    const quiet = new Deferred<void>();
    let turnsLeft = MAX_QUIET_TURNS;
    const look = (): void => {
      const alone = this.#passSize === 1 && this.#soon.length + this.#threadCalls.length === 0;
      turnsLeft -= 1;
      if (alone || turnsLeft === 0) quiet.callback();
      else this.soon(look);
    };
    this.soon(look);
    return quiet;
  }

  #queueTurn(): void {
    if (this.#turnQueued) return;
    this.#turnQueued = true;
    this.#host.queueTurn(this.#rootTurn);
  }

  /** Turns serve many callers, so they run in no caller's context. */
  readonly #rootTurn: () => void = () => ROOT_CONTEXT.runInAsyncScope(this.#turn, this);

  #turn(): void {
    this.#turnQueued = false;
    this.runSoon();
    if (this.#threadCalls.length > 0) {
      const queued = this.#threadCalls;
      this.#threadCalls = [];
      this.#runAll(queued, 'callFromThread');
    }
    this.#delayedCalls.runDue();
    this.#arm(this.#delayedCalls.nextTime);
  }

  #runAll(callbacks: readonly (() => unknown)[], where: string): void {
    for (const callback of callbacks) {
      try {
        const result = callback();
        if (result !== undefined) onRejection(result, (error) => this.#report(error, where));
      } catch (error) {
        this.#report(error, where);
      }
    }
  }

  /** Ensures a turn at `time`. One timer serves any number of delayed calls. */
  #arm(time: number | undefined): void {
    if (time === this.#timerDue) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    if (time === undefined) return;
    const wait = time - this.#host.now();
    if (wait <= 0) {
      this.#queueTurn();
      return;
    }
    this.#timerDue = time;
    this.#cancelTimer = this.#host.setTimer(wait, () => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      this.#rootTurn();
    });
  }
}

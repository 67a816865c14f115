/**
 * A result that is not available yet, and its chain of callbacks.
 *
 * Theory of operation. A Deferred has a current result and a queue of callback pairs. Once fired, `run` takes pair after pair
 * and replaces the result by each return value; a {@link Failure} selects the errback of the next pair. If a callback returns
 * another Deferred, the chain pauses, and a link to it is queued on the inner Deferred. When the inner chain reaches that link,
 * its result moves to the outer Deferred, and the loop continues there: one loop, so no chain is too long for the stack.
 *
 * There may be very many: the states are bits of one field, the queue is a circular list referenced by its end, and the
 * methods are private in TypeScript's sense, which costs nothing per instance.
 */
import type { Clock } from '../core/clock.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkAbortSignal, checkFunction } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { inspectAs, inspected } from '../internal/inspected.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { callCanceller, cancelAfter, cancelOnAbort } from './cancelling.js';
import { getDebugging, historyOf, noteFired, noteMade } from './debugging.js';
import { AlreadyFiredError, CancelledError, NotPausedError } from './errors.js';
import { Failure } from './failure.js';
import { type Callback, Link, Observer } from './link.js';
import { OneYield } from './one-yield.js';
import type { CallbackResult, Result } from './result.js';
import { isThenable, settleFrom, settleFromCall } from './thenable.js';
import { acquit, suspect } from './unhandled.js';

export type { CallbackResult, Result };

/** Stops the operation behind a Deferred. It may fire the Deferred; if it does not, that fails with {@link CancelledError}. */
export type Canceller<T> = (deferred: Deferred<T>) => void;

// Defined here, not imported: importing them makes a pass through a chain half as expensive again.
const FIRED = 1;
/** A callback of this Deferred is on the stack. */
const RUNNING = 2;
/** The result is a failure. */
const FAILED = 4;
/** It was cancelled and nothing could be stopped: one late `callback` or `errback` is ignored. */
const LATE_ALLOWED = 8;
/** The failure at the chain's end was passed on to a promise. */
const OBSERVED = 16;
/** The failure at the chain's end is not handled yet. */
const SUSPECT = 32;
/** The bits above count the pauses. */
const PAUSE = 64;

const TO_PROMISE_OPTIONS: OptionNames<{ signal?: AbortSignal }> = { signal: true };

/** @internal The value of {@link Deferred.takeResult} if there is no result. */
export const NO_RESULT: unique symbol = Symbol('no result');

/**
 * Twisted's Deferred. `callback` or `errback` fires it, once. Callbacks run synchronously: at once if the result is
 * available. `await` works and, as usual in JavaScript, continues in a microtask even if the result is available.
 *
 * `addCallback` and similar methods return the same Deferred, with the type of the new result: keep their return value.
 *
 * @example
 * const answer = new Deferred<string>();
 * answer
 *   .addCallback((text) => text.length)
 *   .addErrback((failure) => failure.trap(ConnectionLost) && 0)
 *   .addCallback((length) => console.log(length));
 * answer.callback('hello'); // 5
 */
export class Deferred<T> implements PromiseLike<T> {
  private flags = 0;
  private result: unknown = undefined;
  /** The last of the queue; its `next` is the first. */
  private last: Link<Deferred<never>> | undefined = undefined;
  /** The canceller until it is fired; while its chain waits for another Deferred, that Deferred. */
  private upstream: Canceller<never> | Deferred<unknown> | undefined;

  /** @param canceller Called by {@link cancel}, at most once, if this has not fired. */
  constructor(canceller?: Canceller<T>) {
    if (canceller !== undefined) checkFunction('canceller', canceller);
    this.upstream = canceller as Canceller<never> | undefined;
    if (getDebugging()) noteMade(this);
  }

  /**
   * A Deferred for the outcome of a promise. A Deferred is returned unchanged.
   *
   * @param source A promise: cancelling then means that it is no longer waited for. Or a function that starts an operation
   * and returns its promise: cancelling then aborts the signal passed to the function.
   * If the function throws, or does not return a promise, the Deferred fails.
   * @throws InvalidArgumentTypeError it is neither.
   * @example const response = Deferred.fromPromise((signal) => fetch(url, { signal }));
   */
  static fromPromise<T>(
    source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
  ): Deferred<T> {
    if (typeof source !== 'function') {
      if (isThenable(source)) return fromThenable(source);
      throw new InvalidArgumentTypeError('source', 'a promise or a function', source);
    }
    const controller = new AbortController();
    const deferred = new Deferred<T>(() => controller.abort(new CancelledError()));
    return settleFromCall(deferred, () => source(controller.signal));
  }

  /** Whether `callback` or `errback` was called. */
  get fired(): boolean {
    return (this.flags & FIRED) !== 0;
  }

  /** Whether the chain is paused, by `pause` or for another Deferred. */
  get paused(): boolean {
    return this.flags >= PAUSE;
  }

  /**
   * Sets the result and runs the callbacks. A {@link Failure} works like `errback`; a promise or another Deferred
   * is waited for.
   * @throws AlreadyFiredError
   */
  callback(result: CallbackResult<T>): void {
    this.fire(result);
  }

  /**
   * Fails and runs the errbacks.
   * @param reason An `Error` or a {@link Failure}; anything else becomes a NotAnErrorError.
   * @throws AlreadyFiredError
   */
  errback(reason: unknown): void {
    this.fire(Failure.from(reason));
  }

  /** Adds a pair: the first for a result, the second for a failure of the chain before both. */
  addCallbacks<U, V = never>(
    onCallback: (result: T) => CallbackResult<U>,
    onErrback: (failure: Failure) => CallbackResult<V>,
  ): Deferred<Result<U | V>> {
    checkFunction('onCallback', onCallback);
    checkFunction('onErrback', onErrback);
    return this.append(onCallback, onErrback);
  }

  /** Adds a callback for the result. Its return value is the new result; an exception becomes the failure. */
  addCallback<U = never>(onCallback: (result: T) => CallbackResult<U>): Deferred<Result<U>> {
    checkFunction('onCallback', onCallback);
    return this.append(onCallback, undefined);
  }

  /** Adds an errback for a failure. Its return value is the new result, unless it is a failure. */
  addErrback<U = never>(
    onErrback: (failure: Failure) => CallbackResult<U>,
  ): Deferred<T | Result<U>> {
    checkFunction('onErrback', onErrback);
    return this.append(undefined, onErrback);
  }

  /** Adds a callback for both the result and the failure. */
  addBoth<U = never>(onEither: (result: T | Failure) => CallbackResult<U>): Deferred<Result<U>> {
    checkFunction('onEither', onEither);
    return this.append(onEither, onEither);
  }

  /** Fires `other` with the result of this one, which is undefined afterwards. Cancelling `other` does not affect this. */
  chainDeferred(other: Deferred<T>): Deferred<void> {
    if (typeof other?.callback !== 'function' || typeof other.errback !== 'function') {
      throw new InvalidArgumentTypeError('other', 'a Deferred', other);
    }
    return this.addCallbacks<void, void>(
      (result) => other.callback(result),
      (failure) => other.errback(failure),
    );
  }

  /**
   * Declares that the result is no longer wanted. Not fired: calls the canceller; if that does not fire this, it
   * fails with {@link CancelledError}; without a canceller, one `callback` or `errback` that comes afterwards is ignored.
   * Waiting for another Deferred: that one is cancelled. With a result: nothing happens.
   *
   * @param cause Becomes the `cause` of the CancelledError, if this makes one.
   */
  cancel(cause?: unknown): void {
    const { upstream } = this;
    if ((this.flags & FIRED) !== 0) {
      if (upstream instanceof Deferred) upstream.cancel(cause);
      return;
    }
    this.upstream = undefined;
    if (upstream === undefined) this.flags |= LATE_ALLOWED;
    else callCanceller(upstream as unknown as Canceller<T>, this);
    if ((this.flags & FIRED) !== 0) return;
    this.errback(new CancelledError(undefined, cause === undefined ? undefined : { cause }));
  }

  /** Cancels this when `signal` aborts, unless it has its result by then; the signal's reason becomes the error's `cause`. */
  cancelOn(signal: AbortSignal): this {
    checkAbortSignal('signal', signal);
    const stopListening = this.ended ? undefined : cancelOnAbort(this, signal);
    if (stopListening !== undefined) this.addBoth(stopListening);
    return this;
  }

  /**
   * Cancels this unless it has a result within `timeoutMs`, earlier callbacks included; it then fails with
   * {@link TimeoutError}. If the reactor is stopped first, the timeout no longer exists, and a later result is delivered.
   *
   * @param onTimeoutCancel Receives the result or failure of the cancellation; its return value replaces
   * that.
   */
  addTimeout<U = never>(
    timeoutMs: number,
    clock: Clock,
    onTimeoutCancel?: (result: T | Failure, timeoutMs: number) => CallbackResult<T | U>,
  ): Deferred<T | Result<U>> {
    return this.addBoth(cancelAfter(this, timeoutMs, clock, onTimeoutCancel));
  }

  /** Holds the callbacks back until `unpause` has been called equally often. */
  pause(): void {
    this.flags += PAUSE;
  }

  /** @throws NotPausedError */
  unpause(): void {
    // The caller can't end a pause for another Deferred.
    const own = this.upstream instanceof Deferred && this.fired ? PAUSE * 2 : PAUSE;
    if (this.flags < own) throw new NotPausedError();
    this.flags -= PAUSE;
    if (this.flags < PAUSE && this.fired) this.run();
  }

  /**
   * Works like a promise's. The chain keeps its result, so several can wait. A failure counts as handled from then on,
   * because the promise delivers it.
   */
  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: Error) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return this.settled().then(onFulfilled, onRejected);
  }

  /**
   * A promise for the current result of the chain: see {@link then}.
   * @param options.signal Cancels this Deferred, as {@link cancelOn} does.
   */
  toPromise(options?: { readonly signal?: AbortSignal }): Promise<T> {
    if (options !== undefined) {
      checkOptions('toPromise', options, TO_PROMISE_OPTIONS);
      if (options.signal !== undefined) this.cancelOn(options.signal);
    }
    return this.settled();
  }

  /** For `yield*` in {@link inlineCallbacks}: yields this Deferred once and returns the value sent in. */
  [Symbol.iterator](): Iterator<Deferred<T>, T, unknown> {
    return new OneYield(this);
  }

  toString(): string {
    return this.describe(inspected);
  }

  /** @internal For `console.log`. */
  describe(show: (value: unknown) => string): string {
    const { fired, result } = this;
    if (this.paused) return `Deferred { <${fired ? '' : 'not fired, '}paused> }`;
    if (!fired) return 'Deferred { <not fired> }';
    if ((this.flags & FAILED) === 0) return `Deferred { ${show(result)} }`;
    return `Deferred { <failed> ${show((result as Failure).value)} }`;
  }

  /** @internal Removes and returns the result, value or failure; {@link NO_RESULT} if none is available. */
  takeResult(): T | Failure | typeof NO_RESULT {
    const { flags, result } = this;
    if ((flags & (FIRED | RUNNING)) !== FIRED || flags >= PAUSE) return NO_RESULT;
    this.setResult(undefined);
    return result as T | Failure;
  }

  /** @internal */
  unhandledFailure(): Failure | undefined {
    return (this.flags & SUSPECT) === 0 ? undefined : (this.result as Failure);
  }

  /** @internal */
  markHandled(): void {
    if ((this.flags & SUSPECT) !== 0) this.observe();
  }

  /** @internal */
  history(): string | undefined {
    return historyOf(this);
  }

  /** Whether all callbacks have run and none is pending. */
  private get ended(): boolean {
    const { flags } = this;
    return (flags & (FIRED | RUNNING)) === FIRED && flags < PAUSE && this.last === undefined;
  }

  /** A promise for the result; if that is available, already settled, which is cheaper. */
  private settled(): Promise<T> {
    if (!this.ended) {
      return new Promise<T>((resolve, reject) => {
        this.append(new Observer(resolve as (result: unknown) => void, reject), undefined);
      });
    }
    if ((this.flags & FAILED) === 0) return Promise.resolve(this.result as T);
    this.observe();
    return Promise.reject((this.result as Failure).value);
  }

  /** A promise has taken the failure over. */
  private observe(): void {
    if ((this.flags & SUSPECT) !== 0) acquit(this);
    this.flags = (this.flags & ~SUSPECT) | OBSERVED;
  }

  private append<U>(
    onCallback: Callback | Deferred<never> | Observer | undefined,
    onErrback: Callback | undefined,
  ): Deferred<U> {
    const link = new Link(onCallback, onErrback);
    const { last } = this;
    if (last !== undefined) {
      link.next = last.next;
      last.next = link;
    }
    this.last = link;
    if ((this.flags & FIRED) !== 0) this.run();
    return this as unknown as Deferred<U>;
  }

  private fire(result: unknown): void {
    if ((this.flags & FIRED) !== 0) {
      if ((this.flags & LATE_ALLOWED) === 0) throw new AlreadyFiredError(historyOf(this));
      this.flags &= ~LATE_ALLOWED;
      return;
    }
    this.flags |= FIRED;
    this.upstream = undefined;
    if (getDebugging()) noteFired(this);
    this.adopt(result);
    this.run();
  }

  /** The only place where results change. */
  private setResult(result: unknown): void {
    if ((this.flags & (FAILED | OBSERVED | SUSPECT)) !== 0) this.forgetFailure();
    this.result = result;
  }

  private forgetFailure(): void {
    if ((this.flags & SUSPECT) !== 0) acquit(this);
    this.flags &= ~(FAILED | OBSERVED | SUSPECT);
  }

  /** Takes the argument of `callback`, or a callback's return value, as the result, or waits for it. */
  private adopt(result: unknown): void {
    if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
      this.adoptObject(result);
    } else {
      this.setResult(result);
    }
  }

  private adoptObject(result: object): void {
    let awaited: Deferred<unknown> | undefined;
    try {
      if (result instanceof Failure) {
        this.fail(result);
        return;
      }
      if (result instanceof Deferred) awaited = result;
      else if (isThenable(result)) awaited = fromThenable(result);
    } catch (error) {
      // A getter named `then`, or a trap of a proxy, threw.
      this.fail(Failure.from(error));
      return;
    }
    if (awaited === undefined) this.setResult(result);
    else this.waitFor(awaited);
  }

  private fail(failure: Failure): void {
    this.setResult(failure);
    this.flags |= FAILED;
  }

  private waitFor(inner: Deferred<unknown>): void {
    if ((inner as unknown) === this) {
      reportError(new Error('a callback returned the Deferred that it was added to'), 'Deferred');
      this.setResult(undefined);
      return;
    }
    const result = inner.takeResult();
    if (result !== NO_RESULT) {
      this.adopt(result);
      return;
    }
    this.setResult(undefined);
    this.flags += PAUSE;
    this.upstream = inner;
    inner.append(this as unknown as Deferred<never>, undefined);
  }

  /** The inner chain has reached the link of this one. */
  private resume(result: unknown): void {
    this.upstream = undefined;
    this.flags -= PAUSE;
    this.adopt(result);
  }

  private run(): void {
    let current: Deferred<unknown> = this as Deferred<unknown>;
    let outer: Deferred<unknown>[] | undefined;
    for (;;) {
      const waiting = current.runUntilLink();
      if (waiting !== undefined) {
        // Those that wait for the result go first, then the rest of this chain.
        outer ??= [];
        outer.push(current);
        current = waiting;
        continue;
      }
      const next = outer?.pop();
      if (next === undefined) return;
      current = next;
    }
  }

  /** Runs callbacks until none is left. If a link comes up, returns the waiting Deferred, with its result set. */
  private runUntilLink(): Deferred<unknown> | undefined {
    if (this.flags >= PAUSE || (this.flags & RUNNING) !== 0) return undefined;
    this.flags |= RUNNING;
    let waiting: Deferred<unknown> | undefined;
    while (waiting === undefined && this.flags < PAUSE && this.last !== undefined) {
      waiting = this.runLink(this.shift(this.last));
    }
    this.flags &= ~RUNNING;
    if (waiting === undefined && this.flags < PAUSE) this.suspectFailure();
    return waiting;
  }

  private shift(last: Link<Deferred<never>>): Link<Deferred<never>> {
    const link = last.next;
    if (link === last) this.last = undefined;
    else last.next = link.next;
    return link;
  }

  private runLink(link: Link<Deferred<never>>): Deferred<unknown> | undefined {
    const { onCallback } = link;
    if (typeof onCallback === 'object') return this.pass(onCallback);
    const callback = (this.flags & FAILED) === 0 ? onCallback : link.onErrback;
    if (callback === undefined) return undefined;
    let result: unknown;
    try {
      result = (callback as (result: unknown) => unknown)(this.result);
    } catch (error) {
      result = Failure.from(error);
    }
    this.adopt(result);
    return undefined;
  }

  /** Passes the result to a receiver; if that is a Deferred, which takes the result away, returns it. */
  private pass(receiver: Deferred<never> | Observer): Deferred<unknown> | undefined {
    if (receiver instanceof Observer) {
      this.tell(receiver);
      return undefined;
    }
    const { result } = this;
    this.setResult(undefined);
    const waiting = receiver as unknown as Deferred<unknown>;
    waiting.resume(result);
    return waiting;
  }

  private suspectFailure(): void {
    if ((this.flags & (FAILED | OBSERVED | SUSPECT)) !== FAILED) return;
    this.flags |= SUSPECT;
    suspect(this);
  }

  private tell({ resolve, reject }: Observer): void {
    if ((this.flags & FAILED) === 0) {
      resolve(this.result);
    } else {
      this.observe();
      reject((this.result as Failure).value);
    }
  }
}

inspectAs(Deferred.prototype, (deferred, show) => deferred.describe(show));

function fromThenable<T>(thenable: PromiseLike<T>): Deferred<T> {
  if (thenable instanceof Deferred) return thenable;
  return settleFrom(new Deferred<T>(), thenable);
}

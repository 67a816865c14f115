/**
 * A result that is not available yet, and its chain of callbacks.
 *
 * Theory of operation. A Deferred has a current result and a queue of callback pairs. Once fired, `run` takes pair after pair
 * and replaces the result by what each returns; a {@link Failure} selects the errback of the next pair. If a callback returns
 * another Deferred, the chain pauses, and a link to it is queued on the inner Deferred. When the inner chain reaches that link,
 * its result moves to the outer Deferred, and the loop continues there: one loop, so no chain is too long for the stack.
 *
 * There may be very many: the states are bits of one field, the queue is a circular list of which the end is known, and the
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

/** Stops what a Deferred stands for. It may fire the Deferred; if it does not, that fails with {@link CancelledError}. */
export type Canceller<T> = (deferred: Deferred<T>) => void;

// Here, and not imported: that costs half as much again on the way through a chain.
const FIRED = 1;
/** A callback of this Deferred is on the stack. */
const RUNNING = 2;
/** The result is a failure. */
const FAILED = 4;
/** It was cancelled and nothing could be stopped: one `callback` or `errback` that comes late means nothing. */
const LATE_ALLOWED = 8;
/** The failure at the chain's end was passed on to a promise. */
const OBSERVED = 16;
/** The failure at the chain's end is nobody's yet. */
const SUSPECT = 32;
/** What is above counts the pauses. */
const PAUSE = 64;

const TO_PROMISE_OPTIONS: OptionNames<{ signal?: AbortSignal }> = { signal: true };

/** @internal What {@link Deferred.takeResult} gives when there is none. */
export const NO_RESULT: unique symbol = Symbol('no result');

/**
 * Twisted's Deferred. `callback` or `errback` fires it, once. Callbacks run synchronously: at once where the result is
 * there. `await` works, and as JavaScript has it, goes on in a microtask even where the result is there.
 *
 * `addCallback` and its kin give the same Deferred back, with the type of the new result: keep what they return.
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
  /** Before it is fired the canceller; while its chain waits for another Deferred, that. */
  private upstream: Canceller<never> | Deferred<unknown> | undefined;

  /** @param canceller Called by {@link cancel} where this has not fired, once at most. */
  constructor(canceller?: Canceller<T>) {
    if (canceller !== undefined) checkFunction('canceller', canceller);
    this.upstream = canceller as Canceller<never> | undefined;
    if (getDebugging()) noteMade(this);
  }

  /**
   * A Deferred for what a promise settles to. A Deferred is given back as it is.
   *
   * @param source A promise: cancelling then means that nobody waits for it any more. Or a function that starts something
   * and gives its promise: cancelling then aborts the signal that the function was given.
   * A function that throws, or gives no promise, makes the Deferred fail.
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

  /** Whether the chain stands still: for `pause`, or for another Deferred. */
  get paused(): boolean {
    return this.flags >= PAUSE;
  }

  /**
   * Gives the result and runs the callbacks. A {@link Failure} is as good as `errback`; what will have a result later, a
   * promise or another Deferred, is waited for.
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

  /** Adds a pair: the first for a result, the second for a failure of what comes before both. */
  addCallbacks<U, V = never>(
    onCallback: (result: T) => CallbackResult<U>,
    onErrback: (failure: Failure) => CallbackResult<V>,
  ): Deferred<Result<U | V>> {
    checkFunction('onCallback', onCallback);
    checkFunction('onErrback', onErrback);
    return this.append(onCallback, onErrback);
  }

  /** Adds what is called with the result. What it returns is the new result; what it throws, the failure. */
  addCallback<U = never>(onCallback: (result: T) => CallbackResult<U>): Deferred<Result<U>> {
    checkFunction('onCallback', onCallback);
    return this.append(onCallback, undefined);
  }

  /** Adds what is called with a failure. What it returns is the result from there on, unless it is the failure. */
  addErrback<U = never>(
    onErrback: (failure: Failure) => CallbackResult<U>,
  ): Deferred<T | Result<U>> {
    checkFunction('onErrback', onErrback);
    return this.append(undefined, onErrback);
  }

  /** Adds what is called with the result or the failure. */
  addBoth<U = never>(onEither: (result: T | Failure) => CallbackResult<U>): Deferred<Result<U>> {
    checkFunction('onEither', onEither);
    return this.append(onEither, onEither);
  }

  /** Fires `other` with the result of this one, which has none from there on. Cancelling `other` does not touch this. */
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
   * Says that the result is no longer wanted. Not fired: the canceller is called, and where that does not fire this, it
   * fails with {@link CancelledError}; without a canceller, one `callback` or `errback` that comes afterwards is ignored.
   * Waiting for another Deferred: that is cancelled. With a result: nothing happens.
   *
   * @param cause Becomes the `cause` of the CancelledError, where this makes one.
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
   * Cancels this unless it has a result in `timeoutMs`, callbacks that were added before included; it then fails with
   * {@link TimeoutError}. If the reactor is stopped first, the timeout no longer exists, and a later result is delivered.
   *
   * @param onTimeoutCancel Is given the result or the failure that came of cancelling, in place of that; what it returns
   * is the result.
   */
  addTimeout<U = never>(
    timeoutMs: number,
    clock: Clock,
    onTimeoutCancel?: (result: T | Failure, timeoutMs: number) => CallbackResult<T | U>,
  ): Deferred<T | Result<U>> {
    return this.addBoth(cancelAfter(this, timeoutMs, clock, onTimeoutCancel));
  }

  /** Holds the callbacks back until `unpause` was called as often as this. */
  pause(): void {
    this.flags += PAUSE;
  }

  /** @throws NotPausedError */
  unpause(): void {
    // A pause for another Deferred is not the caller's to end.
    const own = this.upstream instanceof Deferred && this.fired ? PAUSE * 2 : PAUSE;
    if (this.flags < own) throw new NotPausedError();
    this.flags -= PAUSE;
    if (this.flags < PAUSE && this.fired) this.run();
  }

  /**
   * As a promise's. The chain keeps its result: several can wait. A failure counts as handled from then on, since the
   * promise tells of it.
   */
  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: Error) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return this.settled().then(onFulfilled, onRejected);
  }

  /**
   * A promise for the result of the chain as it is now: see {@link then}.
   * @param options.signal Cancels this Deferred, as {@link cancelOn} does.
   */
  toPromise(options?: { readonly signal?: AbortSignal }): Promise<T> {
    if (options !== undefined) {
      checkOptions('toPromise', options, TO_PROMISE_OPTIONS);
      if (options.signal !== undefined) this.cancelOn(options.signal);
    }
    return this.settled();
  }

  /** For `yield*` in {@link inlineCallbacks}: yields this Deferred once and returns what it is sent. */
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

  /** @internal Takes the result away where it is there to be taken: the value or the failure, else {@link NO_RESULT}. */
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

  /** Whether all callbacks have run and nothing is waited for. */
  private get ended(): boolean {
    const { flags } = this;
    return (flags & (FIRED | RUNNING)) === FIRED && flags < PAUSE && this.last === undefined;
  }

  /** A promise for the result; settled already, and cheaper to have, where the result is there. */
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

  /** The one place where results change. */
  private setResult(result: unknown): void {
    if ((this.flags & (FAILED | OBSERVED | SUSPECT)) !== 0) this.forgetFailure();
    this.result = result;
  }

  private forgetFailure(): void {
    if ((this.flags & SUSPECT) !== 0) acquit(this);
    this.flags &= ~(FAILED | OBSERVED | SUSPECT);
  }

  /** Takes what `callback` was given or a callback returned for the result, or waits for it. */
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

  /** The inner chain has come to the link of this one. */
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
        // What waits for the result goes first, then the rest of this chain.
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

  /** Runs callbacks as long as there are any. Gives the Deferred that waits, where a link comes up, with its result set. */
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

  /** Gives the result to one who waits for it: away, to a Deferred, which is returned then. */
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

/** Generators as coroutines: code that waits for Deferreds as if they were calls, and continues without delay. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { type AsyncContext, captureContext } from '../internal/async-context.js';
import { checkFunction, checkObject } from '../internal/check.js';
import { type CallbackResult, Deferred, NO_RESULT } from './deferred.js';
import { Failure } from './failure.js';
import { isThenable } from './thenable.js';

/** A generator that yields the values it waits for. */
export type Coroutine<T> = Generator<unknown, T, unknown>;

/**
 * Makes a function of a generator function. Its calls run the generator at once, up to the first `yield*` of a Deferred
 * that has no result yet, and return a Deferred for the generator's return value.
 *
 * `yield*` a Deferred, or `yield` a Deferred or promise: the generator continues with the result as soon as that is
 * available, or the error is thrown in. Any other yielded value is sent back unchanged. Cancelling the Deferred cancels
 * the one that the generator waits for; if the generator catches the error, its return value is the result.
 *
 * @throws InvalidArgumentTypeError `body` is not a function; from the function made, `body` did not return a generator.
 *
 * @example
 * const title = inlineCallbacks(function* (url: string) {
 *   const page = yield* getPage(url); // a Deferred<Page>
 *   return page.title;
 * });
 */
export function inlineCallbacks<This, Args extends unknown[], T>(
  body: (this: This, ...args: Args) => Coroutine<CallbackResult<T>>,
): (this: This, ...args: Args) => Deferred<T> {
  checkFunction('body', body);
  return function (this: This, ...args: Args): Deferred<T> {
    const coroutine: unknown = body.apply(this, args);
    if (isGenerator<T>(coroutine)) return new Run<T>(coroutine).start();
    throw new InvalidArgumentTypeError(
      'the result of the function given to inlineCallbacks',
      'a generator (declare it as function*)',
      coroutine,
    );
  };
}

/**
 * A Deferred for a coroutine that was started elsewhere: a generator runs at once, as in {@link inlineCallbacks}; a
 * promise, such as an `async` function's, is waited for; a Deferred is returned.
 * @throws InvalidArgumentTypeError it is none of these, or an async generator.
 */
export function ensureDeferred<T>(
  coroutine: Coroutine<CallbackResult<T>> | PromiseLike<T>,
): Deferred<T> {
  if (coroutine instanceof Deferred) return coroutine as Deferred<T>;
  if (isThenable(coroutine)) return Deferred.fromPromise(coroutine as PromiseLike<T>);
  if (isGenerator<T>(coroutine)) return new Run<T>(coroutine).start();
  throw new InvalidArgumentTypeError('coroutine', 'a generator or a promise', coroutine);
}

/** The `next` of an async generator returns promises: it would never end here. */
function isGenerator<T>(value: unknown): value is Coroutine<T> {
  const { next, throw: throwIn } = (value ?? {}) as Partial<Coroutine<T>>;
  if (typeof next !== 'function' || typeof throwIn !== 'function') return false;
  return !(Symbol.asyncIterator in (value as object));
}

/** One generator while it runs. */
class Run<T> {
  readonly #generator: Coroutine<T>;
  #deferred: Deferred<T>;
  #waitingFor: Deferred<unknown> | undefined;
  /** Cancelled while it waited for nothing: the next wait is cut short. */
  #cancelled = false;
  #context: AsyncContext;
  #hasContext = false;

  constructor(generator: Coroutine<T>) {
    this.#generator = generator;
    this.#deferred = this.#makeDeferred();
  }

  start(): Deferred<T> {
    const deferred = this.#deferred;
    this.#advance(undefined);
    return deferred;
  }

  #makeDeferred(): Deferred<T> {
    return new Deferred<T>((cancelled) => {
      // The holder of the cancelled Deferred still gets the generator's result.
      this.#deferred = this.#makeDeferred();
      cancelled.callback(this.#deferred);
      if (this.#waitingFor === undefined) this.#cancelled = true;
      else this.#waitingFor.cancel();
    });
  }

  /** Sends results in, one after the other, until one is not available yet. */
  #advance(sent: unknown): void {
    let result = sent;
    for (;;) {
      let step: IteratorResult<unknown, T>;
      try {
        step =
          result instanceof Failure
            ? this.#generator.throw(result.value)
            : this.#generator.next(result);
        checkObject('the result of next() of the generator', step);
      } catch (error) {
        this.#deferred.errback(error);
        return;
      }
      if (step.done === true) {
        this.#deferred.callback(step.value);
        return;
      }
      result = this.#resultOf(step.value);
      if (result === NO_RESULT) return;
    }
  }

  /** The result of a yielded value; if there is none yet, the generator is resumed with it later. */
  #resultOf(yielded: unknown): unknown {
    let awaited: Deferred<unknown>;
    try {
      if (yielded instanceof Deferred) awaited = yielded;
      else if (isThenable(yielded)) awaited = Deferred.fromPromise(yielded);
      else return yielded;
    } catch (error) {
      return Failure.from(error);
    }
    if (this.#cancelled) {
      this.#cancelled = false;
      awaited.cancel();
    }
    const result = awaited.takeResult();
    if (result !== NO_RESULT) return result;
    if (!this.#hasContext) {
      this.#hasContext = true;
      this.#context = captureContext();
    }
    this.#waitingFor = awaited;
    awaited.addBoth((late) => this.#resume(late));
    return NO_RESULT;
  }

  #resume(result: unknown): void {
    this.#waitingFor = undefined;
    if (this.#context === undefined) this.#advance(result);
    else this.#context.runInAsyncScope(this.#advance, this, result);
  }
}

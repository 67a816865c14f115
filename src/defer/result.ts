/** The types of results in a chain of callbacks. */
import type { Failure } from './failure.js';

/** The results that a callback may return: a value, a promise or Deferred of one, or a failure. */
export type CallbackResult<T> = T | PromiseLike<T> | Failure;

/** The type of a result without failures, which only errbacks receive. */
export type Result<U> = Exclude<U, Failure>;

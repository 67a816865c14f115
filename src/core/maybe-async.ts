/** The results of callbacks. */

/**
 * Nothing, or a promise (any thenable, a Deferred too) that counts as a part of the callback: its rejection is an error of
 * the callback, as though that had thrown it. Nothing waits for the promise: other callbacks are called in the meantime.
 */
export type MaybeAsync = void | PromiseLike<void>;

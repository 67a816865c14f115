/** What stands in a Deferred's queue. */
import type { Deferred } from './deferred.js';

export type Callback = (result: never) => unknown;

/** A pair of callbacks; or, with a Deferred in the first place, the one that waits for this chain. */
export class Link {
  onCallback: Callback | Deferred<never> | Observer | undefined;
  onErrback: Callback | undefined;
  next: Link;

  constructor(
    onCallback: Callback | Deferred<never> | Observer | undefined,
    onErrback: Callback | undefined,
  ) {
    this.onCallback = onCallback;
    this.onErrback = onErrback;
    this.next = this;
  }
}

/** A promise that waits for the result as it is at its place in the queue. */
export class Observer {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: Error) => void;

  constructor(resolve: (result: unknown) => void, reject: (reason: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

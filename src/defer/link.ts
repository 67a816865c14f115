/** The entries of a Deferred's queue. */

export type Callback = (result: never) => unknown;

/** A pair of callbacks; or, with a `Waiter` in the first place, the Deferred that waits for this chain. */
export class Link<Waiter> {
  onCallback: Callback | Waiter | Observer | undefined;
  onErrback: Callback | undefined;
  next: Link<Waiter>;

  constructor(
    onCallback: Callback | Waiter | Observer | undefined,
    onErrback: Callback | undefined,
  ) {
    this.onCallback = onCallback;
    this.onErrback = onErrback;
    this.next = this;
  }
}

/** A promise that waits for the result at its place in the queue. */
export class Observer {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: Error) => void;

  constructor(resolve: (result: unknown) => void, reject: (reason: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

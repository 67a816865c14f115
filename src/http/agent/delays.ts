/** The delays before the retries of an agent, which end when it is closed. */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import { Failure } from '../../defer/failure.js';
import { fail } from '../../defer/succeed.js';
import { deferLater } from '../../task/defer-later.js';
import { HTTPPoolClosedError } from '../client/errors.js';

export class Delays {
  readonly clock: Clock;
  readonly #waiting: Set<Deferred<void>> = new Set();
  #isClosed = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Fires after `delayMs`. Fails with an HTTPPoolClosedError if the agent is closed. */
  wait(delayMs: number): Deferred<void> {
    if (this.#isClosed) return fail(new HTTPPoolClosedError());
    const delay = deferLater(this.clock, delayMs);
    this.#waiting.add(delay);
    return delay.addBoth((result) => {
      this.#waiting.delete(delay);
      if (this.#isClosed && result instanceof Failure) throw new HTTPPoolClosedError();
      return result;
    }) as Deferred<void>;
  }

  /** Ends all delays. */
  close(): void {
    this.#isClosed = true;
    for (const delay of [...this.#waiting]) delay.cancel();
  }
}

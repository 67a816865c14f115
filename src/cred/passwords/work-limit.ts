/** A limit of simultaneous costly computations, with a bounded queue. */
import { Deferred } from '../../defer/deferred.js';
import { DeferredSemaphore } from '../../defer/semaphore.js';
import { fail } from '../../defer/succeed.js';
import { TooManyLoginsError } from '../errors.js';

/**
 * Runs jobs that cannot be stopped once they have begun. A job that is cancelled while it waits leaves the queue; one that runs keeps
 * its place until it is done, so that cancelled logins cannot start more work than the limit.
 */
export class WorkLimit {
  readonly #tokens: DeferredSemaphore;
  readonly #maxQueued: number;
  #refused = 0;

  constructor(maxConcurrent: number, maxQueued: number) {
    this.#tokens = new DeferredSemaphore(maxConcurrent);
    this.#maxQueued = maxQueued;
  }

  get running(): number {
    return this.#tokens.limit - this.#tokens.available;
  }

  get queued(): number {
    return this.#tokens.waiting;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Fails with TooManyLoginsError if the queue is full. */
  run<T>(job: () => PromiseLike<T>): Deferred<T> {
    const tokens = this.#tokens;
    if (tokens.available === 0 && tokens.waiting >= this.#maxQueued) {
      this.#refused++;
      return fail(new TooManyLoginsError('maxQueued', this.#maxQueued));
    }
    const place = tokens.acquire();
    const result = new Deferred<T>(() => place.cancel());
    const release = (deliver: () => void): void => {
      tokens.release();
      if (!result.fired) deliver();
    };
    place.addCallbacks(
      () => {
        if (result.fired) {
          tokens.release();
          return;
        }
        // Not returned: cancelling the place does not reach the job.
        void Promise.resolve()
          .then(job)
          .then(
            (value) => release(() => result.callback(value as T)),
            (error: unknown) => release(() => result.errback(error)),
          );
      },
      (failure) => {
        if (!result.fired) result.errback(failure);
      },
    );
    return result;
  }
}

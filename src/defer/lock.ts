/** A mutual-exclusion lock. */
import { DeferredSemaphore } from './semaphore.js';

/**
 * A {@link DeferredSemaphore} of one token. It is not re-entrant: a holder that acquires it again waits for ever.
 *
 * @example
 * const lock = new DeferredLock();
 * await lock.run(() => writeFile(path, text));
 */
export class DeferredLock extends DeferredSemaphore {
  constructor() {
    super(1);
  }

  /** Whether it is held. */
  get locked(): boolean {
    return this.available === 0;
  }
}

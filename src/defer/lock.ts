/** One at a time. */
import { DeferredSemaphore } from './semaphore.js';

/**
 * A {@link DeferredSemaphore} of one token. It is not re-entrant: who holds it and asks again, waits for ever.
 *
 * @example
 * const lock = new DeferredLock();
 * await lock.run(() => writeFile(path, text));
 */
export class DeferredLock extends DeferredSemaphore {
  constructor() {
    super(1);
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.available === 0;
  }
}

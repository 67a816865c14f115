/** Calls into a reactor from outside its turns, and its pool of threads. */
import type { ThreadPoolLike } from './thread-pool.js';

export interface ReactorThreads {
  /**
   * Queues `callback` for the reactor's next turn, ahead of delayed calls, and wakes the reactor. Safe to call from anywhere,
   * including the callbacks of foreign loops.
   */
  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;
  /**
   * The pool in which `deferToThread` calls functions. It is made by the first call; options of the reactor set its size. When
   * the reactor stops, the pool refuses new calls and completes the others, for `shutdownTimeoutMs` at most; then its threads
   * are terminated. The next run has another pool.
   * @throws UnsupportedError, ReactorDisposedError
   */
  getThreadPool(): ThreadPoolLike;
  /**
   * Sets the maximum number of threads of the pool, now and in later runs.
   * @throws UnsupportedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  suggestThreadPoolSize(maximum: number): void;
}

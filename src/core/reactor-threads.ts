/** Calls into a reactor from outside its turns. */

export interface ReactorThreads {
  /**
   * Queues `callback` for the reactor's next turn, ahead of delayed calls, and wakes the reactor. Safe to call from anywhere,
   * including the callbacks of foreign loops.
   */
  callFromThread<Args extends unknown[]>(callback: (...args: Args) => void, ...args: Args): void;
}

/** Ends a connection on which nothing happens. */
import { ConnectionTimeout } from './connection-timeout.js';

/**
 * A timeout that activity puts off.
 *
 * @example
 * class Session extends Protocol {
 *   #idle!: IdleTimeout;
 *   override connectionMade(): void {
 *     this.#idle = new IdleTimeout(timeouts, this.transport);
 *     this.#idle.set(60_000);
 *   }
 *   override dataReceived(data: Buffer): void {
 *     this.#idle.reset();
 *   }
 *   override connectionLost(): void {
 *     this.#idle.set(null);
 *   }
 * }
 */
export class IdleTimeout extends ConnectionTimeout {
  /** There was activity: the time begins anew. Costs a stored number. Does nothing where the timeout is not set. */
  reset(): void {
    if (this.state === 'open') this.stamp = this.timeouts.tick;
  }
}

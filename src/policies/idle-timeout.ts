/** Ends an idle connection. */
import { ConnectionTimeout } from './connection-timeout.js';

/**
 * A timeout that activity postpones.
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
  /** Reports activity: the timeout starts again. Costs one stored number. Does nothing if the timeout is not set. */
  reset(): void {
    if (this.state === 'open') this.stamp = this.timeouts.tick;
  }
}

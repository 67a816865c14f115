/** Ends an idle connection. */
import type { Transport } from '../core/transport.js';
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

  /**
   * @internal One of the same length for another connection, which it aborts: this one if it belongs to that connection.
   * Undefined if it is not set.
   */
  forConnection(transport: Transport): IdleTimeout | undefined {
    if (this.ms === null) return undefined;
    if (this.transport === transport) return this;
    const other = new IdleTimeout(this.timeouts, transport, () => transport.abortConnection());
    other.set(this.ms);
    return other;
  }
}

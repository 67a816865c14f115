/**
 * What the timeouts of one connection share: they are set and unset, and when their time has come they close the
 * connection, and abort it where it does not close.
 */
import type { Transport } from '../core/transport.js';
import { failOnRejection } from '../defer/callback-result.js';
import { reportError } from '../internal/error-report.js';
import { checkTimeout, type IdleTimeouts, type TimeoutEntry } from './idle-timeouts.js';

/** One lives for each connection, so its private fields are TypeScript's: see StreamTransport. */
export abstract class ConnectionTimeout implements TimeoutEntry {
  /** @internal */
  previous: TimeoutEntry = this;
  /** @internal */
  next: TimeoutEntry = this;
  /** @internal */
  stamp = 0;
  /** @internal */
  ticks = 0;
  protected readonly timeouts: IdleTimeouts;
  protected readonly transport: Transport;
  protected state: 'open' | 'closing' = 'open';
  private readonly timeoutConnection: (() => void) | undefined;
  private ms: number | null = null;

  /**
   * @param transport What to close.
   * @param timeoutConnection Called in place of {@link close} when the time has come. If it loses the connection, that is
   * given `graceMs` too. What it throws is reported and aborts the connection.
   */
  constructor(timeouts: IdleTimeouts, transport: Transport, timeoutConnection?: () => void) {
    this.timeouts = timeouts;
    this.transport = transport;
    this.timeoutConnection = timeoutConnection;
  }

  /** Whether it will fire. */
  get active(): boolean {
    return this.ticks > 0;
  }

  /**
   * Sets the time anew, counted from now; null unsets it, which is to be done in `connectionLost`.
   * @returns What it was set to before, whether it has fired or not; null where it was not set.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError `ms` is not a number greater than 0.
   */
  set(ms: number | null): number | null {
    if (ms !== null) checkTimeout('ms', ms);
    const before = this.ms;
    this.timeouts.remove(this);
    this.ms = ms;
    this.state = 'open';
    if (ms !== null) this.timeouts.add(this, ms);
    return before;
  }

  /**
   * Closes the connection, and aborts it where it is not closed after `graceMs`: where the peer does not read, or a
   * registered producer does not unregister.
   */
  close(): void {
    this.timeouts.remove(this);
    if (!this.transport.connected) return;
    this.state = 'closing';
    this.timeouts.add(this, this.timeouts.graceMs);
    this.transport.loseConnection();
  }

  /** @internal */
  expired(): void {
    if (!this.transport.connected) return;
    try {
      if (this.state === 'closing') this.transport.abortConnection();
      else if (this.timeoutConnection === undefined) this.close();
      else {
        const result: unknown = this.timeoutConnection();
        if (result !== undefined) failOnRejection(result, this.transport, 'timeoutConnection');
      }
      if (this.transport.disconnecting && !this.active) this.close();
    } catch (error) {
      reportError(error, 'timeoutConnection');
      this.transport.abortConnection();
    }
  }
}

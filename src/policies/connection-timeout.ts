/**
 * The common part of the timeouts of one connection: they are set and unset, and when they expire they close the connection,
 * and abort it if it does not close.
 */
import type { Transport } from '../core/transport.js';
import { failOnRejection } from '../defer/callback-result.js';
import { reportError } from '../internal/error-report.js';
import { checkTimeout, type IdleTimeouts, type TimeoutEntry } from './idle-timeouts.js';

/** Each connection has its own, so its private fields are TypeScript's: see StreamTransport. */
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
  /** Null if it is not set. */
  protected ms: number | null = null;

  /**
   * @param transport The connection to close.
   * @param timeoutConnection Called instead of {@link close} when the timeout expires. If it closes the connection, that may
   * take `graceMs` too. An error that it throws is reported and aborts the connection.
   */
  constructor(timeouts: IdleTimeouts, transport: Transport, timeoutConnection?: () => void) {
    this.timeouts = timeouts;
    this.transport = transport;
    this.timeoutConnection = timeoutConnection;
  }

  /** Whether the timeout is pending. */
  get active(): boolean {
    return this.ticks > 0;
  }

  /**
   * Sets the timeout, counted from now; null unsets it. Unset it in `connectionLost`.
   * @returns The previous value, whether the timeout has fired or not; null if it was not set.
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
   * Closes the connection, and aborts it if it is not closed after `graceMs`: because the peer does not read, or a registered
   * producer does not unregister.
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

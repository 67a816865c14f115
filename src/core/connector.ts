/** The life of an outgoing connection, over any number of attempts. */
import type { HostPort, UNIXAddress } from './address.js';
import type { Destination } from './destination.js';

/** `D` is {@link HostPort} for `connectTCP`, {@link UNIXAddress} for `connectUNIX`. */
export interface Connector<D extends Destination = Destination> {
  readonly state: 'disconnected' | 'connecting' | 'connected';
  /**
   * Tries again. For use in a factory's `clientConnectionFailed` and `clientConnectionLost`.
   * @throws ConnectorStateError the connector is not disconnected.
   */
  connect(): void;
  /**
   * Cancels the attempt: `clientConnectionFailed(ConnectingCancelledError)` follows in a later turn.
   * @throws ConnectorStateError no attempt is in progress.
   */
  stopConnecting(): void;
  /** Ends the attempt or the connection: `stopConnecting` while connecting, `loseConnection` when connected, otherwise nothing. */
  disconnect(): void;
  /** The requested destination. */
  getDestination(): D;
  /** @internal The attempt failed, and no factory handles that: reports it, but once only until a connection is made. */
  failureUnhandled?(reason: Error): void;
}

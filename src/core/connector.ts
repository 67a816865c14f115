/** An outgoing connection's life, over as many attempts as the application asks for. */
import type { HostPort, UNIXAddress } from './address.js';
import type { Destination } from './destination.js';

/** `D` is {@link HostPort} for `connectTCP`, {@link UNIXAddress} for `connectUNIX`. */
export interface Connector<D extends Destination = Destination> {
  readonly state: 'disconnected' | 'connecting' | 'connected';
  /**
   * Tries again. Meant for a factory's `clientConnectionFailed` and `clientConnectionLost`.
   * @throws ConnectorStateError the connector is not disconnected.
   */
  connect(): void;
  /**
   * Gives up the attempt: `clientConnectionFailed(ConnectingCancelledError)` follows in a later turn.
   * @throws ConnectorStateError no attempt is under way.
   */
  stopConnecting(): void;
  /** Ends whatever there is: `stopConnecting` while connecting, `loseConnection` when connected, else nothing. */
  disconnect(): void;
  /** What was asked for. */
  getDestination(): D;
  /** @internal The attempt failed, and no factory handles that: reports it, but once only until a connection is made. */
  failureUnhandled?(reason: Error): void;
}

/** An outgoing connection's life, over as many attempts as the application asks for. */
import type { HostPort } from './address.js';

export interface Connector {
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
  getDestination(): HostPort;
}

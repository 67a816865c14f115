/** Protocols that take over connections of an HTTP server. */
import type { StreamProtocol } from '../core/stream-protocol.js';

/** A protocol that takes over a connection of an HTTP server. */
export interface UpgradedProtocol extends StreamProtocol {
  /**
   * The server closes: end the connection soon. It is reset at the deadline of {@link HTTPFactory.drain}. Without this method, the
   * connection is closed when everything written was sent. Called at most once per drain, in the turn of the drain.
   */
  serverClosing?(): unknown;
}

/** The interfaces of factories, which a reactor calls. */
import type { Address } from './address.js';
import type { Connector } from './connector.js';
import type { StreamProtocol } from './stream-protocol.js';

/** The methods that a reactor calls for a listening port. `Factory` is the usual base. */
export interface ProtocolFactory {
  /** @returns The protocol of a new connection; null closes the connection without sending anything. */
  buildProtocol(address: Address): StreamProtocol | null;
  /**
   * The protocols of ALPN (RFC 7301), in order of preference, that its connections offer or accept over TLS. The protocol finds
   * the result in `transport.tls` when `handshakeCompleted` is called.
   */
  readonly acceptableProtocols?: readonly string[] | undefined;
  /** A port or connector starts to use this factory. */
  doStart(): unknown;
  /** A port or connector has finished using this factory. */
  doStop(): unknown;
}

/** The methods that a reactor calls for a connector. `ClientFactory` is the usual base. */
export interface ClientProtocolFactory extends ProtocolFactory {
  /** An attempt begins. Called before `connectTCP` returns. If it throws, so does `connectTCP`, and there is no attempt. */
  startedConnecting?(connector: Connector): unknown;
  /** The connection was made, and the `connectionMade` of the protocol that this factory built has returned. */
  clientConnectionMade?(connector: Connector): unknown;
  /**
   * The attempt failed: `connector.connect()` tries again. Never called before `connectTCP` has returned. A failure that no
   * factory handles is reported once, unless the attempt was cancelled.
   */
  clientConnectionFailed?(connector: Connector, reason: Error): unknown;
  /** The connection ended. Called after the protocol's `connectionLost`; `connector.connect()` connects again. */
  clientConnectionLost?(connector: Connector, reason: Error): unknown;
}

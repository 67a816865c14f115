/** Attempts of a pool to connect. */
import type { Address } from '../../core/address.js';
import { ClientFactory } from '../../core/factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { Deferred } from '../../defer/deferred.js';
import { type ConnectionOwner, HTTPClientConnection } from './client-connection.js';
import type { HTTPOrigin } from './connection-source.js';
import { HTTP2ClientConnection, type HTTP2ConnectionOwner } from './http2-connection.js';
import { ALPN_PROTOCOLS, Negotiation, type ProtocolChoice } from './negotiation.js';

export type PooledConnection = HTTPClientConnection | HTTP2ClientConnection;

export interface PoolAttempt {
  /** Fires when the endpoint has connected. */
  readonly connecting: Deferred<unknown>;
  /** The connection; undefined if there is none. */
  made(): PooledConnection | undefined;
}

export function connectTo(
  { endpoint, http2 }: HTTPOrigin,
  owner: ConnectionOwner & HTTP2ConnectionOwner,
): PoolAttempt {
  let connection: PooledConnection | undefined;
  const choose: ProtocolChoice = (isHTTP2) => {
    connection = isHTTP2 ? new HTTP2ClientConnection(owner) : new HTTPClientConnection(owner);
    return connection;
  };
  const connecting: Deferred<unknown> =
    http2 === 'alpn'
      ? endpoint.connect(new NegotiatingFactory(choose))
      : endpoint.connect(() => choose(http2 === 'prior-knowledge'));
  return { connecting, made: () => connection };
}

/** Its protocols replace those of the TLS context. */
class NegotiatingFactory extends ClientFactory {
  readonly acceptableProtocols: readonly string[] = ALPN_PROTOCOLS;
  readonly #choose: ProtocolChoice;

  constructor(choose: ProtocolChoice) {
    super();
    this.#choose = choose;
  }

  override buildProtocol(_address: Address): StreamProtocol {
    return new Negotiation(this.#choose);
  }

  override clientConnectionFailed(): void {}
}

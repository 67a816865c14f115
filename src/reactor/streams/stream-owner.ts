/** The listening port or connector that a transport came from. */
import type { Address } from '../../core/address.js';
import type { SocketTransport } from '../../core/transport.js';
import type { AsyncContext } from '../../internal/async-context.js';

export interface StreamOwner {
  readonly context: AsyncContext;
  /** The connection is gone and `connectionLost` has been called. */
  connectionEnded(transport: SocketTransport, reason: Error): void;
  /** The local address, for when the socket can no longer be asked. */
  localAddress(): Address;
}

/** The owner of an adopted connection, which has no port or connector. */
import type { Address } from '../../core/address.js';
import { builtProtocol } from '../../core/factory.js';
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { SocketTransport } from '../../core/transport.js';
import { type AsyncContext, captureContext } from '../../internal/async-context.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import type { StreamReactor } from '../streams/stream-reactor.js';
import type { StreamTransport } from '../streams/stream-transport.js';

export class AdoptedOwner implements StreamOwner {
  readonly context: AsyncContext = captureContext();
  readonly #reactor: StreamReactor;
  readonly #factory: ClientProtocolFactory;
  #host: Address | undefined;

  constructor(reactor: StreamReactor, factory: ClientProtocolFactory) {
    this.#reactor = reactor;
    this.#factory = factory;
  }

  /**
   * Adopts the connection, and gives it a protocol.
   * @param unread Bytes to deliver in the next turn, before any others.
   * @returns Null if the factory rejected it or threw: the descriptor has been taken over by then, so the error is reported.
   */
  start<T extends StreamTransport>(
    adopt: (owner: StreamOwner) => T,
    unread: Buffer | undefined,
  ): T | null {
    const transport = adopt(this);
    this.#host = transport.getHost();
    let protocol: StreamProtocol | null;
    try {
      protocol = builtProtocol(this.#factory, transport.getPeer());
    } catch (error) {
      this.#reactor.report(error, 'buildProtocol');
      protocol = null;
    }
    if (protocol === null) {
      transport.discard();
      return null;
    }
    this.#reactor.connections.accepted += 1;
    this.#reactor.connections.open += 1;
    if (unread !== undefined && unread.byteLength > 0) transport.holdBack(unread);
    transport.start(protocol);
    return transport;
  }

  connectionEnded(transport: SocketTransport, reason: Error): void {
    this.#reactor.connections.ended(transport, reason);
  }

  localAddress(): Address {
    return this.#host as Address;
  }
}

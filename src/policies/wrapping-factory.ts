/** Wraps each protocol that another factory builds, and records the connected ones. The base of the other policies. */
import type { Address } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import { builtProtocol, type FactoryLike, toFactory } from '../core/factory.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { reportRejection } from '../defer/callback-result.js';
import { ProtocolWrapper, type WrapperOwner } from './protocol-wrapper.js';

/**
 * Passes everything on to the wrapped factory. Override {@link wrap} to add a wrapper of your own; factories can be stacked
 * in any order.
 *
 * @example
 * class Shouting extends ProtocolWrapper {
 *   override write(data: Uint8Array | string): void {
 *     super.write(String(data).toUpperCase());
 *   }
 * }
 * class ShoutingFactory extends WrappingFactory {
 *   protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
 *     return new Shouting(protocol, this);
 *   }
 * }
 * reactor.listenTCP(7, new ShoutingFactory(Echo));
 */
export class WrappingFactory implements ClientProtocolFactory, WrapperOwner {
  readonly wrappedFactory: ClientProtocolFactory;
  readonly #protocols: Set<ProtocolWrapper> = new Set();

  /**
   * @param wrapped Any value that `listenTCP` accepts.
   * @throws InvalidArgumentTypeError
   */
  constructor(wrapped: FactoryLike) {
    this.wrappedFactory = toFactory(wrapped);
  }

  /** The wrappers whose connection is open, in the order of their creation. */
  get protocols(): ReadonlySet<ProtocolWrapper> {
    return this.#protocols;
  }

  get acceptableProtocols(): readonly string[] | undefined {
    return this.wrappedFactory.acceptableProtocols;
  }

  buildProtocol(address: Address): StreamProtocol | null {
    const protocol = builtProtocol(this.wrappedFactory, address);
    return protocol === null ? null : this.wrap(protocol, address);
  }

  doStart(): void {
    watch(this.wrappedFactory.doStart(), 'startFactory');
  }

  doStop(): void {
    watch(this.wrappedFactory.doStop(), 'stopFactory');
  }

  startedConnecting(connector: Connector): void {
    watch(this.wrappedFactory.startedConnecting?.(connector), 'startedConnecting');
  }

  clientConnectionMade(connector: Connector): void {
    watch(this.wrappedFactory.clientConnectionMade?.(connector), 'clientConnectionMade');
  }

  clientConnectionFailed(connector: Connector, reason: Error): void {
    const { wrappedFactory } = this;
    if (wrappedFactory.clientConnectionFailed === undefined) connector.failureUnhandled?.(reason);
    else {
      const result = wrappedFactory.clientConnectionFailed(connector, reason);
      watch(result, 'clientConnectionFailed');
    }
  }

  clientConnectionLost(connector: Connector, reason: Error): void {
    watch(this.wrappedFactory.clientConnectionLost?.(connector, reason), 'clientConnectionLost');
  }

  /** @internal */
  wrapperConnected(wrapper: ProtocolWrapper): void {
    this.#protocols.add(wrapper);
  }

  /** @internal */
  wrapperDisconnected(wrapper: ProtocolWrapper): void {
    this.#protocols.delete(wrapper);
  }

  /** Creates the wrapper of a protocol that was just built for a connection from or to `address`. */
  protected wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new ProtocolWrapper(protocol, this);
  }
}

function watch(result: unknown, where: string): void {
  if (result !== undefined) reportRejection(result, where);
}

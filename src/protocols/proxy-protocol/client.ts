/** Clients that send a PROXY header: proxies, and health checks of servers behind one. */
import { type Address, IPv4Address } from '../../core/address.js';
import type { FactoryLike } from '../../core/factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { Transport } from '../../core/transport.js';
import { checkOptions } from '../../internal/options.js';
import { ProtocolWrapper, type WrapperOwner } from '../../policies/protocol-wrapper.js';
import { WrappingFactory } from '../../policies/wrapping-factory.js';
import {
  PROXY_HEADER_OPTIONS,
  type ProxyHeaderOptions,
  serializeProxyHeader,
} from './serializer.js';

/** Addresses for the check of other fields. */
const ANY_ADDRESS = new IPv4Address('TCP', '192.0.2.1', 0);

/**
 * Wraps a factory of outgoing connections: each begins with a PROXY header. Without `source` and `destination`, a header that
 * is not `LOCAL` has the addresses of the connection itself, as the specification recommends for health checks.
 *
 * @example
 * // In a proxy, for the client that is connected through `transport`:
 * const header = { source: transport.getPeer(), destination: transport.getHost() };
 * reactor.connectTCP('10.0.0.7', 80, new ProxyProtocolClientFactory(Upstream, header));
 */
export class ProxyProtocolClientFactory extends WrappingFactory {
  readonly #headerFor: (transport: Transport) => Buffer;

  /**
   * @param header Default: version 2 with the addresses of the connection.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError the errors of `serializeProxyHeader`.
   */
  constructor(wrapped: FactoryLike, header: ProxyHeaderOptions = {}) {
    super(wrapped);
    checkOptions('ProxyProtocolClientFactory', header, PROXY_HEADER_OPTIONS);
    const { source, destination, command } = header;
    if (command === 'LOCAL' || source !== undefined || destination !== undefined) {
      const bytes = serializeProxyHeader(header);
      this.#headerFor = () => bytes;
    } else {
      const fields = { ...header };
      const between = (own: ProxyHeaderOptions): Buffer =>
        serializeProxyHeader({ ...fields, ...own });
      between({ source: ANY_ADDRESS, destination: ANY_ADDRESS });
      this.#headerFor = (transport) =>
        between({ source: transport.getHost(), destination: transport.getPeer() });
    }
  }

  override buildProtocol(address: Address): ProtocolWrapper | null {
    return super.buildProtocol(address) as ProtocolWrapper | null;
  }

  protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
    return new HeaderSender(protocol, this, this.#headerFor);
  }
}

class HeaderSender extends ProtocolWrapper {
  private readonly headerFor: (transport: Transport) => Buffer;

  constructor(
    protocol: StreamProtocol,
    owner: WrapperOwner,
    headerFor: (transport: Transport) => Buffer,
  ) {
    super(protocol, owner);
    this.headerFor = headerFor;
  }

  override makeConnection(transport: Transport): void {
    transport.write(this.headerFor(transport));
    super.makeConnection(transport);
  }
}

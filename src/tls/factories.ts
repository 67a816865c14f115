/** Factories whose connections are secured from the beginning. */
import type { Address } from '../core/address.js';
import { builtProtocol, type FactoryLike } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { StartTLSOptions } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ProtocolWrapper } from '../policies/protocol-wrapper.js';
import { WrappingFactory } from '../policies/wrapping-factory.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import type { TLSClientContext } from './client-context.js';
import type { TLSServerContext } from './server-context.js';
import { peerName } from './server-names.js';

/**
 * Secures each connection, as the server, before the protocol's `connectionMade`, which is called at once: what it writes is sent
 * when the handshake is complete. Works with everything that takes a factory.
 *
 * If the wrapped factory has `acceptableProtocols`, they replace the context's `alpnProtocols`.
 */
export class TLSServerFactory extends WrappingFactory {
  readonly #context: TLSServerContext;

  /** @throws InvalidArgumentTypeError */
  constructor(context: TLSServerContext, factory: FactoryLike) {
    super(factory);
    this.#context = context;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    const protocol = builtProtocol(this.wrappedFactory, address);
    if (protocol === null) return null;
    const { acceptableProtocols: alpnProtocols } = this.wrappedFactory;
    return new SecuringProtocol(protocol, this.#context, { alpnProtocols });
  }
}

export interface TLSClientFactoryOptions {
  /** The name or IP address of the server, as the certificate must have it. */
  readonly hostname: string;
}

const CLIENT_OPTIONS: OptionNames<TLSClientFactoryOptions> = { hostname: true };

/** Like {@link TLSServerFactory}, as the client. */
export class TLSClientFactory extends WrappingFactory {
  readonly #context: TLSClientContext;
  readonly #hostname: string;

  /** @throws InvalidArgumentTypeError, InvalidHostNameError */
  constructor(context: TLSClientContext, factory: FactoryLike, options: TLSClientFactoryOptions) {
    super(factory);
    this.#context = context;
    checkOptions('TLSClientFactory', options, CLIENT_OPTIONS);
    this.#hostname = peerName(options.hostname);
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    const protocol = builtProtocol(this.wrappedFactory, address);
    if (protocol === null) return null;
    const { acceptableProtocols: alpnProtocols } = this.wrappedFactory;
    const options = { hostname: this.#hostname, alpnProtocols };
    return new SecuringProtocol(protocol, this.#context, options);
  }
}

/** Secures the connection, and then leaves the protocol to the secured transport, unless there is a wrapper between them. */
class SecuringProtocol extends ProtocolWrapper {
  readonly #context: TLSContext;
  readonly #options: StartTLSOptions;

  constructor(protocol: StreamProtocol, context: TLSContext, options: StartTLSOptions) {
    super(protocol);
    this.#context = context;
    this.#options = options;
  }

  override makeConnection(transport: Transport): unknown {
    const secured = transport.startTLS(this.#context, this.#options);
    this.transport = secured;
    if (secured instanceof StreamTransport && secured.protocol === this) {
      secured.protocol = this.wrappedProtocol;
    }
    return this.wrappedProtocol.makeConnection(secured);
  }
}

/** Factories whose connections are secured from the beginning. */
import type { FactoryLike } from '../core/factory.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { StartTLSOptions } from '../core/tls.js';
import type { TLSContext, Transport } from '../core/transport.js';
import { checkTLSRole } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { ProtocolWrapper } from '../policies/protocol-wrapper.js';
import { WrappingFactory } from '../policies/wrapping-factory.js';
import { StreamTransport } from '../reactor/streams/stream-transport.js';
import { TLSClientContext } from './client-context.js';
import { TLSServerContext } from './server-context.js';
import { peerName } from './server-names.js';

/**
 * Secures each connection, as the server, before the protocol's `connectionMade`, which is called at once: bytes that it writes are sent
 * when the handshake is complete. Works with everything that takes a factory.
 *
 * If the wrapped factory has `acceptableProtocols`, they replace the context's `alpnProtocols`.
 */
export class TLSServerFactory extends WrappingFactory {
  readonly #context: TLSServerContext;

  /** @throws InvalidArgumentTypeError */
  constructor(context: TLSServerContext, factory: FactoryLike) {
    super(factory);
    checkTLSRole(context, TLSServerContext);
    this.#context = context;
  }

  protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
    const { acceptableProtocols: alpnProtocols } = this;
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
  /** @internal */
  protected readonly context: TLSClientContext;
  readonly #hostname: string;

  /** @throws InvalidArgumentTypeError, InvalidHostNameError */
  constructor(context: TLSClientContext, factory: FactoryLike, options: TLSClientFactoryOptions) {
    super(factory);
    checkTLSRole(context, TLSClientContext);
    this.context = context;
    checkOptions('TLSClientFactory', options, CLIENT_OPTIONS);
    this.#hostname = peerName(options.hostname);
  }

  protected override wrap(protocol: StreamProtocol): ProtocolWrapper {
    return new SecuringProtocol(protocol, this.context, this.securing);
  }

  /** @internal */
  protected get securing(): StartTLSOptions {
    return { hostname: this.#hostname, alpnProtocols: this.acceptableProtocols };
  }
}

/** Secures the connection, and then leaves the protocol to the secured transport, unless there is a wrapper between them. */
export class SecuringProtocol extends ProtocolWrapper {
  readonly #context: TLSContext;
  readonly #options: StartTLSOptions;

  constructor(protocol: StreamProtocol, context: TLSContext, options: StartTLSOptions) {
    super(protocol);
    this.#context = context;
    this.#options = options;
  }

  override makeConnection(transport: Transport): unknown {
    this.transport = transport.startTLS(this.#context, this.#options);
    this.secured();
    return this.wrappedProtocol.makeConnection(this.transport);
  }

  /** Called once, before the protocol is connected. */
  protected secured(): void {
    this.stepAside();
  }

  protected stepAside(): void {
    const { transport } = this;
    if (transport instanceof StreamTransport && transport.protocol === this) {
      transport.protocol = this.wrappedProtocol;
    }
  }
}

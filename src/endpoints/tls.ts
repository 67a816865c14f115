/** TLS through any endpoint. */
import type { Address } from '../core/address.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type {
  ProtocolOf,
  StreamClientEndpoint,
  StreamServerEndpoint,
} from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { checkClientEndpoint, checkServerEndpoint } from '../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { showAsText } from '../internal/shown-as-text.js';
import { type AwaitedHandshake, AwaitedHandshakeFactory } from '../tls/awaited-handshake.js';
import {
  clientContextOf,
  type TLSClientContext,
  type TLSClientOptions,
} from '../tls/client-context.js';
import { TLSServerFactory } from '../tls/factories.js';
import {
  serverContextOf,
  type TLSServerContext,
  type TLSServerOptions,
} from '../tls/server-context.js';

export interface WrapClientTLSOptions {
  /** The name or IP address that the server's certificate must have. Default: the `host` of the endpoint. */
  readonly hostname?: string | undefined;
}

const OPTIONS: OptionNames<WrapClientTLSOptions> = { hostname: true };

/**
 * An endpoint whose connections are secured, as the client, before the protocol's `connectionMade`. The Deferred of `connect` fires
 * when the handshake is complete and the server is verified. If TLS fails before, it fails with the reason of the protocol's
 * `connectionLost`, such as a TLSCertificateError. Cancelling it aborts the connection.
 *
 * @param context A context, or the options of one. Use one context for many endpoints, so that sessions can be resumed.
 * @throws InvalidArgumentTypeError the endpoint has no host, and `hostname` is not given.
 * @throws The errors of {@link TLSClientContext}.
 */
export function wrapClientTLS(
  context: TLSClientContext | TLSClientOptions,
  endpoint: StreamClientEndpoint,
  options: WrapClientTLSOptions = {},
): StreamClientEndpoint {
  checkOptions('wrapClientTLS', options, OPTIONS);
  checkClientEndpoint(endpoint);
  const { hostname = endpoint.host } = options;
  if (hostname === undefined) {
    const why = 'the endpoint has no host whose certificate could be verified';
    throw new InvalidArgumentTypeError('hostname', 'a string', hostname, why);
  }
  return new TLSClientEndpoint(clientContextOf(context), endpoint, hostname);
}

/**
 * An endpoint whose connections are secured, as the server, before the protocol's `connectionMade`.
 *
 * @param context A context, or the options of one.
 * @throws InvalidArgumentTypeError, and the errors of {@link TLSServerContext}.
 */
export function wrapServerTLS(
  context: TLSServerContext | TLSServerOptions,
  endpoint: StreamServerEndpoint,
): StreamServerEndpoint {
  checkServerEndpoint(endpoint);
  return new TLSServerEndpoint(serverContextOf(context), endpoint);
}

class TLSClientEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly #context: TLSClientContext;
  readonly #endpoint: StreamClientEndpoint;

  constructor(context: TLSClientContext, endpoint: StreamClientEndpoint, hostname: string) {
    this.#context = context;
    this.#endpoint = endpoint;
    this.host = hostname;
    // A name that no certificate can have is reported here.
    this.#securing(() => null);
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const connected = this.#endpoint
      .connect(this.#securing(factory))
      .addCallback((protocol) => (protocol as AwaitedHandshake).whenCompleted());
    return connected as Deferred<unknown> as Deferred<ProtocolOf<F>>;
  }

  toString(): string {
    return `<TLS to ${this.host} over ${this.#endpoint}>`;
  }

  #securing(factory: FactoryLike): AwaitedHandshakeFactory {
    return new AwaitedHandshakeFactory(this.#context, factory, { hostname: this.host });
  }
}

class TLSServerEndpoint implements StreamServerEndpoint {
  readonly #context: TLSServerContext;
  readonly #endpoint: StreamServerEndpoint;

  constructor(context: TLSServerContext, endpoint: StreamServerEndpoint) {
    this.#context = context;
    this.#endpoint = endpoint;
  }

  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return this.#endpoint.listen(new TLSServerFactory(this.#context, factory));
  }

  toString(): string {
    return `<TLS over ${this.#endpoint}>`;
  }
}

showAsText(TLSClientEndpoint, TLSServerEndpoint);

/** Endpoints whose connections begin with a PROXY header. */
import type { Address } from '../core/address.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type {
  ProtocolOf,
  StreamClientEndpoint,
  StreamServerEndpoint,
} from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { checkClientEndpoint, checkServerEndpoint } from '../internal/check-endpoint.js';
import { showAsText } from '../internal/shown-as-text.js';
import {
  type ProxyHeaderOptions,
  ProxyProtocolClientFactory,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
  type ProxyVersion,
} from '../protocols/proxy-protocol/index.js';
import type { EndpointType } from './endpoint-type.js';

/** Reads a PROXY header from each connection that another endpoint accepts: see {@link ProxyProtocolFactory}. */
export class ProxyProtocolServerEndpoint implements StreamServerEndpoint {
  readonly #endpoint: StreamServerEndpoint;
  readonly #options: ProxyProtocolOptions;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(endpoint: StreamServerEndpoint, options: ProxyProtocolOptions) {
    checkServerEndpoint(endpoint);
    // Checks the options now.
    new ProxyProtocolFactory(() => null, options);
    this.#endpoint = endpoint;
    this.#options = options;
  }

  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return this.#endpoint.listen(new ProxyProtocolFactory(factory, this.#options));
  }

  toString(): string {
    return `<PROXY protocol over ${this.#endpoint}>`;
  }
}

/** Sends a PROXY header at the beginning of each connection of another endpoint: see {@link ProxyProtocolClientFactory}. */
export class ProxyProtocolClientEndpoint implements StreamClientEndpoint {
  readonly #endpoint: StreamClientEndpoint;
  readonly #header: ProxyHeaderOptions;

  /**
   * @param header Default: version 2 with the addresses of the connection.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(endpoint: StreamClientEndpoint, header: ProxyHeaderOptions = {}) {
    checkClientEndpoint(endpoint);
    // Checks the header now.
    new ProxyProtocolClientFactory(() => null, header);
    this.#endpoint = endpoint;
    this.#header = { ...header };
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    const wrapping = new ProxyProtocolClientFactory(toFactory(factory), this.#header);
    return this.#endpoint
      .connect(wrapping)
      .addCallback(({ wrappedProtocol }) => wrappedProtocol) as Deferred<unknown> as Deferred<
      ProtocolOf<F>
    >;
  }

  toString(): string {
    return `<PROXY protocol over ${this.#endpoint}>`;
  }
}

showAsText(ProxyProtocolServerEndpoint, ProxyProtocolClientEndpoint);

/** Proxies on this machine. */
const LOCAL_PEERS = ['127.0.0.0/8', '::1', 'unix'];

/**
 * `haproxy:ENDPOINT[:trusted=PEERS][:timeout=5]`, `haproxy:ENDPOINT[:version=2]`. The inner endpoint is escaped, as in
 * `haproxy:tcp\:80`. PEERS are separated by commas; without them only proxies on this machine are trusted.
 */
export const HAPROXY: EndpointType = {
  prefix: 'haproxy',
  client(args, { parse }) {
    const values = args.bind(['endpoint'], ['version']);
    const version = values.integer('version', 1, 2, 2) as ProxyVersion;
    return new ProxyProtocolClientEndpoint(parse(values.text('endpoint')), { version });
  },
  server(args, { reactor, parse }) {
    const values = args.bind(['endpoint'], ['trusted', 'timeout']);
    const trusted = values.has('trusted') ? values.text('trusted') : LOCAL_PEERS.join();
    return new ProxyProtocolServerEndpoint(parse(values.text('endpoint')), {
      clock: reactor,
      trustedPeers: trusted === 'everybody' ? trusted : trusted.split(','),
      ...(values.has('timeout') && { headerTimeoutMs: values.seconds('timeout') }),
    });
  },
};

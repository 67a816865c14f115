/** TLS over TCP in one call. */
import type { HostPort, IPAddress } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { CONNECT_TCP_OPTIONS } from '../reactor/streams/tcp-settings.js';
import { clientContextOf, type TLSClientContext, type TLSClientOptions } from './client-context.js';
import { TLSClientFactory, TLSServerFactory } from './factories.js';
import { serverContextOf, type TLSServerContext, type TLSServerOptions } from './server-context.js';

/**
 * Listens for TLS connections over TCP.
 * @param context A context, or the options of one. Use one context for all ports with the same certificates.
 * @throws The errors of `listenTCP` and of {@link TLSServerContext}.
 */
export function listenTLS(
  reactor: ReactorTCP,
  port: number,
  factory: FactoryLike,
  context: TLSServerContext | TLSServerOptions,
  options: ListenTCPOptions = {},
): ListeningPort<IPAddress> {
  return reactor.listenTCP(port, new TLSServerFactory(serverContextOf(context), factory), options);
}

export interface ConnectTLSOptions extends ConnectTCPOptions {
  /** The name that the certificate must have, and that is sent as SNI. Default: the host. */
  readonly hostname?: string | undefined;
}

const CONNECT_OPTIONS: OptionNames<ConnectTLSOptions> = { ...CONNECT_TCP_OPTIONS, hostname: true };

/**
 * Connects over TCP and TLS. The certificate must be for `host`, or for `options.hostname`.
 * @param context A context, or the options of one. Use one context for all connections, so that sessions can be resumed.
 * @throws The errors of `connectTCP` and of {@link TLSClientContext}.
 */
export function connectTLS(
  reactor: ReactorTCP,
  host: string,
  port: number,
  factory: FactoryLike,
  context: TLSClientContext | TLSClientOptions = {},
  options: ConnectTLSOptions = {},
): Connector<HostPort> {
  checkOptions('connectTLS', options, CONNECT_OPTIONS);
  const client = clientContextOf(context);
  const { hostname = host, ...tcp } = options;
  return reactor.connectTCP(host, port, new TLSClientFactory(client, factory, { hostname }), tcp);
}

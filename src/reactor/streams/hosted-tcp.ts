/** {@link ReactorTCP} over the sockets of any implementation. */
import { isIP } from 'node:net';
import { HostnameAddress, type HostPort, type IPAddress } from '../../core/address.js';
import type { Connector } from '../../core/connector.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ListeningPort } from '../../core/listening-port.js';
import type { ReactorNames } from '../../core/reactor-names.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../../core/tcp-options.js';
import { checkInteger } from '../../internal/check.js';
import { checkHost } from '../../internal/host.js';
import { withScopeSpelled } from '../../internal/interface-names.js';
import { StreamConnector } from './stream-connector.js';
import { StreamPort } from './stream-port.js';
import type { StreamReactor } from './stream-reactor.js';
import { TCPRoute } from './tcp-route.js';
import { checkHostFamily, connectSettings, listenSettings } from './tcp-settings.js';
import type { TCPSockets } from './tcp-sockets.js';

export class HostedTCP implements ReactorTCP {
  readonly #reactor: StreamReactor;
  readonly #sockets: TCPSockets;
  readonly #names: ReactorNames;

  constructor(reactor: StreamReactor, sockets: TCPSockets, names: ReactorNames) {
    this.#reactor = reactor;
    this.#sockets = sockets;
    this.#names = names;
  }

  listenTCP(
    port: number,
    factory: FactoryLike,
    options: ListenTCPOptions = {},
  ): ListeningPort<IPAddress> {
    const settings = listenSettings(port, options);
    this.#sockets.checkSupported(settings);
    const listeningPort = new StreamPort<IPAddress>(
      this.#reactor,
      toFactory(factory),
      (streamPort) => this.#sockets.listen(settings, streamPort),
    );
    listeningPort.startListening();
    return listeningPort;
  }

  connectTCP(
    host: string,
    port: number,
    factory: FactoryLike,
    options: ConnectTCPOptions = {},
  ): Connector<HostPort> {
    const settings = connectSettings(options);
    this.#sockets.checkSupported(settings);
    checkHost('host', host);
    checkHostFamily('host', host, settings.family);
    checkInteger('port', port, 0, 65_535);
    const destination =
      isIP(host) === 0 ? new HostnameAddress(host, port) : { host: withScopeSpelled(host), port };
    const route = new TCPRoute(this.#sockets, this.#names, destination, settings);
    const connector = new StreamConnector(this.#reactor, route, toFactory(factory), {
      timeoutMs: settings.timeoutMs,
      signal: options.signal,
    });
    connector.connect();
    return connector;
  }
}

/** {@link ReactorUNIX} over the sockets of any implementation that has them. */
import { UNIXAddress } from '../../core/address.js';
import type { Connector } from '../../core/connector.js';
import { CannotListenError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { type FactoryLike, toFactory } from '../../core/factory.js';
import type { ListeningPort } from '../../core/listening-port.js';
import type { ReactorUNIX } from '../../core/reactor-unix.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../../core/unix-options.js';
import type { ListenSocket } from './listen-socket.js';
import { StreamConnector } from './stream-connector.js';
import { StreamPort } from './stream-port.js';
import type { StreamReactor } from './stream-reactor.js';
import { listenLocked } from './unix-listening.js';
import { UNIXRoute } from './unix-route.js';
import { unixConnectSettings, unixListenSettings } from './unix-settings.js';
import type { UNIXSockets } from './unix-sockets.js';

export class HostedUNIX implements ReactorUNIX {
  readonly #reactor: StreamReactor;
  readonly #sockets: UNIXSockets | undefined;

  constructor(reactor: StreamReactor, sockets: UNIXSockets | undefined) {
    this.#reactor = reactor;
    this.#sockets = sockets;
  }

  listenUNIX(
    path: string,
    factory: FactoryLike,
    options: ListenUNIXOptions = {},
  ): ListeningPort<UNIXAddress> {
    const settings = unixListenSettings(path, options);
    const sockets = this.#supported('listenUNIX');
    sockets.checkSupported(settings);
    const reactor = this.#reactor;
    const listeningPort = new StreamPort<UNIXAddress>(reactor, toFactory(factory), (port) => {
      const open = (): ListenSocket => sockets.listen(settings, port);
      const locks = settings.wantPID && sockets.ownLocks !== true;
      if (locks) return listenLocked(path, reactor, open);
      return settings.wantPID ? open() : hintingAtStaleFile(open);
    });
    listeningPort.startListening();
    return listeningPort;
  }

  connectUNIX(
    path: string,
    factory: FactoryLike,
    options: ConnectUNIXOptions = {},
  ): Connector<UNIXAddress> {
    const settings = unixConnectSettings(path, options);
    const sockets = this.#supported('connectUNIX');
    sockets.checkSupported(settings);
    const route = new UNIXRoute(this.#reactor, sockets, settings);
    const connector = new StreamConnector(this.#reactor, route, toFactory(factory), {
      timeoutMs: settings.timeoutMs,
      signal: options.signal,
    });
    connector.connect();
    return connector;
  }

  #supported(method: string): UNIXSockets {
    if (this.#sockets !== undefined) return this.#sockets;
    throw new UnsupportedError(method, 'this reactor has no UNIX sockets');
  }
}

/** A file at the path may be a socket left behind by a process that died: `wantPID` finds out. */
function hintingAtStaleFile(open: () => ListenSocket): ListenSocket {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof CannotListenError) || !isInUse(error)) throw error;
    const { path, cause } = error;
    const hint =
      'If a dead process left the file there, remove it, or listen with { wantPID: true }';
    throw new CannotListenError(new UNIXAddress(path as string), { cause }, hint);
  }
}

function isInUse({ path, cause }: CannotListenError): boolean {
  return path?.startsWith('/') === true && (cause as { code?: unknown })?.code === 'EADDRINUSE';
}

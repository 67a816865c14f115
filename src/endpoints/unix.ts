/** Endpoints with the path of a UNIX socket. */
import { type Address, UNIXAddress } from '../core/address.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ReactorUNIX } from '../core/reactor-unix.js';
import type {
  ProtocolOf,
  StreamClientEndpoint,
  StreamServerEndpoint,
} from '../core/stream-endpoint.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../core/unix-options.js';
import type { Deferred } from '../defer/deferred.js';
import { showAsText } from '../internal/shown-as-text.js';
import { unixConnectSettings, unixListenSettings } from '../reactor/streams/unix-settings.js';
import { connectOnce } from './connecting.js';
import { listenOnce } from './listening.js';

export class UNIXClientEndpoint implements StreamClientEndpoint {
  readonly path: string;
  readonly #reactor: ReactorUNIX;
  readonly #options: ConnectUNIXOptions;

  /**
   * @param options As for `connectUNIX`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorUNIX, path: string, options: ConnectUNIXOptions = {}) {
    unixConnectSettings(path, options);
    this.path = path;
    this.#reactor = reactor;
    this.#options = options;
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    return connectOnce(factory, (attempt) =>
      this.#reactor.connectUNIX(this.path, attempt, this.#options),
    );
  }

  toString(): string {
    return `<UNIX client endpoint ${new UNIXAddress(this.path)}>`;
  }
}

export class UNIXServerEndpoint implements StreamServerEndpoint {
  readonly path: string;
  readonly #reactor: ReactorUNIX;
  readonly #options: ListenUNIXOptions;

  /**
   * @param options As for `listenUNIX`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorUNIX, path: string, options: ListenUNIXOptions = {}) {
    unixListenSettings(path, options);
    this.path = path;
    this.#reactor = reactor;
    this.#options = options;
  }

  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return listenOnce(factory, (checked) =>
      this.#reactor.listenUNIX(this.path, checked, this.#options),
    );
  }

  toString(): string {
    return `<UNIX server endpoint ${new UNIXAddress(this.path)}>`;
  }
}

showAsText(UNIXClientEndpoint, UNIXServerEndpoint);

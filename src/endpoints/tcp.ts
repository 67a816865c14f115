/** TCP endpoints. */
import { isIP } from 'node:net';
import type { Address } from '../core/address.js';
import { hostPortText } from '../core/destination.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type {
  ProtocolOf,
  StreamClientEndpoint,
  StreamServerEndpoint,
} from '../core/stream-endpoint.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../core/tcp-options.js';
import type { Deferred } from '../defer/deferred.js';
import { checkInteger } from '../internal/check.js';
import { checkHost } from '../internal/host.js';
import { showAsText } from '../internal/shown-as-text.js';
import {
  checkHostFamily,
  connectSettings,
  listenSettings,
} from '../reactor/streams/tcp-settings.js';
import { connectOnce } from './connecting.js';
import { listenOnce } from './listening.js';

/**
 * A TCP port of a host that is given by its name or IP address. The addresses of a name, or those of the option `addresses`, race: see
 * {@link ConnectTCPOptions}.
 */
export class HostnameEndpoint implements StreamClientEndpoint {
  readonly host: string;
  readonly port: number;
  readonly #reactor: ReactorTCP;
  readonly #options: ConnectTCPOptions;

  /**
   * @param options As for `connectTCP`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorTCP, host: string, port: number, options: ConnectTCPOptions = {}) {
    this.host = checkHost('host', host);
    this.port = checkInteger('port', port, 0, 65_535);
    checkHostFamily('host', host, connectSettings(options).family);
    this.#reactor = reactor;
    this.#options = options;
  }

  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>> {
    return connectOnce(factory, (attempt) =>
      this.#reactor.connectTCP(this.host, this.port, attempt, this.#options),
    );
  }

  toString(): string {
    return `<TCP client endpoint ${hostPortText(this.host, this.port)}>`;
  }
}

/** A TCP port of one IP address: no name is resolved. */
export class TCPClientEndpoint extends HostnameEndpoint {
  /**
   * @param options As for `connectTCP`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorTCP, address: string, port: number, options: ConnectTCPOptions = {}) {
    super(reactor, address, port, options);
    if (isIP(address) !== 0) return;
    const hint = 'HostnameEndpoint connects to names';
    throw new InvalidArgumentValueError('address', 'an IPv4 or IPv6 address', address, hint);
  }
}

/** A TCP port of this machine. */
export class TCPServerEndpoint implements StreamServerEndpoint {
  readonly port: number;
  readonly #reactor: ReactorTCP;
  readonly #options: ListenTCPOptions;

  /**
   * @param port 0 lets the system choose.
   * @param options As for `listenTCP`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: ReactorTCP, port: number, options: ListenTCPOptions = {}) {
    listenSettings(port, options);
    this.port = port;
    this.#reactor = reactor;
    this.#options = options;
  }

  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return listenOnce(factory, (checked) =>
      this.#reactor.listenTCP(this.port, checked, this.#options),
    );
  }

  toString(): string {
    return `<TCP server endpoint ${hostPortText(this.#options.interface || '*', this.port)}>`;
  }
}

showAsText(HostnameEndpoint, TCPServerEndpoint);

/** An endpoint whose listening socket was opened elsewhere. */
import type { Address } from '../core/address.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ReactorAdoption } from '../core/reactor-adoption.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { checkBoolean, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { showAsText } from '../internal/shown-as-text.js';
import { AlreadyListenedError } from './errors.js';
import { listenOnce } from './listening.js';

export interface AdoptedServerEndpointOptions {
  /** Removes the file of a UNIX socket when the port stops. Default false. */
  readonly ownsFile?: boolean;
}

const OPTIONS: OptionNames<AdoptedServerEndpointOptions> = { ownsFile: true };
const MAX_FD = 2 ** 31 - 1;

/**
 * A listening socket that another process or a service manager opened. `listen` takes over its descriptor, which must not be
 * closed or used afterwards; it succeeds once.
 */
export class AdoptedServerEndpoint implements StreamServerEndpoint {
  readonly fd: number;
  readonly #reactor: ReactorAdoption;
  readonly #ownsFile: boolean;
  #listened = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: ReactorAdoption, fd: number, options: AdoptedServerEndpointOptions = {}) {
    checkOptions('AdoptedServerEndpoint', options, OPTIONS);
    this.fd = checkInteger('fd', fd, 0, MAX_FD);
    this.#ownsFile = checkBoolean('ownsFile', options.ownsFile ?? false);
    this.#reactor = reactor;
  }

  /** Also fails with a DescriptorError: the descriptor is not open, or not a listening socket. It is then not taken over. */
  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return listenOnce(factory, (checked) => {
      if (this.#listened) throw new AlreadyListenedError(this.fd);
      const options = { takeOver: true, ownsFile: this.#ownsFile };
      const port = this.#reactor.adoptStreamPort(this.fd, checked, options);
      this.#listened = true;
      return port;
    });
  }

  toString(): string {
    return `<server endpoint of descriptor ${this.fd}>`;
  }
}

showAsText(AdoptedServerEndpoint);

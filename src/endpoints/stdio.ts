/** Standard input and output as a server endpoint: Twisted's StandardIOEndpoint. */
import type { Address, PipeAddress } from '../core/address.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { FactoryLike } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { checkOptions } from '../internal/options.js';
import { showAsText } from '../internal/shown-as-text.js';
import {
  openStdio,
  STDIO_OPTIONS,
  type StdioOptions,
  type StdioReactor,
} from '../stdio/open-stdio.js';
import { STDIO_ADDRESS } from '../stdio/standard-io.js';
import { AlreadyListenedError } from './errors.js';
import { listenOnce } from './listening.js';

/** `listen` makes the only connection at once, and succeeds once. See {@link openStdio}. */
export class StandardIOEndpoint implements StreamServerEndpoint {
  readonly #reactor: StdioReactor;
  readonly #options: StdioOptions;
  #listened = false;

  /** @throws UnknownOptionError */
  constructor(reactor: StdioReactor, options: StdioOptions = {}) {
    checkOptions('StandardIOEndpoint', options, STDIO_OPTIONS);
    this.#reactor = reactor;
    this.#options = options;
  }

  /** Also fails with the errors of `openStdio`. The port has nothing to stop: the connection continues, as that of any port. */
  listen(factory: FactoryLike): Deferred<ListeningPort<Address>> {
    return listenOnce(factory, (checked) => {
      if (this.#listened) throw new AlreadyListenedError(this.#options.stdin ?? 0);
      checked.doStart();
      try {
        openStdio(this.#reactor, checked, this.#options);
      } catch (error) {
        checked.doStop();
        throw error;
      }
      this.#listened = true;
      return new StandardIOPort(checked);
    });
  }

  toString(): string {
    return '<server endpoint of standard input and output>';
  }
}

showAsText(StandardIOEndpoint);

/** The port of a connection that is already made. */
class StandardIOPort implements ListeningPort<Address> {
  readonly #factory: ClientProtocolFactory;
  #listening = true;

  constructor(factory: ClientProtocolFactory) {
    this.#factory = factory;
  }

  get listening(): boolean {
    return this.#listening;
  }

  getHost(): PipeAddress {
    return STDIO_ADDRESS;
  }

  fileno(): never {
    throw new UnsupportedError('fileno', 'standard input and output have two descriptors');
  }

  startListening(): never {
    throw new UnsupportedError('startListening', 'standard input and output are opened once');
  }

  stopListening(): Deferred<void> {
    if (this.#listening) {
      this.#listening = false;
      this.#factory.doStop();
    }
    return succeed(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }
}

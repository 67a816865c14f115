/** A memory reactor whose calls fail, for testing how code handles that. */
import type { ErrorReporter } from '../core/error-reporter.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { Reactor } from '../core/reactor.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { MemoryReactor } from './memory-reactor.js';

export interface RaisingMemoryReactorOptions {
  /** Thrown by every method that listens or adopts a port. Default: they work as in a {@link MemoryReactor}. */
  readonly listenError?: Error;
  /** Thrown by every method that connects or adopts a connection. Default: they work. */
  readonly connectError?: Error;
  /** Receives exceptions of application code. Default: they are reported like all errors of Ropewalk. */
  readonly reportError?: ErrorReporter;
}

const OPTIONS: OptionNames<RaisingMemoryReactorOptions> = {
  listenError: true,
  connectError: true,
  reportError: true,
};

/**
 * A {@link MemoryReactor} that throws the given errors.
 *
 * @example
 * const inUse = new CannotListenError({ interface: '', port: 80 });
 * assert.throws(() => startServer(new RaisingMemoryReactor({ listenError: inUse })), inUse);
 */
export class RaisingMemoryReactor extends MemoryReactor {
  readonly #listenError: Error | undefined;
  readonly #connectError: Error | undefined;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(options: RaisingMemoryReactorOptions = {}) {
    checkOptions('RaisingMemoryReactor', options, OPTIONS);
    const { listenError, connectError, reportError } = options;
    super(reportError === undefined ? {} : { reportError });
    this.#listenError = checkError('listenError', listenError);
    this.#connectError = checkError('connectError', connectError);
  }

  override listenTCP(
    ...args: Parameters<MemoryReactor['listenTCP']>
  ): ReturnType<Reactor['listenTCP']> {
    return this.#listening(() => super.listenTCP(...args));
  }

  override listenUNIX(
    ...args: Parameters<MemoryReactor['listenUNIX']>
  ): ReturnType<Reactor['listenUNIX']> {
    return this.#listening(() => super.listenUNIX(...args));
  }

  override listenUDP(...args: Parameters<Reactor['listenUDP']>): ReturnType<Reactor['listenUDP']> {
    return this.#listening(() => super.listenUDP(...args));
  }

  override listenUNIXDatagram(
    ...args: Parameters<Reactor['listenUNIXDatagram']>
  ): ReturnType<Reactor['listenUNIXDatagram']> {
    return this.#listening(() => super.listenUNIXDatagram(...args));
  }

  override adoptStreamPort(
    ...args: Parameters<Reactor['adoptStreamPort']>
  ): ReturnType<Reactor['adoptStreamPort']> {
    return this.#listening(() => super.adoptStreamPort(...args));
  }

  override adoptDatagramPort(
    ...args: Parameters<Reactor['adoptDatagramPort']>
  ): ReturnType<Reactor['adoptDatagramPort']> {
    return this.#listening(() => super.adoptDatagramPort(...args));
  }

  override connectTCP(
    ...args: Parameters<MemoryReactor['connectTCP']>
  ): ReturnType<Reactor['connectTCP']> {
    return this.#connecting(() => super.connectTCP(...args));
  }

  override connectUNIX(
    ...args: Parameters<MemoryReactor['connectUNIX']>
  ): ReturnType<Reactor['connectUNIX']> {
    return this.#connecting(() => super.connectUNIX(...args));
  }

  override connectUNIXDatagram(
    ...args: Parameters<Reactor['connectUNIXDatagram']>
  ): ReturnType<Reactor['connectUNIXDatagram']> {
    return this.#connecting(() => super.connectUNIXDatagram(...args));
  }

  override adoptPipe(...args: Parameters<Reactor['adoptPipe']>): ReturnType<Reactor['adoptPipe']> {
    return this.#connecting(() => super.adoptPipe(...args));
  }

  override adoptStreamConnection(
    ...args: Parameters<Reactor['adoptStreamConnection']>
  ): ReturnType<Reactor['adoptStreamConnection']> {
    return this.#connecting(() => super.adoptStreamConnection(...args));
  }

  #listening<R>(listen: () => R): R {
    if (this.#listenError !== undefined) throw this.#listenError;
    return listen();
  }

  #connecting<R>(connect: () => R): R {
    if (this.#connectError !== undefined) throw this.#connectError;
    return connect();
  }
}

function checkError(what: string, error: unknown): Error | undefined {
  if (error === undefined || error instanceof Error) return error;
  throw new InvalidArgumentTypeError(what, 'an Error', error);
}

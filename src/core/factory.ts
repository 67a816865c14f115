/** Builds a protocol for each connection and keeps what outlives them. */
import type { Address } from './address.js';
import type { Connector } from './connector.js';
import { InvalidArgumentTypeError } from './errors/arguments.js';
import type { MaybeAsync } from './maybe-async.js';
import { HandlerProtocol, Protocol, type ProtocolHandlers } from './protocol.js';
import type { ClientProtocolFactory, ProtocolFactory } from './protocol-factory.js';
import { isStreamProtocol, type StreamProtocol } from './stream-protocol.js';

/** Base for factories. Override `buildProtocol`, or give the protocol's class to {@link Factory.forProtocol}. */
export class Factory implements ProtocolFactory {
  #users = 0;

  /**
   * A factory that makes `new ProtocolClass(...args)` for each connection and sets its `factory`.
   *
   * @example reactor.listenTCP(7, Factory.forProtocol(Echo));
   */
  static forProtocol<Args extends unknown[]>(
    ProtocolClass: new (...args: Args) => Protocol,
    ...args: Args
  ): Factory {
    return new ProtocolClassFactory(ProtocolClass, args);
  }

  /** How many ports and connectors use this factory now. */
  get users(): number {
    return this.#users;
  }

  buildProtocol(_address: Address): StreamProtocol | null {
    return null;
  }

  /** Called before the first port or connector uses this factory. */
  startFactory(): MaybeAsync {}

  /** Called after the last port or connector has finished with it. */
  stopFactory(): MaybeAsync {}

  doStart(): MaybeAsync {
    const started = this.#users === 0 ? this.startFactory() : undefined;
    this.#users += 1;
    return started;
  }

  doStop(): MaybeAsync {
    if (this.#users === 0) return undefined;
    this.#users -= 1;
    return this.#users === 0 ? this.stopFactory() : undefined;
  }
}

/** Base for factories of outgoing connections. */
export class ClientFactory extends Factory implements ClientProtocolFactory {
  startedConnecting(_connector: Connector): MaybeAsync {}
  /** The failure is reported if no subclass overrides this. */
  clientConnectionFailed(connector: Connector, reason: Error): MaybeAsync {
    const { clientConnectionFailed } = ClientFactory.prototype;
    // An override that calls this method has handled the failure.
    if (this.clientConnectionFailed === clientConnectionFailed)
      connector.failureUnhandled?.(reason);
  }

  clientConnectionLost(_connector: Connector, _reason: Error): MaybeAsync {}
}

class ProtocolClassFactory<Args extends unknown[]> extends ClientFactory {
  readonly #ProtocolClass: new (
    ...args: Args
  ) => Protocol;
  readonly #args: Args;

  constructor(ProtocolClass: new (...args: Args) => Protocol, args: Args) {
    super();
    this.#ProtocolClass = ProtocolClass;
    this.#args = args;
  }

  override buildProtocol(_address: Address): Protocol {
    const protocol = new this.#ProtocolClass(...this.#args);
    protocol.factory = this;
    return protocol;
  }
}

/**
 * Makes a protocol, or the handlers of one, for a connection from or to `address`; null refuses it. Every protocol has
 * the shape of handlers: what can be called as it is is used as it is.
 */
export type BuildProtocol = (address: Address) => ProtocolHandlers | null;

/** All that `listenTCP` and `connectTCP` take to build protocols with. */
export type FactoryLike = ClientProtocolFactory | (new () => Protocol) | BuildProtocol;

/** Turns a factory, a protocol's class or a function into a factory. */
export function toFactory(value: FactoryLike): ClientProtocolFactory {
  if (typeof value === 'function') {
    if (isProtocolClass(value)) return Factory.forProtocol(value);
    return new FunctionFactory(value);
  }
  const { buildProtocol, doStart, doStop } = (value ?? {}) as Partial<ProtocolFactory>;
  if (
    typeof buildProtocol === 'function' &&
    typeof doStart === 'function' &&
    typeof doStop === 'function'
  ) {
    return value;
  }
  throw new InvalidArgumentTypeError('factory', 'a Factory, a Protocol class or a function', value);
}

class FunctionFactory extends ClientFactory {
  readonly #build: BuildProtocol;

  constructor(build: BuildProtocol) {
    super();
    this.#build = build;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    const built = this.#build(address);
    if (built === null) return null;
    return isStreamProtocol(built) ? built : new HandlerProtocol(built);
  }
}

function isProtocolClass(value: BuildProtocol | (new () => Protocol)): value is new () => Protocol {
  return value.prototype instanceof Protocol || value === Protocol;
}

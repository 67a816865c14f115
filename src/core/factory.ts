/** Builds a protocol for each connection and keeps state that outlives the connections. */
import type { Address } from './address.js';
import type { Connector } from './connector.js';
import { InvalidArgumentTypeError } from './errors/arguments.js';
import type { MaybeAsync } from './maybe-async.js';
import { HandlerProtocol, type Protocol, type ProtocolHandlers } from './protocol.js';
import type { ClientProtocolFactory, ProtocolFactory } from './protocol-factory.js';
import { isStreamProtocol, type StreamProtocol } from './stream-protocol.js';

/** Base class of factories. Override `buildProtocol`, or pass the protocol's class to {@link Factory.forProtocol}. */
export class Factory implements ProtocolFactory {
  #users = 0;

  /**
   * A factory that creates `new ProtocolClass(...args)` for each connection and sets its `factory`.
   *
   * @example reactor.listenTCP(7, Factory.forProtocol(Echo));
   */
  static forProtocol<Args extends unknown[]>(
    ProtocolClass: new (...args: Args) => Protocol,
    ...args: Args
  ): Factory {
    if (typeof ProtocolClass !== 'function' || !isProtocolClass(ProtocolClass as object)) {
      throw new InvalidArgumentTypeError('ProtocolClass', 'a Protocol class', ProtocolClass);
    }
    return new ProtocolClassFactory(ProtocolClass, args);
  }

  /** The number of ports and connectors that use this factory now. */
  get users(): number {
    return this.#users;
  }

  /**
   * Makes the protocol of a connection; null refuses the connection. Subclasses override this.
   * @throws InvalidArgumentTypeError this method is not overridden. `listenTCP`, `connectTCP` and the like throw it first.
   */
  buildProtocol(_address: Address): StreamProtocol | null {
    throw buildsNothing(this);
  }

  /** Called before the first port or connector uses this factory. */
  startFactory(): MaybeAsync {}

  /** Called after the last port or connector has finished using this factory. */
  stopFactory(): MaybeAsync {}

  toString(): string {
    return `<${nameOf(this)}, ${this.#users === 0 ? 'unused' : `users: ${this.#users}`}>`;
  }

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

  override toString(): string {
    const users = this.users === 0 ? 'unused' : `users: ${this.users}`;
    return `<factory of ${this.#ProtocolClass.name || 'a class'}, ${users}>`;
  }
}

/**
 * Makes a protocol, or the handlers of one, for a connection from or to `address`; null refuses it. A protocol also has the
 * shape of handlers: a result that is a protocol is used directly.
 */
export type BuildProtocol = (address: Address) => ProtocolHandlers | null;

/** The values that `listenTCP` and `connectTCP` accept as a factory. */
export type FactoryLike = ClientProtocolFactory | (new () => Protocol) | BuildProtocol;

const EXPECTED_FACTORY = 'a Factory, a Protocol class or a function';

/** Converts a factory, a protocol's class or a function into a factory. @throws InvalidArgumentTypeError */
export function toFactory(value: FactoryLike): ClientProtocolFactory {
  if (typeof value === 'function') {
    if (isProtocolClass(value)) return Factory.forProtocol(value);
    if (isClass(value)) throw wrongClass(value);
    return new FunctionFactory(value as BuildProtocol);
  }
  if (typeof value === 'object' && value !== null && isStreamProtocol(value)) {
    const hint = `a protocol serves one connection: give the class, ${nameOf(value)}`;
    throw new InvalidArgumentTypeError('factory', EXPECTED_FACTORY, value, hint);
  }
  const { buildProtocol, doStart, doStop } = (value ?? {}) as Partial<ProtocolFactory>;
  if (
    typeof buildProtocol === 'function' &&
    typeof doStart === 'function' &&
    typeof doStop === 'function'
  ) {
    if (buildProtocol === Factory.prototype.buildProtocol) throw buildsNothing(value);
    return value;
  }
  const hint =
    typeof buildProtocol === 'function' ? 'it lacks doStart or doStop: extend Factory' : undefined;
  throw new InvalidArgumentTypeError('factory', EXPECTED_FACTORY, value, hint);
}

/**
 * The protocol that a factory builds for a connection.
 * @throws InvalidArgumentTypeError the result is neither a protocol nor null.
 */
export function builtProtocol(factory: ProtocolFactory, address: Address): StreamProtocol | null {
  const built: unknown = factory.buildProtocol(address);
  if (built === null) return null;
  if (typeof built === 'object' && isStreamProtocol(built)) return built;
  throw notAProtocol(`${nameOf(factory)}.buildProtocol`, built);
}

class FunctionFactory extends ClientFactory {
  readonly #build: BuildProtocol;

  constructor(build: BuildProtocol) {
    super();
    this.#build = build;
  }

  override buildProtocol(address: Address): StreamProtocol | null {
    const built: unknown = this.#build(address);
    if (built === null) return null;
    if (typeof built !== 'object') throw notAProtocol(BUILDER, built);
    if (isStreamProtocol(built)) return built;
    if (built instanceof Promise) throw notAProtocol(BUILDER, built);
    if (!hasHandlers(built)) throw notAProtocol(BUILDER, built, unknownHandlers(built));
    return new HandlerProtocol(built);
  }
}

const BUILDER = 'the function given as factory';
const HANDLERS: readonly (keyof ProtocolHandlers)[] = [
  'connectionMade',
  'dataReceived',
  'connectionLost',
  'handshakeCompleted',
  'acceptsLentBytes',
];

/** An empty object is accepted: it has no handlers on purpose. */
function hasHandlers(built: object): boolean {
  for (const name of HANDLERS) if (name in built) return true;
  return Object.getPrototypeOf(built) === Object.prototype && Object.keys(built).length === 0;
}

function unknownHandlers(built: object): string {
  const [name] = Object.keys(built);
  const has = name === undefined ? 'it has none of' : `it has '${name}', and none of`;
  return `${has} ${HANDLERS.slice(0, 3).join(', ')}`;
}

/** Whether instances have the methods of protocols. */
function isProtocolClass(value: object): value is new () => Protocol {
  const { prototype } = value as { prototype?: unknown };
  return typeof prototype === 'object' && prototype !== null && isStreamProtocol(prototype);
}

/** Whether it cannot be called without `new`. */
function isClass(value: object): value is new () => unknown {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function wrongClass(value: new () => unknown): InvalidArgumentTypeError {
  const { buildProtocol } = value.prototype as Partial<ProtocolFactory>;
  const hint =
    typeof buildProtocol === 'function'
      ? `give an instance, new ${value.name}()`
      : 'it does not extend Protocol';
  return new InvalidArgumentTypeError('factory', EXPECTED_FACTORY, value, hint);
}

function buildsNothing(factory: object): InvalidArgumentTypeError {
  const why =
    'protocol' in factory ? "its 'protocol' is not used" : 'it does not override buildProtocol';
  const hint = `${why}: pass the Protocol class itself, use Factory.forProtocol, or override buildProtocol`;
  return new InvalidArgumentTypeError('factory', EXPECTED_FACTORY, factory, hint);
}

function notAProtocol(what: string, built: unknown, why?: string): InvalidArgumentTypeError {
  const hint =
    why ??
    (built === undefined
      ? 'is a return missing?'
      : built instanceof Promise
        ? 'it cannot be asynchronous'
        : isClassOfProtocols(built)
          ? `new ${built.name}()`
          : undefined);
  return new InvalidArgumentTypeError(`the result of ${what}`, 'a protocol or null', built, hint);
}

function isClassOfProtocols(value: unknown): value is new () => Protocol {
  return typeof value === 'function' && isProtocolClass(value);
}

function nameOf(value: object): string {
  return value.constructor?.name || 'the factory';
}

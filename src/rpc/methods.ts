/** The methods that peers may call. Nothing can be called that was not added here by name. */
import type { Address } from '../core/address.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkBoolean, checkFunction, checkObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkMethodName } from '../protocols/xml-rpc/limits.js';
import type { WebContext } from '../web/web-context.js';
import { checkSignatures, type RPCType } from './signatures.js';

/** Facts about one call. */
export interface RPCContext {
  /** The name by which the method was called. */
  readonly method: string;
  /** The request that brought the call; undefined for calls over a WebSocket. */
  readonly web: WebContext | undefined;
  /** The connection that brought the call, as a peer that can be called; undefined for calls over HTTP. */
  readonly peer: RPCCaller | undefined;
  /** The other end; undefined if it is unknown. */
  readonly remoteAddress: Address | undefined;
  /** Aborted if the caller is gone, or if the method takes too long. */
  readonly signal: AbortSignal;
}

/** The calling half of a peer: see `JSONRPCPeer`. */
export interface RPCCaller {
  call(
    method: string,
    params?: readonly unknown[] | Readonly<Record<string, unknown>>,
  ): PromiseLike<unknown>;
  notify(method: string, params?: readonly unknown[] | Readonly<Record<string, unknown>>): void;
}

/** A function that answers a call. Its result may be a promise or a Deferred; undefined is sent as nil, or null. */
export type RPCFunction = (...params: never[]) => unknown;

export interface RPCMethodOptions {
  /** For `system.methodHelp`. Default empty. */
  readonly help?: string;
  /**
   * For `system.methodSignature`: for each form of the call the type of the result, and those of the parameters. Other parameters are
   * refused with -32602. Default: unknown, everything is accepted.
   */
  readonly signatures?: readonly (readonly [result: RPCType, ...params: RPCType[]])[];
  /**
   * The names of the parameters in order: callers by JSON-RPC may then use names, and more or other parameters are refused with -32602.
   * Default: unknown; an object with named parameters is then the only parameter.
   */
  readonly params?: readonly string[];
  /** Whether the function receives an {@link RPCContext} before the parameters. Default false. */
  readonly withContext?: boolean;
}

const NAMES: OptionNames<RPCMethodOptions> = {
  help: true,
  signatures: true,
  params: true,
  withContext: true,
};

/** A method as it was added. */
export interface RPCMethod {
  readonly call: (...params: unknown[]) => unknown;
  readonly help: string;
  readonly signatures: readonly (readonly RPCType[])[] | undefined;
  readonly params: readonly string[] | undefined;
  readonly withContext: boolean;
  /** Fewer parameters are refused. */
  readonly minParams: number;
}

/**
 * A table of methods, for any number of servers of both protocols.
 *
 * @example const methods = new RPCMethods()
 *   .add('add', (a: number, b: number) => a + b, { signatures: [['int', 'int', 'int']] })
 *   .expose(new Accounts(), ['open', 'close'], 'accounts.');
 */
export class RPCMethods {
  readonly #methods = new Map<string, RPCMethod>();
  readonly #mounted: [prefix: string, methods: RPCMethods][] = [];

  /**
   * @param name Letters, digits and `_.:/`, at most 255: XML-RPC has no other names. Names that begin with `system.` belong to the introspection.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   * @throws InvalidArgumentValueError the name is taken, or malformed.
   */
  add(name: string, call: RPCFunction, options: RPCMethodOptions = {}): this {
    checkFunction('call', call);
    return this.#add(name, call as (...params: unknown[]) => unknown, options);
  }

  /**
   * Adds methods of an object by name. `this` is the object.
   * @param names Of functions of the object or its class; those that all objects have are refused.
   * @param prefix Put before the names. Default none.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  expose<T extends object>(
    object: T,
    names: readonly (keyof T & string)[],
    prefix = '',
    options: RPCMethodOptions = {},
  ): this {
    checkObject('object', object);
    checkString('prefix', prefix);
    if (!Array.isArray(names)) throw new InvalidArgumentTypeError('names', 'an array', names);
    for (const name of names) {
      checkString('each name', name);
      const call = name in Object.prototype ? undefined : (object as Record<string, unknown>)[name];
      if (typeof call !== 'function') {
        throw new InvalidArgumentValueError('each name', 'that of a method of the object', name);
      }
      const bound = (...params: unknown[]): unknown => Reflect.apply(call, object, params);
      Object.defineProperty(bound, 'length', { value: call.length });
      this.#add(`${prefix}${name}`, bound, options);
    }
    return this;
  }

  /** Adds all methods of another table, also those that are added to it later, with a prefix such as `math.`. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  mount(prefix: string, methods: RPCMethods): this {
    checkMethodName('prefix', prefix);
    if (!(methods instanceof RPCMethods) || methods.#reaches(this)) {
      throw new InvalidArgumentTypeError('methods', 'another RPCMethods, without a cycle', methods);
    }
    this.#mounted.push([prefix, methods]);
    return this;
  }

  /** @internal As {@link mount}, without a prefix. */
  mountRoot(methods: RPCMethods): this {
    this.#mounted.push(['', methods]);
    return this;
  }

  /** The names of all methods, sorted. */
  get names(): string[] {
    const names = new Set(this.#methods.keys());
    for (const [prefix, methods] of this.#mounted) {
      for (const name of methods.names) names.add(prefix + name);
    }
    return [...names].sort();
  }

  /** @internal */
  find(name: string): RPCMethod | undefined {
    const own = this.#methods.get(name);
    if (own !== undefined) return own;
    for (const [prefix, methods] of this.#mounted) {
      const found = name.startsWith(prefix) ? methods.find(name.slice(prefix.length)) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #add(name: string, call: (...params: unknown[]) => unknown, options: RPCMethodOptions): this {
    checkMethodName('name', name);
    checkOptions('RPCMethods', options, NAMES);
    const { help = '', signatures, params, withContext = false } = options;
    checkString('help', help);
    checkBoolean('withContext', withContext);
    if (signatures !== undefined) checkSignatures(signatures);
    if (params !== undefined) checkParamNames(params);
    if (this.#methods.has(name)) {
      throw new InvalidArgumentValueError('name', 'a name that is not taken', name);
    }
    const minParams = Math.max(0, call.length - (withContext ? 1 : 0));
    this.#methods.set(name, { call, help, signatures, params, withContext, minParams });
    return this;
  }

  #reaches(methods: RPCMethods): boolean {
    return this === methods || this.#mounted.some(([, each]) => each.#reaches(methods));
  }
}

function checkParamNames(params: unknown): void {
  const isNames = Array.isArray(params) && params.every((name) => typeof name === 'string');
  if (!isNames || new Set(params).size !== params.length) {
    throw new InvalidArgumentTypeError('params', 'an array of different names', params);
  }
}

/** @throws InvalidArgumentTypeError */
export function checkMethods(value: unknown): RPCMethods {
  if (value instanceof RPCMethods) return value;
  throw new InvalidArgumentTypeError('methods', 'an RPCMethods', value);
}

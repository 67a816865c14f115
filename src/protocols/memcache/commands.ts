/** The commands of memcache as methods, for one connection or for several servers. */
import type { Deferred } from '../../defer/deferred.js';
import { CancelledError, FirstError } from '../../defer/errors.js';
import type { Failure } from '../../defer/failure.js';
import { gatherResults } from '../../defer/gather-results.js';
import { maybeDeferred } from '../../defer/succeed.js';
import { COMMAND_OPTIONS, checkCommandOptions } from '../../exchange/command-settings.js';
import { checkBoolean } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type {
  MemcacheMetaReply,
  MemcacheReply,
  MemcacheRequest,
  MemcacheStatus,
  MemcacheValue,
} from './events.js';
import { exptimeOf, type MemcacheExpiry } from './expiry.js';
import { MAX_KEYS } from './limits.js';
import type { MemcacheCallOptions, MemcacheProtocol } from './protocol.js';
import * as requests from './serializer.js';
import {
  checkKey,
  type MemcacheData,
  type MemcacheMetaKey,
  type MemcacheStorageCommand,
} from './serializer.js';

/** Where commands go. */
export interface MemcacheRoute {
  /** Executes a command with keys on the server of the first one. */
  execute(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<MemcacheReply>;
  /** Executes a command on each server, by the server's name. */
  executeOnAll(
    request: MemcacheRequest,
    options: MemcacheCallOptions,
  ): Deferred<ReadonlyMap<string, MemcacheReply>>;
  /** Groups keys by their servers. */
  partition(keys: readonly string[]): Iterable<readonly string[]>;
}

/** Options of commands that store a value. */
export interface MemcacheSetOptions extends MemcacheCallOptions, MemcacheExpiry {
  /** 32 bits that belong to the application. Default 0. */
  readonly flags?: number;
}

/** Options of `get`. */
export interface MemcacheGetOptions extends MemcacheCallOptions {
  /** Whether values have their version, `cas`. Default false. */
  readonly withCas?: boolean;
}

/** Options of `getMany`. */
export interface MemcacheGetManyOptions extends MemcacheGetOptions {
  /** Whether values of servers that fail are simply missing. Default false: then the call fails with the first error. */
  readonly partial?: boolean;
}

/** Options of `flushAll`. */
export interface MemcacheFlushOptions extends MemcacheCallOptions {
  /** Seconds until the values expire, up to 30 days. Default 0. */
  readonly delaySeconds?: number;
}

/** `exists`: the value has changed since its version was read. */
export type MemcacheCasResult = 'stored' | 'exists' | 'not found';

const GET: OptionNames<MemcacheGetOptions> = { ...COMMAND_OPTIONS, withCas: true };
const GET_MANY: OptionNames<MemcacheGetManyOptions> = { ...GET, partial: true };
const FLUSH: OptionNames<MemcacheFlushOptions> = { ...COMMAND_OPTIONS, delaySeconds: true };
const EXPIRY: OptionNames<MemcacheExpiry> = { expiresInSeconds: true, expiresAt: true };
const SET: OptionNames<MemcacheSetOptions> = { ...COMMAND_OPTIONS, ...EXPIRY, flags: true };

type Values = ReadonlyMap<string, MemcacheValue>;

/**
 * The commands. All of them:
 *
 * - throw an InvalidMemcacheRequestError, MemcacheOverloadError or error of arguments at the call; then nothing was sent;
 * - fail as `MemcacheProtocol.execute` says.
 *
 * Keys have 1 to 250 bytes of UTF-8, without spaces and control characters.
 */
export class MemcacheCommands {
  readonly #route: MemcacheRoute;

  constructor(route: MemcacheRoute) {
    this.#route = route;
  }

  /** @returns The value; undefined if there is none. */
  get(key: string, options: MemcacheGetOptions = {}): Deferred<MemcacheValue | undefined> {
    checkOptions('get', options, GET);
    const request = requests.getRequest([key], checkBoolean('withCas', options.withCas ?? false));
    return this.#route.execute(request, callOf(options)).addCallback((reply) => only(key, reply));
  }

  /**
   * The values of any number of keys, in few commands.
   * @returns The values that exist, by key.
   */
  getMany(
    keys: Iterable<string>,
    options: MemcacheGetManyOptions = {},
  ): Deferred<ReadonlyMap<string, MemcacheValue>> {
    checkOptions('getMany', options, GET_MANY);
    const partial = checkBoolean('partial', options.partial ?? false);
    const withCas = checkBoolean('withCas', options.withCas ?? false);
    const distinct = [...new Set(keys)];
    // Before the first command is sent.
    checkCommandOptions('execute', callOf(options));
    for (const key of distinct) checkKey(key);
    const found: Deferred<Values>[] = [];
    for (const group of this.#route.partition(distinct)) {
      for (let at = 0; at < group.length; at += MAX_KEYS) {
        const request = requests.getRequest(group.slice(at, at + MAX_KEYS), withCas);
        const sent = maybeDeferred(() => this.#route.execute(request, callOf(options)));
        const values = sent.addCallback(valuesOf);
        found.push(partial ? values.addErrback(nothingUnlessCancelled) : values);
      }
    }
    return gathered(found).addCallback(merged);
  }

  /** Reads a value and sets its expiry; without options, it does not expire. */
  getAndTouch(
    key: string,
    expiry: MemcacheExpiry = {},
    options: MemcacheGetOptions = {},
  ): Deferred<MemcacheValue | undefined> {
    checkOptions('expiry', expiry, EXPIRY);
    checkOptions('getAndTouch', options, GET);
    const withCas = checkBoolean('withCas', options.withCas ?? false);
    const request = requests.getAndTouchRequest([key], exptimeOf(expiry), withCas);
    return this.#route.execute(request, callOf(options)).addCallback((reply) => only(key, reply));
  }

  /** Stores a value. @returns True. */
  set(key: string, value: MemcacheData, options: MemcacheSetOptions = {}): Deferred<boolean> {
    return this.#store('set', key, value, options);
  }

  /** @returns False if the key has a value. */
  add(key: string, value: MemcacheData, options: MemcacheSetOptions = {}): Deferred<boolean> {
    return this.#store('add', key, value, options);
  }

  /** @returns False if the key has no value. */
  replace(key: string, value: MemcacheData, options: MemcacheSetOptions = {}): Deferred<boolean> {
    return this.#store('replace', key, value, options);
  }

  /** Adds bytes behind a value, whose flags and expiry stay. @returns False if the key has no value. */
  append(key: string, value: MemcacheData, options: MemcacheCallOptions = {}): Deferred<boolean> {
    checkOptions('append', options, COMMAND_OPTIONS);
    return this.#store('append', key, value, options);
  }

  /** Adds bytes before a value, whose flags and expiry stay. @returns False if the key has no value. */
  prepend(key: string, value: MemcacheData, options: MemcacheCallOptions = {}): Deferred<boolean> {
    checkOptions('prepend', options, COMMAND_OPTIONS);
    return this.#store('prepend', key, value, options);
  }

  /** Stores a value if the present one has the version `cas`, from a `get` with `withCas`. */
  compareAndSwap(
    key: string,
    value: MemcacheData,
    cas: string,
    options: MemcacheSetOptions = {},
  ): Deferred<MemcacheCasResult> {
    checkOptions('compareAndSwap', options, SET);
    const storage = { flags: options.flags ?? 0, exptime: exptimeOf(options) };
    const request = requests.casRequest(key, value, cas, storage);
    return this.#route.execute(request, callOf(options)).addCallback((reply) => {
      const status = statusOf(reply);
      if (status === 'STORED') return 'stored';
      return status === 'EXISTS' ? 'exists' : 'not found';
    });
  }

  /** @returns False if the key had no value. */
  delete(key: string, options: MemcacheCallOptions = {}): Deferred<boolean> {
    checkOptions('delete', options, COMMAND_OPTIONS);
    return this.#is('DELETED', requests.deleteRequest(key), options);
  }

  /**
   * Adds to a value that is a decimal number of 64 bits; it wraps around at 2^64.
   * @param delta A whole number, 0 or more.
   * @returns The new value; undefined if the key has none. Fails with a MemcacheClientError if the value is no number.
   */
  increment(
    key: string,
    delta: number | bigint = 1,
    options: MemcacheCallOptions = {},
  ): Deferred<bigint | undefined> {
    checkOptions('increment', options, COMMAND_OPTIONS);
    return this.#count(requests.arithmeticRequest('incr', key, delta), options);
  }

  /** Subtracts, down to 0: otherwise like {@link increment}. */
  decrement(
    key: string,
    delta: number | bigint = 1,
    options: MemcacheCallOptions = {},
  ): Deferred<bigint | undefined> {
    checkOptions('decrement', options, COMMAND_OPTIONS);
    return this.#count(requests.arithmeticRequest('decr', key, delta), options);
  }

  /** Sets the expiry of a value; without options, it does not expire. @returns False if the key has no value. */
  touch(
    key: string,
    expiry: MemcacheExpiry = {},
    options: MemcacheCallOptions = {},
  ): Deferred<boolean> {
    checkOptions('expiry', expiry, EXPIRY);
    checkOptions('touch', options, COMMAND_OPTIONS);
    return this.#is('TOUCHED', requests.touchRequest(key, exptimeOf(expiry)), options);
  }

  /** Removes all values of all servers. */
  flushAll(options: MemcacheFlushOptions = {}): Deferred<void> {
    checkOptions('flushAll', options, FLUSH);
    const request = requests.flushAllRequest(options.delaySeconds ?? 0);
    return this.#route.executeOnAll(request, callOf(options)).addCallback(() => undefined);
  }

  /**
   * The figures of each server, by its name.
   * @param topic `settings`, `items`, `slabs`, `sizes`, `conns`, `extstore` or `proxy`; `reset` resets figures. Default: general ones.
   */
  stats(
    topic?: string,
    options: MemcacheCallOptions = {},
  ): Deferred<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    checkOptions('stats', options, COMMAND_OPTIONS);
    const answers = this.#route.executeOnAll(requests.statsRequest(topic), options);
    return answers.addCallback((replies) =>
      mapped(replies, (reply) => (reply.type === 'stats' ? reply.stats : new Map())),
    );
  }

  /** The version of each server, by its name. */
  version(options: MemcacheCallOptions = {}): Deferred<ReadonlyMap<string, string>> {
    checkOptions('version', options, COMMAND_OPTIONS);
    const answers = this.#route.executeOnAll(requests.versionRequest(), options);
    return answers.addCallback((replies) =>
      mapped(replies, (reply) => (reply.type === 'version' ? reply.version : '')),
    );
  }

  /** Sets what all servers log. */
  verbosity(level: number, options: MemcacheCallOptions = {}): Deferred<void> {
    checkOptions('verbosity', options, COMMAND_OPTIONS);
    const answers = this.#route.executeOnAll(requests.verbosityRequest(level), options);
    return answers.addCallback(() => undefined);
  }

  /**
   * The meta command `mg`. Meta commands need memcached 1.6 or a server with the same commands.
   * @param flags Such as `['v', 'f', 't']`; with tokens, such as `'T30'`: doc/protocol.txt of memcached. Flag `q` is refused, and
   * `b` is set for keys that are bytes.
   */
  metaGet(
    key: MemcacheMetaKey,
    flags: readonly string[] = ['v'],
    options: MemcacheCallOptions = {},
  ): Deferred<MemcacheMetaReply> {
    checkOptions('metaGet', options, COMMAND_OPTIONS);
    return this.#meta(requests.metaRequest('mg', key, flags), options);
  }

  /** The meta command `ms`. */
  metaSet(
    key: MemcacheMetaKey,
    value: MemcacheData,
    flags: readonly string[] = [],
    options: MemcacheCallOptions = {},
  ): Deferred<MemcacheMetaReply> {
    checkOptions('metaSet', options, COMMAND_OPTIONS);
    return this.#meta(requests.metaSetRequest(key, value, flags), options);
  }

  /** The meta command `md`. */
  metaDelete(
    key: MemcacheMetaKey,
    flags: readonly string[] = [],
    options: MemcacheCallOptions = {},
  ): Deferred<MemcacheMetaReply> {
    checkOptions('metaDelete', options, COMMAND_OPTIONS);
    return this.#meta(requests.metaRequest('md', key, flags), options);
  }

  /** The meta command `ma`. */
  metaArithmetic(
    key: MemcacheMetaKey,
    flags: readonly string[] = ['v'],
    options: MemcacheCallOptions = {},
  ): Deferred<MemcacheMetaReply> {
    checkOptions('metaArithmetic', options, COMMAND_OPTIONS);
    return this.#meta(requests.metaRequest('ma', key, flags), options);
  }

  /** The meta command `mn`: fires when all servers have answered it, and so all earlier commands. */
  metaNoop(options: MemcacheCallOptions = {}): Deferred<void> {
    checkOptions('metaNoop', options, COMMAND_OPTIONS);
    const answers = this.#route.executeOnAll(requests.metaNoopRequest(), options);
    return answers.addCallback(() => undefined);
  }

  /** The meta command `me`: facts about a value, such as `exp` and `size`. @returns Undefined if the key has no value. */
  metaDebug(
    key: MemcacheMetaKey,
    options: MemcacheCallOptions = {},
  ): Deferred<ReadonlyMap<string, string> | undefined> {
    checkOptions('metaDebug', options, COMMAND_OPTIONS);
    const answer = this.#route.execute(requests.metaDebugRequest(key), options);
    return answer.addCallback((reply) => (reply.type === 'debug' ? reply.fields : undefined));
  }

  #store(
    command: MemcacheStorageCommand,
    key: string,
    value: MemcacheData,
    options: MemcacheSetOptions,
  ): Deferred<boolean> {
    checkOptions(command, options, SET);
    const storage = { flags: options.flags ?? 0, exptime: exptimeOf(options) };
    return this.#is(
      'STORED',
      requests.storageRequest(command, key, value, storage),
      callOf(options),
    );
  }

  #is(
    status: MemcacheStatus,
    request: MemcacheRequest,
    options: MemcacheCallOptions,
  ): Deferred<boolean> {
    const answer = this.#route.execute(request, options);
    return answer.addCallback((reply) => statusOf(reply) === status);
  }

  #count(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<bigint | undefined> {
    const answer = this.#route.execute(request, options);
    return answer.addCallback((reply) => (reply.type === 'number' ? reply.value : undefined));
  }

  #meta(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<MemcacheMetaReply> {
    // The connection accepts no other answers to a meta command.
    return this.#route.execute(
      request,
      options,
    ) as Deferred<MemcacheReply> as Deferred<MemcacheMetaReply>;
  }
}

/**
 * The commands over one connection, which the program has made itself.
 * @param name The name of the server in the results of `stats` and `version`. Default `server`.
 */
export function memcacheCommands(protocol: MemcacheProtocol, name = 'server'): MemcacheCommands {
  return new MemcacheCommands({
    execute: (request, options) => protocol.execute(request, options),
    executeOnAll: (request, options) =>
      protocol.execute(request, options).addCallback((reply) => new Map([[name, reply]])),
    partition: (keys) => [keys],
  });
}

/** Like `gatherResults`, but fails with the error itself. */
export function gathered<T>(list: readonly Deferred<T>[]): Deferred<T[]> {
  return gatherResults(list, { consumeErrors: true }).addErrback(({ value }) => {
    throw value instanceof FirstError ? value.cause : value;
  }) as Deferred<T[]>;
}

/** The options of the route, without those of the command. */
function callOf({ timeoutMs, signal }: MemcacheCallOptions): MemcacheCallOptions {
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal !== undefined && { signal }),
  };
}

const NO_VALUES: Values = new Map();

function valuesOf(reply: MemcacheReply): Values {
  return reply.type === 'values' ? reply.values : NO_VALUES;
}

function only(key: string, reply: MemcacheReply): MemcacheValue | undefined {
  return valuesOf(reply).get(key);
}

function statusOf(reply: MemcacheReply): MemcacheStatus | undefined {
  return reply.type === 'status' ? reply.status : undefined;
}

function nothingUnlessCancelled(failure: Failure): Values | Failure {
  return failure.value instanceof CancelledError ? failure : NO_VALUES;
}

function merged(parts: readonly Values[]): Values {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  return new Map(parts.flatMap((part) => [...part]));
}

function mapped<T>(
  replies: ReadonlyMap<string, MemcacheReply>,
  convert: (reply: MemcacheReply) => T,
): ReadonlyMap<string, T> {
  return new Map([...replies].map(([name, reply]) => [name, convert(reply)]));
}

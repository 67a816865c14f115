/** A cache of responses (RFC 9111) for agents. */
import type { Clock } from '../../../core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import type { Deferred } from '../../../defer/deferred.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNumber,
} from '../../../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../../../internal/options.js';
import { checkTimeout } from '../../../policies/idle-timeouts.js';
import { isToken } from '../../../protocols/http/octets.js';
import { parseHTTPURL } from '../urls.js';
import { keyOf } from './cache-request.js';
import type { HTTPCacheStore } from './cache-store.js';
import { Flights } from './flights.js';
import {
  MEMORY_STORE_NAMES,
  MemoryCacheStore,
  type MemoryCacheStoreOptions,
} from './memory-store.js';
import { ResponseStore } from './response-store.js';
import type { StoringSettings } from './storing.js';

/** Limits of the store in memory, and: */
export interface HTTPCacheOptions extends MemoryCacheStoreOptions {
  /** Where responses are kept. Default: in memory, within `maxBytes` and `maxEntries`. */
  readonly store?: HTTPCacheStore;
  /** Longest content that is stored, in bytes: 0 to 2^30. Default 4 MiB. */
  readonly maxEntryBytes?: number;
  /** Whether the cache serves several users, so that the rules of shared caches apply. Default false. */
  readonly shared?: boolean;
  /**
   * The part of the time since Last-Modified for which a response without a lifetime is fresh: 0 to 1. Default 0.1.
   */
  readonly heuristicFraction?: number;
  /** The longest such time in milliseconds. Default 86,400,000, a day. */
  readonly maxHeuristicMs?: number;
  /** How long responses without the directive `stale-if-error` may be used after they have become stale, if the server fails, in milliseconds. Default 0. */
  readonly staleIfErrorMs?: number;
  /**
   * How long a request waits for the response to an equal one that is on its way, in milliseconds; 0: requests do not wait for each other.
   * Default 5,000.
   */
  readonly collapseTimeoutMs?: number;
  /**
   * Names of request fields on which each response depends, besides those that Vary names. Default: Host and the fields by which proxies
   * and frameworks replace parts of the URL or the method, such as X-Forwarded-Host.
   */
  readonly keyFields?: readonly string[];
  /** How long a store that answers later may take, in milliseconds, greater than 0. Default 1,000. */
  readonly storeTimeoutMs?: number;
  /** Called for each error of the store, which is otherwise ignored. Default: nothing is called. */
  readonly onStoreError?: (error: unknown) => void;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
}

const NAMES: OptionNames<HTTPCacheOptions> = {
  ...MEMORY_STORE_NAMES,
  store: true,
  maxEntryBytes: true,
  shared: true,
  heuristicFraction: true,
  maxHeuristicMs: true,
  staleIfErrorMs: true,
  collapseTimeoutMs: true,
  keyFields: true,
  storeTimeoutMs: true,
  onStoreError: true,
  wallClock: true,
};

const KEY_FIELDS: readonly string[] = [
  'Host',
  'Forwarded',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Proto',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Host',
  'X-HTTP-Method-Override',
  'X-Original-URL',
  'X-Rewrite-URL',
];

/** Numbers of requests, since the cache was made. */
export interface CacheCounts {
  /** Answered without a request to the server. */
  readonly hits: number;
  /** Answered with a stored response that the server has confirmed by 304. */
  readonly validated: number;
  /** Sent to the server, and answered by it. */
  readonly misses: number;
  /** Answered with a stale response because the server failed. */
  readonly staleOnError: number;
  /** Responses that were stored, those after a validation included. */
  readonly stored: number;
  /** Errors of the store. */
  readonly storeErrors: number;
}

/** @internal */
export interface CacheSettings extends StoringSettings {
  readonly maxEntryBytes: number;
  readonly collapseTimeoutMs: number;
  /** In lower case. */
  readonly keyFields: readonly string[];
  readonly wallClock: () => number;
}

/**
 * Give it to one agent or to several, by their option `cache`. A private cache, which is the default, may store what is meant for its user; responses to
 * requests with credentials (Authorization, Cookie and `credentialFields` of the agent) answer only requests with the same credentials, unless the
 * server declares them `public`.
 *
 * @example const agent = new Agent(reactor, { cache: new HTTPCache({ maxBytes: 16 * 1024 * 1024 }) });
 */
export class HTTPCache {
  /** @internal */
  readonly settings: CacheSettings;
  /** @internal */
  readonly responses: ResponseStore;
  /** @internal */
  readonly flights: Flights = new Flights();
  /** @internal */
  readonly counted: { -readonly [Name in keyof CacheCounts]: number } = {
    hits: 0,
    validated: 0,
    misses: 0,
    staleOnError: 0,
    stored: 0,
    storeErrors: 0,
  };

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: HTTPCacheOptions = {}) {
    checkOptions('HTTPCache', options, NAMES);
    const { storeTimeoutMs = 1_000, onStoreError } = options;
    if (onStoreError !== undefined) checkFunction('onStoreError', onStoreError);
    this.settings = cacheSettings(options);
    this.responses = new ResponseStore(
      storeOf(options),
      checkTimeout('storeTimeoutMs', storeTimeoutMs),
      (error) => {
        this.counted.storeErrors += 1;
        onStoreError?.(error);
      },
    );
  }

  /** The counts at this moment. */
  get counts(): CacheCounts {
    return { ...this.counted };
  }

  /**
   * Removes the responses of a URL, as an unsafe request for it does. Those that are on their way are not stored.
   * @param clock Limits the time of the store: a reactor.
   * @returns Fires when that was done.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  delete(clock: Clock, url: string | URL): Deferred<void> {
    const key = keyOf(parseHTTPURL(url, undefined));
    return this.responses.invalidate(clock, key).addCallback(() => undefined) as Deferred<void>;
  }
}

function cacheSettings(options: HTTPCacheOptions): CacheSettings {
  const { maxEntryBytes = 4 * 1024 * 1024, shared = false, heuristicFraction = 0.1 } = options;
  const { maxHeuristicMs = 86_400_000, staleIfErrorMs = 0, collapseTimeoutMs = 5_000 } = options;
  const { keyFields = KEY_FIELDS, wallClock = Date.now } = options;
  checkFunction('wallClock', wallClock);
  return {
    maxEntryBytes: checkInteger('maxEntryBytes', maxEntryBytes, 0, 2 ** 30),
    isShared: checkBoolean('shared', shared),
    heuristicFraction: checkNumber('heuristicFraction', heuristicFraction, 0, 1),
    maxHeuristicMs: checkMilliseconds('maxHeuristicMs', maxHeuristicMs),
    staleIfErrorMs: checkMilliseconds('staleIfErrorMs', staleIfErrorMs),
    collapseTimeoutMs: checkMilliseconds('collapseTimeoutMs', collapseTimeoutMs),
    keyFields: namesOf(keyFields),
    wallClock,
  };
}

function namesOf(names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) {
    throw new InvalidArgumentTypeError('keyFields', 'an array of names of fields', names);
  }
  return names.map((name: unknown) => {
    if (typeof name === 'string' && isToken(name)) return name.toLowerCase();
    throw new InvalidArgumentValueError('a name of keyFields', 'the name of a field', name);
  });
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
function storeOf(options: HTTPCacheOptions): HTTPCacheStore {
  const own = pickOptions<MemoryCacheStoreOptions>(options, MEMORY_STORE_NAMES);
  const { store } = options;
  if (store === undefined) return new MemoryCacheStore(own);
  for (const method of ['get', 'set', 'delete'] as const) {
    if (typeof (store as Partial<HTTPCacheStore> | null)?.[method] !== 'function') {
      throw new InvalidArgumentTypeError('store', 'a store with get, set and delete', store);
    }
  }
  const [first] = Object.keys(own);
  if (first === undefined) return store;
  throw new InvalidArgumentValueError(first, 'an option of the store, which was given', options);
}

/** @throws InvalidArgumentTypeError */
export function checkCache(cache: HTTPCache): HTTPCache {
  if (cache instanceof HTTPCache) return cache;
  throw new InvalidArgumentTypeError('cache', 'an HTTPCache', cache);
}

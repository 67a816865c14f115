/** The options of an agent and of its requests. */
import { randomUUID } from 'node:crypto';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkPlainObject,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import { TLSClientContext, type TLSClientOptions } from '../../tls/client-context.js';
import { CONTENT_CODINGS } from '../accept-encoding.js';
import { HTTPConnectionPool } from '../client/connection-pool.js';
import type { HTTP2Choice } from '../client/connection-source.js';
import { type HTTPConnectionPoolOptions, POOL_OPTION_NAMES } from '../client/settings.js';
import type { AgentTimes } from './agent-request.js';
import { checkCache, type HTTPCache } from './cache/http-cache.js';
import type { EndpointChoice } from './connections.js';
import { type CookieOptions, type CookieSettings, cookieSettings } from './cookies.js';
import { type AgentCredentials, checkCredentials } from './credentials.js';
import type { DecodingLimits } from './decoded-content.js';
import { type AgentFields, type FieldList, fieldList, withDefaults } from './field-list.js';
import { http2ChoiceOf } from './http2-choice.js';
import {
  type AgentProxyOptions,
  PROXY_OPTION_NAMES,
  type ProxySettings,
  proxySettings,
} from './proxies.js';
import { REDIRECT_MODES, type RedirectMode } from './redirect-mode.js';
import type { RedirectSettings } from './redirects.js';
import type { RetrySettings } from './retries.js';
import type { Interceptor, Send } from './send.js';
import type { CookieJar } from './tough-cookie.js';
import { parseHTTPURL } from './urls.js';

/** Limits and times of connections, proxies, and: */
export interface AgentOptions extends HTTPConnectionPoolOptions, AgentProxyOptions {
  /** The pool whose connections are used, which has options of its own. Default: one of the agent, which `close` closes. */
  readonly pool?: HTTPConnectionPool;
  /** The context, or the options, of TLS. Default: certificates are verified with the roots of the system. */
  readonly tls?: TLSClientContext | TLSClientOptions;
  /**
   * Chooses where to connect: a UNIX socket, for example. TLS is added for `https:`. Called once for each origin.
   * Undefined as its result: the host and port of the URL. Default: always these.
   */
  readonly endpointFor?: EndpointChoice;
  /** Most origins that the agent remembers; the oldest is forgotten, and its idle connections time out: 1 to 1,048,576. Default 1,024. */
  readonly maxOrigins?: number;
  /** HTTP/2: if the server of an `https:` URL chooses it, always, or never. Default `alpn`, unless `tls` has `alpnProtocols`. */
  readonly http2?: HTTP2Choice | false;
  /** URLs of requests are relative to this one. Default: they are absolute. */
  readonly baseURL?: string | URL;
  /** Fields of all requests, unless a request has a field of the same name. Default: `Accept: *` + `/*` and `User-Agent: ropewalk`. */
  readonly fields?: AgentFields;
  /** Time from a call to the end of its response in milliseconds, greater than 0. Default: no limit. */
  readonly totalTimeoutMs?: number;
  /** Whether redirections are followed. Default `follow`. */
  readonly redirect?: RedirectMode;
  /** Most redirections that a request follows; one more fails with an HTTPRedirectError: 0 to 100. Default 20. */
  readonly maxRedirects?: number;
  /** Whether redirections from https to http are followed. Default false. */
  readonly allowInsecureRedirects?: boolean;
  /** Fields that redirections to another origin lose, besides Authorization, Proxy-Authorization, Cookie and Host. Default: none. */
  readonly credentialFields?: readonly string[];
  /**
   * Whether content is decoded by its Content-Encoding, and Accept-Encoding is sent: gzip, deflate, br, and zstd if Node supports it.
   * Default true.
   */
  readonly decode?: boolean;
  /** Most decoded bytes of content that is iterated over or streamed: 1 to 2^53 - 1. Default: no limit. */
  readonly maxDecodedBytes?: number;
  /** How many times as long as the received bytes decoded content may be, if it is longer than 1 MiB: 1 to 1,000,000. Default 500. */
  readonly maxDecodedRatio?: number;
  /**
   * Most retries of a request whose content can be sent again: after a failed attempt to connect; if its method is idempotent, also after a
   * connection that ended before any byte of the response, and after 429 and 503 with Retry-After. 0 to 100. Default 0.
   */
  readonly retries?: number;
  /** The delay before the first retry, in milliseconds; it doubles with each one, and up to a half of it is random. Default 500. */
  readonly retryDelayMs?: number;
  /** The longest delay; a response with a longer Retry-After is an answer. Default 30,000. */
  readonly maxRetryDelayMs?: number;
  /** Sends Basic or Digest authentication to the origin of `baseURL`, and to no other. Default: none. */
  readonly auth?: AgentCredentials;
  /** Whether cookies are kept and sent, and in which jar: see {@link CookieOptions}. Needs the package `tough-cookie`. Default false. */
  readonly cookies?: boolean | CookieJar | CookieOptions;
  /** The source of random delays, 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
  /** The time for dates in Retry-After, in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** Makes the boundary of a multipart form, which must not occur in the form. Default: 122 random bits in hexadecimal. */
  readonly makeBoundary?: () => string;
  /**
   * Stores responses and answers from them as RFC 9111 permits. Requests that cannot be sent as they are then fail, instead of throwing.
   * Default: none.
   */
  readonly cache?: HTTPCache;
  /** Layers around all others; the first is called first. Default: none. */
  readonly interceptors?: readonly Interceptor[];
  /** Sends requests below all layers, in place of connections: a transport of your own. Default: none. */
  readonly send?: Send;
}

/** Also for options that contain some of them. */
export const AGENT_OPTION_NAMES: OptionNames<AgentOptions> = {
  ...POOL_OPTION_NAMES,
  ...PROXY_OPTION_NAMES,
  pool: true,
  tls: true,
  endpointFor: true,
  maxOrigins: true,
  http2: true,
  baseURL: true,
  fields: true,
  totalTimeoutMs: true,
  redirect: true,
  maxRedirects: true,
  allowInsecureRedirects: true,
  credentialFields: true,
  decode: true,
  maxDecodedBytes: true,
  maxDecodedRatio: true,
  retries: true,
  retryDelayMs: true,
  maxRetryDelayMs: true,
  auth: true,
  cookies: true,
  random: true,
  wallClock: true,
  makeBoundary: true,
  cache: true,
  interceptors: true,
  send: true,
};

const ALPN: readonly string[] = ['http/1.1'];
const DEFAULT_FIELDS: FieldList = [
  ['Accept', '*/*'],
  ['User-Agent', 'ropewalk'],
];

export interface AgentSettings
  extends RedirectSettings,
    DecodingLimits,
    RetrySettings,
    ProxySettings {
  readonly retries: number;
  /** For the origin of `baseURL`. */
  readonly auth: AgentCredentials | undefined;
  readonly cookies: CookieSettings | undefined;
  readonly makeBoundary: () => string;
  readonly pool: HTTPConnectionPool | undefined;
  readonly poolOptions: HTTPConnectionPoolOptions;
  readonly tls: TLSClientContext | undefined;
  readonly endpointFor: EndpointChoice | undefined;
  readonly maxOrigins: number;
  readonly http2: HTTP2Choice | undefined;
  readonly baseURL: URL | undefined;
  readonly fields: FieldList;
  /** `fields` with Accept-Encoding. */
  readonly codedFields: FieldList;
  readonly redirect: RedirectMode;
  readonly maxRedirects: number;
  readonly decode: boolean;
  /** Of requests that have none of their own. */
  readonly times: AgentTimes;
  readonly cache: HTTPCache | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly send: Send | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function agentSettings(options: AgentOptions): AgentSettings {
  checkOptions('Agent', options, AGENT_OPTION_NAMES);
  const { pool, tls, endpointFor, baseURL, totalTimeoutMs } = options;
  const { maxOrigins = 1_024, fields = [], interceptors = [] } = options;
  if (endpointFor !== undefined) checkFunction('endpointFor', endpointFor);
  if (options.send !== undefined) checkFunction('send', options.send);
  if (totalTimeoutMs !== undefined) checkTimeout('totalTimeoutMs', totalTimeoutMs);
  for (const interceptor of checkArray('interceptors', interceptors)) {
    checkFunction('an interceptor', interceptor);
  }
  const given = withDefaults(fieldList(fields), DEFAULT_FIELDS);
  return {
    ...redirectSettings(options),
    ...decodingSettings(options),
    ...retrySettings(options),
    ...proxySettings(options),
    auth: authOf(options),
    cookies: cookieSettings(options.cookies),
    makeBoundary: functionOf(options, 'makeBoundary', randomUUID),
    pool: pool === undefined ? undefined : checkPool(pool),
    poolOptions: poolOptions(options),
    tls: tls === undefined ? undefined : contextOf(tls),
    endpointFor,
    http2: http2ChoiceOf(options),
    maxOrigins: checkInteger('maxOrigins', maxOrigins, 1, 1_048_576),
    baseURL: baseURL === undefined ? undefined : parseHTTPURL(baseURL, undefined, 'baseURL'),
    fields: given,
    codedFields: withDefaults(given, [['Accept-Encoding', CONTENT_CODINGS.join(', ')]]),
    times: totalTimeoutMs === undefined ? {} : { totalTimeoutMs },
    cache: options.cache === undefined ? undefined : checkCache(options.cache),
    interceptors,
    send: options.send,
  };
}

function redirectSettings(
  options: AgentOptions,
): Pick<AgentSettings, 'redirect' | 'maxRedirects' | keyof RedirectSettings> {
  const { redirect = 'follow', maxRedirects = 20 } = options;
  const { allowInsecureRedirects = false, credentialFields = [] } = options;
  checkChoice('redirect', redirect, REDIRECT_MODES);
  checkInteger('maxRedirects', maxRedirects, 0, 100);
  checkBoolean('allowInsecureRedirects', allowInsecureRedirects);
  for (const name of checkArray('credentialFields', credentialFields)) {
    checkString('a name of credentialFields', name);
  }
  return { redirect, maxRedirects, allowInsecureRedirects, credentialFields };
}

function decodingSettings(
  options: AgentOptions,
): Pick<AgentSettings, 'decode' | keyof DecodingLimits> {
  const { decode = true, maxDecodedBytes = Number.MAX_SAFE_INTEGER } = options;
  const { maxDecodedRatio = 500 } = options;
  checkBoolean('decode', decode);
  checkInteger('maxDecodedBytes', maxDecodedBytes, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('maxDecodedRatio', maxDecodedRatio, 1, 1_000_000);
  return { decode, maxDecodedBytes, maxDecodedRatio };
}

function retrySettings(
  options: AgentOptions,
): Pick<AgentSettings, 'retries' | keyof RetrySettings> {
  const { retries = 0, retryDelayMs = 500, maxRetryDelayMs = 30_000 } = options;
  checkInteger('retries', retries, 0, 100);
  checkMilliseconds('retryDelayMs', retryDelayMs);
  checkMilliseconds('maxRetryDelayMs', maxRetryDelayMs);
  const random = functionOf(options, 'random', Math.random);
  const wallClock = functionOf(options, 'wallClock', Date.now);
  return { retries, retryDelayMs, maxRetryDelayMs, random, wallClock };
}

function authOf({ auth, baseURL }: AgentOptions): AgentCredentials | undefined {
  if (auth === undefined) return undefined;
  const checked = checkCredentials(auth);
  if (baseURL !== undefined) return checked;
  const expected = 'the URL of the server that gets auth';
  const hint = 'set baseURL, or give auth to each request';
  throw new InvalidArgumentValueError('baseURL', expected, baseURL, hint);
}

function functionOf<Name extends 'random' | 'wallClock' | 'makeBoundary'>(
  options: AgentOptions,
  name: Name,
  otherwise: NonNullable<AgentOptions[Name]>,
): NonNullable<AgentOptions[Name]> {
  const given = options[name] ?? otherwise;
  checkFunction(name, given);
  return given as NonNullable<AgentOptions[Name]>;
}

function poolOptions(options: AgentOptions): HTTPConnectionPoolOptions {
  const own = pickOptions(options, POOL_OPTION_NAMES);
  const [first] = Object.keys(own);
  if (options.pool === undefined || first === undefined) return own;
  throw new InvalidArgumentValueError(first, 'an option of the pool, which was given', options);
}

function checkPool(pool: HTTPConnectionPool): HTTPConnectionPool {
  if (pool instanceof HTTPConnectionPool) return pool;
  throw new InvalidArgumentTypeError('pool', 'an HTTPConnectionPool', pool);
}

function checkArray<T>(what: string, value: readonly T[]): readonly T[] {
  if (Array.isArray(value)) return value as readonly T[];
  throw new InvalidArgumentTypeError(what, 'an array', value);
}

function contextOf(tls: TLSClientContext | TLSClientOptions): TLSClientContext {
  if (tls instanceof TLSClientContext) return tls;
  checkPlainObject('tls', tls);
  return new TLSClientContext({ alpnProtocols: ALPN, ...tls });
}

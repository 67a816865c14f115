/** The limits and times of client connections and of their pool. */
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../../internal/options.js';
import { checkTimeout } from '../../policies/idle-timeouts.js';
import { type ResponseParserOptions, responseLimits } from '../../protocols/http/limits.js';
import {
  type HTTP2ClientOptions,
  type HTTP2ClientSettings,
  http2ClientSettings,
} from './http2-settings.js';

/** Times of one request in milliseconds: greater than 0, checked once a second, or more often if one is shorter than 16 seconds. */
export interface HTTPRequestTimes {
  /** Time until there is a connection, including the time in the queue. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time from the end of the request to the head of the final response. Informational responses begin it again. Default 60,000. */
  readonly headTimeoutMs?: number;
  /** Time between two pieces of the content, except while nobody reads it; and for the rest of content that is dropped. Default 60,000. */
  readonly bodyIdleTimeoutMs?: number;
  /** Time for which content may stay unread, as it keeps its connection. Default 300,000. */
  readonly unreadTimeoutMs?: number;
  /** Time after which a server that accepts no byte is given up, if there are unsent bytes. Default 30,000. */
  readonly writeTimeoutMs?: number;
}

export interface HTTPConnectionPoolOptions extends ResponseParserOptions, HTTPRequestTimes {
  /** Most connections to one origin, those that are being made included: 1 to 65,536. Default 64. */
  readonly maxConnectionsPerOrigin?: number;
  /**
   * Most connections to all origins, those that are being made included: 1 to 1,048,576. At the limit, the idle connection that has
   * waited longest makes room for another origin. Default 1,024.
   */
  readonly maxConnections?: number;
  /** Most requests that wait for a connection; further ones fail with an HTTPPoolFullError: 0 to 2^31. Default 1,024. */
  readonly maxQueuedRequests?: number;
  /**
   * Time for which an unused connection is kept, in milliseconds, greater than 0. Default 4,000: servers close them too, Node's after
   * 5,000, and a request that is sent at that moment gets no response.
   */
  readonly idleTimeoutMs?: number;
  /** Requests after which a connection is closed: 1 to 2^53 - 1. Default: no limit. */
  readonly maxRequestsPerConnection?: number;
  /** Limits of connections of HTTP/2. */
  readonly http2Limits?: HTTP2ClientOptions;
}

const PARSER_NAMES: OptionNames<ResponseParserOptions> = {
  maxHeadBytes: true,
  maxFields: true,
  maxContentBytes: true,
  maxTrailerBytes: true,
  maxChunkExtensionBytes: true,
  maxInformational: true,
};

const NAMES: OptionNames<HTTPConnectionPoolOptions> = {
  ...PARSER_NAMES,
  connectTimeoutMs: true,
  headTimeoutMs: true,
  bodyIdleTimeoutMs: true,
  unreadTimeoutMs: true,
  writeTimeoutMs: true,
  maxConnectionsPerOrigin: true,
  maxConnections: true,
  maxQueuedRequests: true,
  idleTimeoutMs: true,
  maxRequestsPerConnection: true,
  http2Limits: true,
};

/** The names of the options of a pool: for options that contain them. */
export const POOL_OPTION_NAMES: OptionNames<HTTPConnectionPoolOptions> = NAMES;

type OwnNames = Exclude<
  keyof HTTPConnectionPoolOptions,
  keyof ResponseParserOptions | 'http2Limits'
>;

export interface PoolSettings extends Required<Pick<HTTPConnectionPoolOptions, OwnNames>> {
  readonly parserOptions: ResponseParserOptions;
  readonly maxContentBytes: number;
  readonly http2: HTTP2ClientSettings;
  /** The shortest of the times. */
  readonly shortestMs: number;
  /** The resolution of the times. */
  readonly tickMs: number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function poolSettings(options: HTTPConnectionPoolOptions): PoolSettings {
  checkOptions('HTTPConnectionPool', options, NAMES);
  const {
    connectTimeoutMs = 10_000,
    headTimeoutMs = 60_000,
    bodyIdleTimeoutMs = 60_000,
    unreadTimeoutMs = 300_000,
    writeTimeoutMs = 30_000,
    idleTimeoutMs = 4_000,
    maxConnectionsPerOrigin = 64,
    maxConnections = 1_024,
    maxQueuedRequests = 1_024,
    maxRequestsPerConnection = Number.MAX_SAFE_INTEGER,
  } = options;
  const times = {
    connectTimeoutMs,
    headTimeoutMs,
    bodyIdleTimeoutMs,
    unreadTimeoutMs,
    writeTimeoutMs,
    idleTimeoutMs,
  };
  for (const [name, ms] of Object.entries(times)) checkTimeout(name, ms);
  checkInteger('maxConnectionsPerOrigin', maxConnectionsPerOrigin, 1, 65_536);
  checkInteger('maxConnections', maxConnections, 1, 1_048_576);
  checkInteger('maxQueuedRequests', maxQueuedRequests, 0, 2 ** 31);
  checkInteger('maxRequestsPerConnection', maxRequestsPerConnection, 1, Number.MAX_SAFE_INTEGER);
  const http2 = http2ClientSettings(options.http2Limits);
  const shortestMs = Math.min(
    ...Object.values(times),
    http2.idleTimeoutMs,
    http2.pingAfterMs,
    http2.pingTimeoutMs,
  );
  const parserOptions = pickOptions(options, PARSER_NAMES);
  return {
    ...times,
    maxConnectionsPerOrigin,
    maxConnections,
    maxQueuedRequests,
    maxRequestsPerConnection,
    parserOptions,
    maxContentBytes: responseLimits(parserOptions).maxContentBytes,
    http2,
    shortestMs,
    tickMs: Math.min(1_000, shortestMs / 16),
  };
}

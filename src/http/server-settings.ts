/** The limits and times of an HTTP server. */
import { checkFunction, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkTimeout } from '../policies/idle-timeouts.js';
import type { RequestParserOptions } from '../protocols/http/limits.js';

/** Times are in milliseconds; except the last, they are greater than 0 and checked once a second. */
export interface HTTPServerOptions extends RequestParserOptions {
  /**
   * Time for the head of a request, counted from its first bytes, or from the beginning of the connection. A client that is slower
   * is answered with 408; one that has sent nothing is disconnected. Default 15,000.
   */
  readonly headTimeoutMs?: number;
  /**
   * While content is awaited, at least {@link minContentBytes} have to arrive in each period of this length; otherwise the request
   * is answered with 408. Default 30,000.
   */
  readonly contentTimeoutMs?: number;
  /** See {@link contentTimeoutMs}: 1 to 2^31. Default 1,024. */
  readonly minContentBytes?: number;
  /** Time that a connection may wait for its next request before it is closed. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** Time after which a client that accepts no byte is reset, if there are unsent bytes. Default 30,000. */
  readonly writeTimeoutMs?: number;
  /** Requests after which a connection is closed: 1 to 2^53 - 1. Default: no limit. */
  readonly maxRequestsPerConnection?: number;
  /** Received bytes behind the request in progress, and unread bytes of its content, from which on reading pauses. Default 65,536. */
  readonly maxPipelinedBytes?: number;
  /**
   * Most bytes of content that are received and dropped because a request was answered without reading it. If there are more, the
   * connection is closed. Default 65,536.
   */
  readonly maxDiscardedBytes?: number;
  /**
   * Time after which requests in progress are cut off when the server closes or the reactor stops. At least 0; default 30,000. Must be
   * shorter than the time that a supervisor gives the process to stop.
   */
  readonly drainDeadlineMs?: number;
  /** The time of Date fields in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
}

const PARSER_NAMES: OptionNames<RequestParserOptions> = {
  maxHeadBytes: true,
  maxFields: true,
  maxContentBytes: true,
  maxTrailerBytes: true,
  maxChunkExtensionBytes: true,
  maxMethodBytes: true,
  maxTargetBytes: true,
};

const NAMES: OptionNames<HTTPServerOptions> = {
  ...PARSER_NAMES,
  headTimeoutMs: true,
  contentTimeoutMs: true,
  minContentBytes: true,
  idleTimeoutMs: true,
  writeTimeoutMs: true,
  maxRequestsPerConnection: true,
  maxPipelinedBytes: true,
  maxDiscardedBytes: true,
  drainDeadlineMs: true,
  wallClock: true,
};

const MAX_BYTES = 2 ** 31;

type ServerNames = Exclude<keyof HTTPServerOptions, keyof RequestParserOptions>;

/** The server's settings, and the options of its parsers. */
export interface HTTPServerSettings extends Required<Pick<HTTPServerOptions, ServerNames>> {
  readonly parserOptions: RequestParserOptions;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function serverSettings(options: HTTPServerOptions): HTTPServerSettings {
  checkOptions('the HTTP server', options, NAMES);
  const {
    headTimeoutMs = 15_000,
    contentTimeoutMs = 30_000,
    minContentBytes = 1_024,
    idleTimeoutMs = 60_000,
    writeTimeoutMs = 30_000,
    maxRequestsPerConnection = Number.MAX_SAFE_INTEGER,
    maxPipelinedBytes = 65_536,
    maxDiscardedBytes = 65_536,
    drainDeadlineMs = 30_000,
    wallClock = Date.now,
  } = options;
  checkTimeout('headTimeoutMs', headTimeoutMs);
  checkTimeout('contentTimeoutMs', contentTimeoutMs);
  checkInteger('minContentBytes', minContentBytes, 1, MAX_BYTES);
  checkTimeout('idleTimeoutMs', idleTimeoutMs);
  checkTimeout('writeTimeoutMs', writeTimeoutMs);
  const { MAX_SAFE_INTEGER } = Number;
  checkInteger('maxRequestsPerConnection', maxRequestsPerConnection, 1, MAX_SAFE_INTEGER);
  checkInteger('maxPipelinedBytes', maxPipelinedBytes, 1, MAX_BYTES);
  checkInteger('maxDiscardedBytes', maxDiscardedBytes, 0, MAX_BYTES);
  checkMilliseconds('drainDeadlineMs', drainDeadlineMs);
  checkFunction('wallClock', wallClock);
  return {
    headTimeoutMs,
    contentTimeoutMs,
    minContentBytes,
    idleTimeoutMs,
    writeTimeoutMs,
    maxRequestsPerConnection,
    maxPipelinedBytes,
    maxDiscardedBytes,
    drainDeadlineMs,
    wallClock,
    parserOptions: parserOptionsOf(options),
  };
}

function parserOptionsOf(options: HTTPServerOptions): RequestParserOptions {
  const entries = Object.entries(options).filter(([name]) => Object.hasOwn(PARSER_NAMES, name));
  return Object.fromEntries(entries) as RequestParserOptions;
}

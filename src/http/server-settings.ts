/** The limits and times of an HTTP server. */
import { checkFunction, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { checkTimeout } from '../policies/idle-timeouts.js';
import type { RequestLimitOptions, RequestParserOptions } from '../protocols/http/limits.js';
import { type CompressionOptions, CompressionPolicy } from './compression-policy.js';
import { type ErrorPageMaker, plainErrorPage } from './error-pages.js';
import {
  type HTTP2ServerOptions,
  type HTTP2ServerSettings,
  http2Settings,
} from './http2/server-settings.js';
import type { AccessLog } from './response-log.js';

/** Times are in milliseconds. Except `drainDeadlineMs`, they are greater than 0 and checked once a second. */
export interface HTTPServerOptions extends RequestLimitOptions {
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
  /**
   * Whether content is compressed for clients that accept that: `true`, or how. Content of text, JSON and similar types is, if it has
   * no coding and is not a part. It has Vary and a weak entity tag then. Default false.
   */
  readonly compression?: boolean | CompressionOptions | undefined;
  /**
   * Called once for each response, also for those of the server itself and for those that the end of the connection cut off. See
   * `commonLogLine`, `combinedLogLine` and `jsonLogLine`. Errors that it throws are reported. Default none.
   */
  readonly accessLog?: AccessLog | undefined;
  /**
   * Makes the content of answers with an error: those of the server itself, and of `response.sendStatus`. Default: plain text with
   * the status. See `negotiatedErrorPage`.
   */
  readonly errorPage?: ErrorPageMaker | undefined;
  /**
   * Whether HTTP/2 is served on the same port, to clients that negotiate it by ALPN over TLS, or begin with its preface in clear: `false`,
   * or its limits. Default true.
   */
  readonly http2?: boolean | HTTP2ServerOptions;
  /** The time of Date fields in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
}

const PARSER_NAMES: OptionNames<RequestLimitOptions> = {
  maxHeadBytes: true,
  maxFields: true,
  maxContentBytes: true,
  maxTrailerBytes: true,
  maxChunkExtensionBytes: true,
  maxMethodBytes: true,
  maxTargetBytes: true,
};

export const HTTP_SERVER_OPTIONS: OptionNames<HTTPServerOptions> = {
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
  compression: true,
  accessLog: true,
  errorPage: true,
  http2: true,
  wallClock: true,
};

const MAX_BYTES = 2 ** 31;

type Features = 'compression' | 'accessLog' | 'errorPage' | 'http2';
type ServerNames = Exclude<keyof HTTPServerOptions, keyof RequestLimitOptions>;

/** The server's settings, and the options of its parsers. */
export interface HTTPServerSettings
  extends Required<Pick<HTTPServerOptions, Exclude<ServerNames, Features>>> {
  readonly compression: CompressionPolicy | undefined;
  readonly accessLog: AccessLog | undefined;
  readonly errorPage: ErrorPageMaker;
  readonly http2: HTTP2ServerSettings | undefined;
  readonly parserOptions: RequestParserOptions;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function serverSettings(options: HTTPServerOptions): HTTPServerSettings {
  checkOptions('the HTTP server', options, HTTP_SERVER_OPTIONS);
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
    accessLog,
    errorPage = plainErrorPage,
  } = options;
  const settings = {
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
    accessLog,
    errorPage,
  };
  checkSettings(settings);
  const parserOptions = pickOptions(options, PARSER_NAMES);
  return {
    ...settings,
    compression: compressionPolicy(options.compression),
    http2: http2Settings(options.http2 === undefined ? true : options.http2, parserOptions),
    parserOptions,
  };
}

function checkSettings(
  settings: Omit<HTTPServerSettings, 'compression' | 'http2' | 'parserOptions'>,
): void {
  checkTimeout('headTimeoutMs', settings.headTimeoutMs);
  checkTimeout('contentTimeoutMs', settings.contentTimeoutMs);
  checkInteger('minContentBytes', settings.minContentBytes, 1, MAX_BYTES);
  checkTimeout('idleTimeoutMs', settings.idleTimeoutMs);
  checkTimeout('writeTimeoutMs', settings.writeTimeoutMs);
  const { maxRequestsPerConnection, accessLog } = settings;
  const { MAX_SAFE_INTEGER } = Number;
  checkInteger('maxRequestsPerConnection', maxRequestsPerConnection, 1, MAX_SAFE_INTEGER);
  checkInteger('maxPipelinedBytes', settings.maxPipelinedBytes, 1, MAX_BYTES);
  checkInteger('maxDiscardedBytes', settings.maxDiscardedBytes, 0, MAX_BYTES);
  checkMilliseconds('drainDeadlineMs', settings.drainDeadlineMs);
  checkFunction('wallClock', settings.wallClock);
  if (accessLog !== undefined) checkFunction('accessLog', accessLog);
  checkFunction('errorPage', settings.errorPage);
}

function compressionPolicy(
  compression: boolean | CompressionOptions | undefined,
): CompressionPolicy | undefined {
  if (compression === undefined || compression === false) return undefined;
  return new CompressionPolicy(compression === true ? {} : compression);
}

/** Errors of requests to servers. Those of received messages are in `protocols/http/errors.ts`. */
import type { HostPort } from '../../core/address.js';
import { RopewalkError } from '../../core/errors/base.js';
import { ConnectError } from '../../core/errors/connecting.js';
import { errorCodeName } from '../../protocols/http2/error-codes.js';
import { BodyError } from '../errors.js';

/** The times of a request that a server can exceed. */
export type ResponseTimeLimit =
  | 'connectTimeoutMs'
  | 'headTimeoutMs'
  | 'bodyIdleTimeoutMs'
  | 'unreadTimeoutMs'
  | 'writeTimeoutMs'
  | 'totalTimeoutMs';

const LATE: Readonly<Record<ResponseTimeLimit, string>> = {
  connectTimeoutMs: 'there was no connection for an HTTP request',
  headTimeoutMs: 'an HTTP server has not answered',
  bodyIdleTimeoutMs: 'an HTTP server sent nothing of the content that it began',
  unreadTimeoutMs: 'the content of an HTTP response was not read, nor discarded,',
  writeTimeoutMs: 'an HTTP server accepted no byte of a request',
  totalTimeoutMs: 'an HTTP request was not complete',
};

/** A request took too long. Its connection, if it had one, was aborted. */
export class HTTPResponseTimeoutError extends RopewalkError {
  override readonly name = 'HTTPResponseTimeoutError';
  override readonly code = 'ERR_HTTP_RESPONSE_TIMEOUT';
  /** The status that a gateway answers its own client. */
  readonly status: number = 504;
  /** The option that was exceeded. */
  readonly option: ResponseTimeLimit;
  /** Its value in milliseconds. */
  readonly limit: number;

  /** @param hint What was probably the cause. */
  constructor(option: ResponseTimeLimit, limit: number, hint?: string) {
    super(`${LATE[option]} within ${option}, ${limit} ms${hint === undefined ? '' : `: ${hint}`}`);
    this.option = option;
    this.limit = limit;
  }
}

/**
 * The connection ended before any byte of the response arrived. The server may have acted on the request. `cause` is the reason of the
 * connection's end.
 */
export class NoHTTPResponseError extends RopewalkError {
  override readonly name = 'NoHTTPResponseError';
  override readonly code = 'ERR_NO_HTTP_RESPONSE';
  /** The status that a gateway answers its own client. */
  readonly status: number = 502;
  /**
   * Whether the connection had been used for a request before: the server may have closed it at the moment at which this request was sent.
   */
  readonly wasReused: boolean;

  constructor(wasReused: boolean, cause?: unknown) {
    super('the connection ended before the HTTP server answered', { cause });
    this.wasReused = wasReused;
  }
}

/** As many requests as `maxQueuedRequests` permits wait for a connection. This one was not sent. */
export class HTTPPoolFullError extends RopewalkError {
  override readonly name = 'HTTPPoolFullError';
  override readonly code = 'ERR_HTTP_POOL_FULL';
  /** The status that a gateway answers its own client. */
  readonly status: number = 503;
  /** The option that was exceeded. */
  readonly option = 'maxQueuedRequests';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`${limit} HTTP requests wait for a connection, the most that maxQueuedRequests permits`);
    this.limit = limit;
  }
}

/** The pool was closed. The request was not sent, or its connection was aborted. */
export class HTTPPoolClosedError extends RopewalkError {
  override readonly name = 'HTTPPoolClosedError';
  override readonly code = 'ERR_HTTP_POOL_CLOSED';
  /** The status that a gateway answers its own client. */
  readonly status: number = 503;

  constructor() {
    super('the pool of HTTP connections was closed');
  }
}

/** An HTTP proxy did not make the requested connection: it answered CONNECT with another status than 2xx. */
export class HTTPTunnelError extends ConnectError {
  override readonly name = 'HTTPTunnelError';
  override readonly code = 'ERR_HTTP_TUNNEL';
  /** The status that a gateway answers its own client. */
  readonly status: number = 502;
  /** The status of the proxy's answer: 407 if it wants a user and password, or other ones. */
  readonly proxyStatus: number;
  /** The reason phrase of the answer; often empty. */
  readonly reason: string;
  /** The values of Proxy-Authenticate in the answer. */
  readonly challenges: readonly string[];

  constructor(
    destination: HostPort,
    proxyStatus: number,
    reason = '',
    challenges: readonly string[] = [],
  ) {
    super(`the HTTP proxy answered CONNECT with ${`${proxyStatus} ${reason}`.trim()}`, destination);
    this.proxyStatus = proxyStatus;
    this.reason = reason;
    this.challenges = challenges;
  }
}

/** The server has not processed a request, and will not: it may be sent again, whatever its method. */
export class HTTP2UnprocessedError extends RopewalkError {
  override readonly name = 'HTTP2UnprocessedError';
  override readonly code = 'ERR_HTTP2_UNPROCESSED';
  /** The status that a gateway answers its own client. */
  readonly status: number = 503;
  /** Of the frame that says so: RFC 9113 section 7. */
  readonly errorCode: number;

  constructor(errorCode: number) {
    super(`the HTTP/2 server has not processed a request: ${errorCodeName(errorCode)}`);
    this.errorCode = errorCode;
  }
}

/** The content of a response is not JSON. `cause` is the error of the JSON parser. */
export class InvalidJSONError extends BodyError {
  override readonly name = 'InvalidJSONError';
  override readonly code = 'ERR_INVALID_JSON';
  override readonly status = 502;

  constructor(cause: unknown) {
    super('the peer sent content that is not JSON', { cause });
  }
}

/** Errors of HTTP/1.1: those of peers have the status code to answer, those of callers are thrown at the call. */
import { LocalProtocolError, RemoteProtocolError, withoutStack } from '../../core/errors/base.js';

/** `server` reads requests, `client` reads responses. */
export type HTTPRole = 'server' | 'client';

/** Names a rule that a message broke. */
export type HTTPRule =
  | 'bare-cr'
  | 'bare-lf'
  | 'chunk-end'
  | 'chunk-extension'
  | 'chunk-size'
  | 'content-length'
  | 'content-length-forbidden'
  | 'content-length-repeated'
  | 'content-length-with-transfer-encoding'
  | 'empty-line'
  | 'field-name'
  | 'field-value'
  | 'framing-whitespace'
  | 'host'
  | 'host-missing'
  | 'host-repeated'
  | 'method'
  | 'obs-fold'
  | 'space-before-colon'
  | 'status-line'
  | 'target'
  | 'trailer'
  | 'transfer-coding'
  | 'transfer-encoding'
  | 'transfer-encoding-forbidden'
  | 'unrequested-upgrade'
  | 'unrequested-response'
  | 'version'
  | 'version-unsupported';

/** The rules of RFC 9110 and RFC 9112 that a peer can break, with the status code that a server answers. */
const RULES: Readonly<Record<HTTPRule, readonly [status: number, problem: string]>> = {
  'bare-cr': [400, 'a CR without LF'],
  'bare-lf': [400, 'a line that ends with LF without CR'],
  'chunk-end': [400, 'chunk data without CRLF behind it'],
  'chunk-extension': [400, 'a malformed chunk extension'],
  'chunk-size': [400, 'a malformed or too large chunk size'],
  'content-length': [400, 'a Content-Length that is not one decimal number'],
  'content-length-forbidden': [400, 'a Content-Length in a message that has no content'],
  'content-length-repeated': [400, 'more than one Content-Length'],
  'content-length-with-transfer-encoding': [400, 'both Content-Length and Transfer-Encoding'],
  'empty-line': [400, 'more than one empty line before the request line'],
  'field-name': [400, 'a field line without a valid name and a colon'],
  'field-value': [400, 'a control character in a field value'],
  'framing-whitespace': [400, 'whitespace around the value of Content-Length or Transfer-Encoding'],
  host: [400, 'an invalid Host'],
  'host-missing': [400, 'no Host'],
  'host-repeated': [400, 'more than one Host'],
  method: [400, 'a method that is not a token'],
  'obs-fold': [400, 'a field line that begins with whitespace'],
  'space-before-colon': [400, 'whitespace between a field name and the colon'],
  'status-line': [400, 'a malformed status line'],
  target: [400, 'an invalid request target'],
  trailer: [400, 'a trailer field that belongs in the head'],
  'transfer-coding': [501, 'a transfer coding other than chunked'],
  'transfer-encoding': [400, 'a Transfer-Encoding that does not end with one chunked'],
  'transfer-encoding-forbidden': [400, 'a Transfer-Encoding in a message that cannot have one'],
  'unrequested-upgrade': [400, 'a 101 response to a request without Upgrade'],
  'unrequested-response': [400, 'a response without a request'],
  version: [400, 'a malformed HTTP version'],
  'version-unsupported': [505, 'an HTTP version other than 1.0 and 1.1'],
};

/** All rules: for tests and metrics. */
export const HTTP_RULES: readonly HTTPRule[] = Object.keys(RULES) as HTTPRule[];

/** The status that a gateway answers if the response of the server behind it is invalid (RFC 9110 section 15.6.3). */
const BAD_GATEWAY = 502;

/** Base of the errors of received messages. The connection must be closed after the answer. */
export abstract class HTTPMessageError extends RemoteProtocolError {
  /** The status code to answer: of a server to its client; for an invalid response 502, of a gateway to its own client. */
  abstract readonly status: number;
}

/** A received message is malformed or ambiguous. */
export class InvalidHTTPMessageError extends HTTPMessageError {
  override readonly name = 'InvalidHTTPMessageError';
  override readonly code = 'ERR_INVALID_HTTP_MESSAGE';
  override readonly status: number;
  /** The broken rule. */
  readonly rule: HTTPRule;

  constructor(role: HTTPRole, rule: HTTPRule) {
    const [status, problem] = RULES[rule];
    super(`invalid HTTP ${role === 'server' ? 'request' : 'response'}: ${problem}`);
    this.status = role === 'server' ? status : BAD_GATEWAY;
    this.rule = rule;
  }
}

/** Names a limit of received messages. */
export type HTTPLimit =
  | 'maxMethodBytes'
  | 'maxTargetBytes'
  | 'maxHeadBytes'
  | 'maxFields'
  | 'maxContentBytes'
  | 'maxTrailerBytes'
  | 'maxChunkExtensionBytes'
  | 'maxInformational';

/** The limits of received messages, each with the status code that a server answers. */
const LIMITS: Readonly<
  Record<HTTPLimit, readonly [status: number, problem: string, unit: string]>
> = {
  maxMethodBytes: [501, 'a method longer than', 'bytes'],
  maxTargetBytes: [414, 'a request target longer than', 'bytes'],
  maxHeadBytes: [431, 'a head longer than', 'bytes'],
  maxFields: [431, 'a field section with more than', 'field lines'],
  maxContentBytes: [413, 'content longer than', 'bytes'],
  maxTrailerBytes: [431, 'a trailer section longer than', 'bytes'],
  maxChunkExtensionBytes: [400, 'chunk extensions longer than', 'bytes'],
  maxInformational: [400, 'more informational responses to one request than', ''],
};

/** A received message exceeds a limit of the receiver. */
export class HTTPLimitError extends HTTPMessageError {
  override readonly name = 'HTTPLimitError';
  override readonly code = 'ERR_HTTP_LIMIT';
  override readonly status: number;
  /** The option that was exceeded. */
  readonly option: HTTPLimit;
  /** Its value. */
  readonly limit: number;

  constructor(role: HTTPRole, option: HTTPLimit, limit: number) {
    const [status, problem, unit] = LIMITS[option];
    const message = role === 'server' ? 'request' : 'response';
    super(`HTTP ${message} exceeds ${option}: ${problem} ${limit} ${unit}`.trimEnd());
    this.status = role === 'server' ? status : BAD_GATEWAY;
    this.option = option;
    this.limit = limit;
  }
}

/** The connection ended in the middle of a message. */
export class IncompleteHTTPMessageError extends HTTPMessageError {
  override readonly name = 'IncompleteHTTPMessageError';
  override readonly code = 'ERR_INCOMPLETE_HTTP_MESSAGE';
  override readonly status: number;

  constructor(role: HTTPRole) {
    super(
      `the connection ended in the middle of an HTTP ${role === 'server' ? 'request' : 'response'}`,
    );
    this.status = role === 'server' ? 400 : BAD_GATEWAY;
  }
}

/** Part of an outgoing message contains octets that would change the meaning of the message. Nothing was sent. */
export class InvalidHTTPOutputError extends LocalProtocolError {
  override readonly name = 'InvalidHTTPOutputError';
  override readonly code = 'ERR_INVALID_HTTP_OUTPUT';
  /** The part, such as `method` or `value of the field Location`. */
  readonly part: string;

  constructor(part: string, problem: string) {
    super(`the ${part} of an HTTP message ${problem}`);
    this.part = part;
  }
}

/** A call does not fit into the sequence of messages: content after the end, a second final response, a released head. */
export class HTTPSequenceError extends LocalProtocolError {
  override readonly name = 'HTTPSequenceError';
  override readonly code = 'ERR_HTTP_SEQUENCE';
}

/** More or fewer bytes of content than Content-Length announced. The message cannot be completed: abort the connection. */
export class HTTPContentLengthError extends LocalProtocolError {
  override readonly name = 'HTTPContentLengthError';
  override readonly code = 'ERR_HTTP_CONTENT_LENGTH';
  /** The announced length in bytes. */
  readonly announced: number;
  /** The length with the refused piece, or at the end. */
  readonly actual: number;

  constructor(announced: number, actual: number) {
    super(`content of ${actual} bytes, but Content-Length is ${announced}`);
    this.announced = announced;
    this.actual = actual;
  }
}

export function invalidMessage(role: HTTPRole, rule: HTTPRule): InvalidHTTPMessageError {
  return withoutStack(() => new InvalidHTTPMessageError(role, rule));
}

export function limitExceeded(role: HTTPRole, limit: HTTPLimit, max: number): HTTPLimitError {
  return withoutStack(() => new HTTPLimitError(role, limit, max));
}

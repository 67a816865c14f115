/**
 * Errors with the codes, types and messages of Node, for programs that compare them: those of `node:http` for calls, and those of its
 * parser for what clients sent.
 */

import { constants } from 'node:os';
import { HTTPTimeoutError } from '../http/errors.js';
import {
  HTTPLimitError,
  type HTTPMessageError,
  InvalidHTTPMessageError,
} from '../protocols/http/errors.js';

/** An error with one of Node's codes. */
export interface CodedError extends Error {
  code: string;
}

type ErrorType = new (message: string, options?: ErrorOptions) => Error;

function coded(Type: ErrorType, code: string, message: string, options?: ErrorOptions): CodedError {
  const error = new Type(message, options) as CodedError;
  error.code = code;
  return error;
}

/** @param action `set`, `append`, `remove` or `write`. */
export function headersSent(action: string): CodedError {
  return coded(
    Error,
    'ERR_HTTP_HEADERS_SENT',
    `Cannot ${action} headers after they are sent to the client`,
  );
}

export function invalidStatusCode(status: unknown): CodedError {
  return coded(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`);
}

export function invalidToken(what: string, name: unknown): CodedError {
  return coded(
    TypeError,
    'ERR_INVALID_HTTP_TOKEN',
    `${what} must be a valid HTTP token ["${String(name)}"]`,
  );
}

export function invalidHeaderValue(name: string): CodedError {
  return coded(
    TypeError,
    'ERR_HTTP_INVALID_HEADER_VALUE',
    `Invalid value "undefined" for header "${name}"`,
  );
}

export function invalidCharacter(what: string, name?: string): CodedError {
  const where = name === undefined ? '' : ` ["${name}"]`;
  return coded(TypeError, 'ERR_INVALID_CHAR', `Invalid character in ${what}${where}`);
}

export function invalidArgument(name: string, expected: string, value: unknown): CodedError {
  const received = value === null ? 'null' : typeof value;
  return coded(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${name.includes('.') ? 'property' : 'argument'} must be ${expected}. Received ${received}`,
  );
}

/** @param isWrong Whether there is a place, of a wrong type. */
export function invalidListenOptions(isWrong: boolean): CodedError {
  const what = isWrong ? 'is invalid' : 'must have the property "port" or "path"';
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'options' ${what}`);
}

export function badPort(port: number | string): CodedError {
  const received = typeof port === 'string' ? `'${port}'` : String(port);
  return coded(
    RangeError,
    'ERR_SOCKET_BAD_PORT',
    `options.port should be >= 0 and < 65536. Received type ${typeof port} (${received}).`,
  );
}

/** A descriptor that is not a listening socket. */
export function invalidListenSocket(cause: Error): CodedError {
  const error = coded(Error, 'EINVAL', 'listen EINVAL: invalid argument', { cause });
  return Object.assign(error, { errno: -constants.errno.EINVAL, syscall: 'listen' });
}

export function invalidHeaders(): CodedError {
  return coded(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    "The argument 'headers' is invalid: it has a name without a value",
  );
}

export function nullChunk(): CodedError {
  return coded(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
}

export function writeAfterEnd(): CodedError {
  return coded(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
}

export function alreadyFinished(): CodedError {
  return coded(Error, 'ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished');
}

export function destroyedStream(): CodedError {
  return coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
}

export function trailerWithoutChunks(): CodedError {
  return coded(
    Error,
    'ERR_HTTP_TRAILER_INVALID',
    'Trailers are invalid with this transfer encoding',
  );
}

export function bodyNotAllowed(): CodedError {
  return coded(
    Error,
    'ERR_HTTP_BODY_NOT_ALLOWED',
    'Adding content for this request method or response status is not allowed.',
  );
}

/** @param actual The bytes of content with the refused piece, or at the end. */
export function lengthMismatch(actual: number, announced: number): CodedError {
  return coded(
    Error,
    'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
    `Response body's content-length of ${actual} byte(s) does not match the content-length of ${announced} byte(s) set in header`,
  );
}

/** The client has gone. */
export function connectionReset(cause?: unknown): CodedError {
  return coded(Error, 'ECONNRESET', 'aborted', cause === undefined ? undefined : { cause });
}

export function serverNotRunning(): CodedError {
  return coded(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.');
}

export function serverAlreadyListening(): CodedError {
  return coded(
    Error,
    'ERR_SERVER_ALREADY_LISTEN',
    'Listen method has been called more than once without closing.',
  );
}

export function requestTimeout(cause?: unknown): CodedError {
  return coded(Error, 'ERR_HTTP_REQUEST_TIMEOUT', 'Request timeout', { cause });
}

/** The code of Node's parser for each rule of a request; others have `HPE_INVALID_HEADER_TOKEN`. */
const RULE_CODES: Readonly<Record<string, string>> = {
  'bare-cr': 'HPE_CR_EXPECTED',
  'bare-lf': 'HPE_CR_EXPECTED',
  'chunk-end': 'HPE_STRICT',
  'chunk-extension': 'HPE_INVALID_CHUNK_SIZE',
  'chunk-size': 'HPE_INVALID_CHUNK_SIZE',
  'content-length': 'HPE_INVALID_CONTENT_LENGTH',
  'content-length-repeated': 'HPE_UNEXPECTED_CONTENT_LENGTH',
  'content-length-with-transfer-encoding': 'HPE_INVALID_TRANSFER_ENCODING',
  'empty-line': 'HPE_INVALID_METHOD',
  method: 'HPE_INVALID_METHOD',
  target: 'HPE_INVALID_URL',
  'transfer-coding': 'HPE_INVALID_TRANSFER_ENCODING',
  'transfer-encoding': 'HPE_INVALID_TRANSFER_ENCODING',
  version: 'HPE_INVALID_VERSION',
  'version-unsupported': 'HPE_INVALID_VERSION',
};

const LIMIT_CODES: Readonly<Record<string, string>> = {
  maxChunkExtensionBytes: 'HPE_CHUNK_EXTENSIONS_OVERFLOW',
  maxMethodBytes: 'HPE_INVALID_METHOD',
};

/**
 * The error of a `clientError` event: it has the code of Node, and as `cause` the error of this package, which says more.
 */
export function clientError(cause: HTTPMessageError | HTTPTimeoutError): CodedError {
  if (cause instanceof HTTPTimeoutError) return requestTimeout(cause);
  let code = 'HPE_INVALID_EOF_STATE';
  if (cause instanceof InvalidHTTPMessageError) {
    code = RULE_CODES[cause.rule] ?? 'HPE_INVALID_HEADER_TOKEN';
  } else if (cause instanceof HTTPLimitError) {
    code = LIMIT_CODES[cause.option] ?? 'HPE_HEADER_OVERFLOW';
  }
  return coded(Error, code, `Parse Error: ${cause.message}`, { cause });
}

/** The answer of `node:http` to such an error. */
export function answerTo({ code }: CodedError): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return answer('431 Request Header Fields Too Large');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return answer('413 Payload Too Large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return answer('408 Request Timeout');
    default:
      return answer('400 Bad Request');
  }
}

function answer(status: string): string {
  return `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`;
}

/** Errors of request bodies, of served files and of the server. */
import { RemoteProtocolError, RopewalkError } from '../core/errors/base.js';
import { checkInteger } from '../internal/check.js';
import { reasonPhrase } from '../protocols/http/status.js';

/** The peer's body cannot be accepted. Answer with `status`; the connection can be used again only if the rest of the body is read. */
export abstract class BodyError extends RemoteProtocolError {
  abstract readonly status: number;
}

/** A body is longer than the limit of decoded content, decoded or even as it was received: perhaps a decompression bomb. */
export class DecodedBodyTooLargeError extends BodyError {
  override readonly name = 'DecodedBodyTooLargeError';
  override readonly code = 'ERR_DECODED_BODY_TOO_LARGE';
  /** 413 for the body of a request, 502 for that of a response. */
  override readonly status: number;
  /** The option that was exceeded; `maxBytes` is also the argument of a method. */
  readonly option: 'maxBytes' | 'maxDecodedBytes';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(limit: number, option: 'maxBytes' | 'maxDecodedBytes' = 'maxBytes', status = 413) {
    super(`the peer sent a body that is too long for ${option}, ${limit} decoded bytes`);
    this.limit = limit;
    this.option = option;
    this.status = status;
  }
}

/** A body is not valid in its content coding: malformed, truncated, or followed by other bytes. */
export class InvalidContentCodingError extends BodyError {
  override readonly name = 'InvalidContentCodingError';
  override readonly code = 'ERR_INVALID_CONTENT_CODING';
  /** 400 for the body of a request, 502 for that of a response. */
  override readonly status: number;
  /** The content coding. */
  readonly coding: string;

  constructor(coding: string, why: string, options?: ErrorOptions, status = 400) {
    super(`the peer sent a body that is not valid ${coding}: ${why}`, options);
    this.coding = coding;
    this.status = status;
  }
}

/** The Content-Encoding of a body is not supported, or has several codings. */
export class UnsupportedContentCodingError extends BodyError {
  override readonly name = 'UnsupportedContentCodingError';
  override readonly code = 'ERR_UNSUPPORTED_CONTENT_CODING';
  /** 415 for the body of a request, 502 for that of a response. */
  override readonly status: number;
  /** The supported codings: the Accept-Encoding field of the answer (RFC 9110 section 12.5.3). */
  readonly acceptEncoding: string;

  constructor(contentEncoding: string, acceptEncoding: string, status = 415) {
    super(`the peer sent a body with the content coding ${JSON.stringify(contentEncoding)}`);
    this.acceptEncoding = acceptEncoding;
    this.status = status;
  }
}

/** A form is malformed. */
export class InvalidFormError extends BodyError {
  override readonly name = 'InvalidFormError';
  override readonly code = 'ERR_INVALID_FORM';
  override readonly status = 400;

  constructor(why: string) {
    super(`the peer sent a malformed form: ${why}`);
  }
}

/** A form exceeds a limit. */
export class FormTooLargeError extends BodyError {
  override readonly name = 'FormTooLargeError';
  override readonly code = 'ERR_FORM_TOO_LARGE';
  override readonly status = 413;
  /** The option that sets the limit, such as `maxFields`. */
  readonly option: string;
  /** Its value. */
  readonly limit: number;

  constructor(option: string, limit: number) {
    super(`the peer sent a form that exceeds ${option}, ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** A file became shorter while it was sent: the rest of the announced bytes does not exist. End the connection. */
export class FileTruncatedError extends RopewalkError {
  override readonly name = 'FileTruncatedError';
  override readonly code = 'ERR_FILE_TRUNCATED';
  /** The offset in the file at which its bytes ended. */
  readonly offset: number;

  constructor(offset: number) {
    super(`a file ended at byte ${offset} while it was sent: it has become shorter`);
    this.offset = offset;
  }
}

/**
 * Thrown by a handler: the request is answered with this status, and the error is not reported. Only the status is sent to the
 * client, never the message.
 */
export class HTTPStatusError extends RopewalkError {
  override readonly name = 'HTTPStatusError';
  override readonly code = 'ERR_HTTP_STATUS';
  /** 400 to 599. */
  readonly status: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError `status` is not a whole number from 400 to 599. */
  constructor(status: number, message: string = reasonPhrase(status), options?: ErrorOptions) {
    super(message, options);
    this.status = checkInteger('status', status, 400, 599);
  }
}

/**
 * The client does not offer the protocol that the handler switches to: answered with 426 and that protocol in the Upgrade field
 * (RFC 9110 section 15.5.22). Thrown by `request.upgrade`.
 */
export class UpgradeRequiredError extends RemoteProtocolError {
  override readonly name = 'UpgradeRequiredError';
  override readonly code = 'ERR_HTTP_UPGRADE_REQUIRED';
  readonly status: number = 426;
  /** The protocol, such as `websocket`. */
  readonly protocol: string;

  constructor(protocol: string) {
    super(`the client does not offer to switch to ${JSON.stringify(protocol)}`);
    this.protocol = protocol;
  }
}

/** A client was too slow. Content that is being read fails with it. */
export class HTTPTimeoutError extends RemoteProtocolError {
  override readonly name = 'HTTPTimeoutError';
  override readonly code = 'ERR_HTTP_TIMEOUT';
  /** The status that was answered. */
  readonly status: number = 408;
  /** The option that was exceeded. */
  readonly option: 'headTimeoutMs' | 'contentTimeoutMs';
  /** Its value in milliseconds. */
  readonly limit: number;

  constructor(option: 'headTimeoutMs' | 'contentTimeoutMs', limit: number) {
    super(`the HTTP client was slower than ${option}, ${limit} ms, allows`);
    this.option = option;
    this.limit = limit;
  }
}

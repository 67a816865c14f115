/** Errors of WebSocket connections: violations by the peer, refused handshakes, and calls that are not allowed. */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors/base.js';

/** Base of the errors that end an open WebSocket connection. */
export abstract class WebSocketError extends RemoteProtocolError {
  /** The code of the close frame that answers it (RFC 6455 section 7.4.1). */
  abstract readonly closeCode: number;
}

/** The peer sent a frame that RFC 6455 does not allow there, or that has another form. */
export class WebSocketFrameError extends WebSocketError {
  override readonly name = 'WebSocketFrameError';
  override readonly code = 'ERR_WEBSOCKET_FRAME';
  override readonly closeCode = 1002;

  constructor(problem: string) {
    super(`the peer sent an invalid WebSocket frame: ${problem}`);
  }
}

/** The text of a message or of a close reason is not UTF-8. */
export class WebSocketTextError extends WebSocketError {
  override readonly name = 'WebSocketTextError';
  override readonly code = 'ERR_WEBSOCKET_TEXT';
  override readonly closeCode = 1007;

  constructor(what: 'message' | 'close reason') {
    super(`the peer sent a ${what} that is not UTF-8`);
  }
}

/** The compressed data of a message is invalid (RFC 7692 section 7.2.2). */
export class WebSocketCompressionError extends WebSocketError {
  override readonly name = 'WebSocketCompressionError';
  override readonly code = 'ERR_WEBSOCKET_COMPRESSION';
  override readonly closeCode = 1007;

  constructor(problem: string, options?: ErrorOptions) {
    super(`the peer sent an invalid compressed message: ${problem}`);
    if (options !== undefined) this.cause = options.cause;
  }
}

/** A message is longer than `maxMessageBytes`, as it was sent or decompressed. */
export class WebSocketMessageTooLongError extends WebSocketError {
  override readonly name = 'WebSocketMessageTooLongError';
  override readonly code = 'ERR_WEBSOCKET_MESSAGE_TOO_LONG';
  override readonly closeCode = 1009;
  /** The option that was exceeded. */
  readonly option = 'maxMessageBytes';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the peer sent a message of more than ${limit} bytes`);
    this.limit = limit;
  }
}

/** The peer sent more frames than a limit allows. */
export class WebSocketFloodError extends WebSocketError {
  override readonly name = 'WebSocketFloodError';
  override readonly code = 'ERR_WEBSOCKET_FLOOD';
  override readonly closeCode = 1008;
  /** The option that was exceeded: frames of one message, or control frames. */
  readonly option: 'maxFragments' | 'maxControlFrames';
  readonly limit: number;

  constructor(option: 'maxFragments' | 'maxControlFrames', limit: number) {
    super(
      option === 'maxFragments'
        ? `the peer sent a message in more than ${limit} frames`
        : `the peer sent more than ${limit} control frames without a message`,
    );
    this.option = option;
    this.limit = limit;
  }
}

/** The request is not a WebSocket handshake that this server accepts. Answer it with `status` and `fields`. */
export class WebSocketRequestError extends RemoteProtocolError {
  override readonly name = 'WebSocketRequestError';
  override readonly code = 'ERR_WEBSOCKET_REQUEST';
  /** The HTTP status code of the answer: 400, 403, 405, 426 or 505. */
  readonly status: number;
  /** Fields that the answer must contain, as pairs of name and value. */
  readonly fields: readonly (readonly [name: string, value: string])[];

  constructor(
    status: number,
    problem: string,
    fields: readonly (readonly [name: string, value: string])[] = [],
  ) {
    super(`invalid WebSocket request: ${problem}`);
    this.status = status;
    this.fields = fields;
  }
}

/** The response to a client's handshake does not open a WebSocket connection: close the transport. */
export class WebSocketResponseError extends RemoteProtocolError {
  override readonly name = 'WebSocketResponseError';
  override readonly code = 'ERR_WEBSOCKET_RESPONSE';
  /** The HTTP status code of the response. */
  readonly status: number;

  constructor(status: number, problem: string) {
    super(`the server did not open a WebSocket connection: ${problem}`);
    this.status = status;
  }
}

/** A call that is only allowed while the connection is open. Nothing was sent. */
export class WebSocketNotOpenError extends LocalProtocolError {
  override readonly name = 'WebSocketNotOpenError';
  override readonly code = 'ERR_WEBSOCKET_NOT_OPEN';

  constructor(call: string, state: string) {
    super(`${call} is not possible: the WebSocket connection is ${state}`);
  }
}

/** A message was sent between the fragments of another one, or a fragment of another type. Nothing was sent. */
export class WebSocketFragmentError extends LocalProtocolError {
  override readonly name = 'WebSocketFragmentError';
  override readonly code = 'ERR_WEBSOCKET_FRAGMENT';
}

/** Errors of WebSocket connections on a transport. */
import { LocalProtocolError, RopewalkError } from '../core/errors/base.js';
import { WebSocketError } from '../protocols/websocket/errors.js';

/** The connection is closed: the reason that `closed` receives, and with which `receive` and `drained` fail. */
export class WebSocketClosedError extends RopewalkError {
  override readonly name = 'WebSocketClosedError';
  override readonly code = 'ERR_WEBSOCKET_CLOSED';
  /** The code of the peer's close frame: 1005 if it had none, 1006 if there was no close frame. */
  readonly closeCode: number;
  /** The reason in the peer's close frame; '' if there was none. */
  readonly closeReason: string;
  /** Whether both ends have sent a close frame and no error has ended the connection. Otherwise `cause` is the error. */
  readonly wasClean: boolean;

  constructor(closeCode: number, closeReason: string, wasClean: boolean, cause: Error | undefined) {
    const reason = closeReason === '' ? '' : ` ${JSON.stringify(closeReason)}`;
    const why = wasClean || cause === undefined ? '' : `: ${cause.message}`;
    super(`the WebSocket connection is closed, code ${closeCode}${reason}${why}`);
    this.closeCode = closeCode;
    this.closeReason = closeReason;
    this.wasClean = wasClean;
    if (!wasClean && cause !== undefined) this.cause = cause;
  }
}

/** `receive`, or an iterator, was used on a connection whose `messageReceived` takes all messages. */
export class WebSocketReceiveError extends LocalProtocolError {
  override readonly name = 'WebSocketReceiveError';
  override readonly code = 'ERR_WEBSOCKET_RECEIVE';

  constructor() {
    super(
      'receive is not possible: messageReceived takes all messages. Remove it, or handle messages there',
    );
  }
}

/** The peer did not answer in time; the connection was reset. */
export class WebSocketTimeoutError extends WebSocketError {
  override readonly name = 'WebSocketTimeoutError';
  override readonly code = 'ERR_WEBSOCKET_TIMEOUT';
  override readonly closeCode = 1006;
  /** The option that sets the time. */
  readonly option: 'closeTimeoutMs' | 'handshakeTimeoutMs' | 'pongTimeoutMs';
  readonly timeoutMs: number;

  constructor(
    option: 'closeTimeoutMs' | 'handshakeTimeoutMs' | 'pongTimeoutMs',
    timeoutMs: number,
  ) {
    const awaited = {
      closeTimeoutMs: 'has not finished the closing handshake',
      handshakeTimeoutMs: 'has not finished the opening handshake',
      pongTimeoutMs: 'has not answered a ping',
    }[option];
    super(`the peer ${awaited} within ${timeoutMs} ms (${option})`);
    this.option = option;
    this.timeoutMs = timeoutMs;
  }
}

/** The peer reads too slowly: more than `maxBufferedBytes` were unsent. The connection was reset. */
export class WebSocketBackpressureError extends WebSocketError {
  override readonly name = 'WebSocketBackpressureError';
  override readonly code = 'ERR_WEBSOCKET_BACKPRESSURE';
  override readonly closeCode = 1006;
  /** The option that was exceeded. */
  readonly option = 'maxBufferedBytes';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the peer reads too slowly: more than ${limit} bytes are unsent`);
    this.limit = limit;
  }
}

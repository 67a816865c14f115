/** A stream of an HTTP/2 connection: one request and its response (RFC 9113 section 5.1). */
import { checkInteger } from '../../internal/check.js';
import type { FieldBlock, HTTPFields } from '../http/field-block.js';
import type { HTTPContent } from '../http/message-serializer.js';
import { CANCEL } from './error-codes.js';
import type { HTTP2OutputFields } from './output-fields.js';
import { DEFAULT_PRIORITY, type HTTP2Priority } from './priority.js';
import { ReceiveWindow } from './receive-window.js';

/** The next part in one direction of a stream. `dropped`: content of a response to HEAD, which is not sent. */
export type StreamPhase = 'head' | 'content' | 'dropped' | 'done';

/** The calls of the application. @internal */
export interface StreamCommands {
  informational(stream: HTTP2Stream, status: number, fields: HTTP2OutputFields): void;
  head(stream: HTTP2Stream, status: number, fields: HTTP2OutputFields, endStream: boolean): void;
  respond(
    stream: HTTP2Stream,
    status: number,
    fields: HTTP2OutputFields,
    content: HTTPContent,
  ): number;
  write(stream: HTTP2Stream, data: Uint8Array, endStream: boolean): number;
  trailers(stream: HTTP2Stream, fields: Exclude<HTTPFields, FieldBlock>): void;
  reset(stream: HTTP2Stream, errorCode: number): void;
  consume(stream: HTTP2Stream, bytes: number): void;
  sendable(stream: HTTP2Stream): number;
}

/**
 * Content is not buffered: {@link write} sends as much as both windows permit, and a `writable` event follows when it can send
 * more. After `reset`, `unprocessed` and the end of the connection all calls but `consume` throw HTTP2SequenceError.
 */
export class HTTP2Stream {
  readonly id: number;
  /** The method of the request. */
  readonly method: string;
  /** That of the request, or of the last PRIORITY_UPDATE. */
  priority: HTTP2Priority = DEFAULT_PRIORITY;
  /** For the application. */
  context: unknown = undefined;

  /** @internal The directions. */
  receiving: StreamPhase = 'head';
  /** @internal */
  sending: StreamPhase = 'head';
  /** @internal Whether it is the tunnel of a successful CONNECT, which has only content (RFC 9113 section 8.5). */
  isTunnel = false;
  /** @internal Whether it was removed without an end. */
  isReset = false;
  /** @internal */
  sendWindow: number;
  private readonly receiveWindowBytes: number;
  private window: ReceiveWindow | undefined = undefined;
  /** @internal Received content that the application has not consumed. */
  unconsumed = 0;
  /** @internal Content that is announced, or -1, and received. */
  expectedBytes = -1;
  receivedBytes = 0;
  /** @internal Content that is announced, or -1, and sent. */
  announcedBytes = -1;
  sentBytes = 0;
  /** @internal Informational responses. */
  informational = 0;
  /** @internal Content that was sent in this interval. */
  intervalBytes = 0;
  /** @internal Intervals in a row in which too little could be sent. */
  stalledIntervals = 0;
  private readonly commands: StreamCommands;

  /** @internal */
  constructor(
    id: number,
    method: string,
    commands: StreamCommands,
    sendWindow: number,
    receiveWindowBytes: number,
  ) {
    this.id = id;
    this.method = method;
    this.commands = commands;
    this.sendWindow = sendWindow;
    this.receiveWindowBytes = receiveWindowBytes;
  }

  /** @internal Made when it is needed: most requests have no content. */
  get receiveWindow(): ReceiveWindow {
    this.window ??= new ReceiveWindow(this.receiveWindowBytes);
    return this.window;
  }

  /** Whether both directions have ended, or the stream was reset. */
  get isClosed(): boolean {
    const hasSentEnd = this.sending === 'done' || this.sending === 'dropped';
    return this.isReset || (this.receiving === 'done' && hasSentEnd);
  }

  /** The bytes that {@link write} would send now: the smaller of the windows of stream and connection. */
  get sendableBytes(): number {
    return this.commands.sendable(this);
  }

  /**
   * Sends an informational response, such as 100 or 103.
   * @param status 100 or 102 to 199.
   * @throws HTTP2SequenceError, InvalidHTTPOutputError, InvalidArgumentValueError
   */
  sendInformational(status: number, fields: HTTP2OutputFields = []): void {
    this.commands.informational(this, status, fields);
  }

  /**
   * Sends the head of the response.
   * @param status 200 to 999.
   * @param endStream Whether no content follows. Responses to HEAD, and with 204 and 304, end here in any case.
   * @throws HTTP2SequenceError, InvalidHTTPOutputError, InvalidArgumentValueError
   */
  sendHead(status: number, fields: HTTP2OutputFields = [], endStream = false): void {
    this.commands.head(this, status, fields, endStream);
  }

  /**
   * Sends the head and the content of the response; adds Content-Length.
   * @param content Strings are sent in UTF-8.
   * @returns The bytes of the content that were sent: pass the rest to {@link write}, with `endStream`.
   * @throws HTTP2SequenceError, InvalidHTTPOutputError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  respond(status: number, fields: HTTP2OutputFields, content: HTTPContent): number {
    return this.commands.respond(this, status, fields, content);
  }

  /**
   * Sends content, of a request or a response.
   * @param data Not copied if it is long: do not write to it.
   * @param endStream Ends the stream if all of `data` is sent.
   * @returns The bytes that were sent. If these are fewer than `data` has, nothing is kept of the rest.
   * @throws HTTP2SequenceError, HTTPContentLengthError, InvalidArgumentTypeError
   */
  write(data: Uint8Array, endStream = false): number {
    return this.commands.write(this, data, endStream);
  }

  /**
   * Sends a trailer section, which ends the stream.
   * @throws HTTP2SequenceError, HTTPContentLengthError, InvalidHTTPOutputError
   */
  sendTrailers(fields: Exclude<HTTPFields, FieldBlock>): void {
    this.commands.trailers(this, fields);
  }

  /**
   * Ends the stream at once, in both directions. Unconsumed content is forgotten. No event follows; without effect if the stream is closed.
   * @param errorCode RFC 9113 section 7: 0 to 2^32 - 1. Default CANCEL.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  reset(errorCode: number = CANCEL): void {
    this.commands.reset(this, checkInteger('errorCode', errorCode, 0, 2 ** 32 - 1));
  }

  /**
   * The application has consumed received content, so that the peer may send more.
   * @throws InvalidArgumentValueError More than was received.
   */
  consume(bytes: number): void {
    this.commands.consume(this, bytes);
  }
}

/** The content of a response: how `write` and `end` reach the engine, and the events that follow. */
import { Buffer } from 'node:buffer';
import type { Exchange, ExchangeListener } from './exchange.js';
import { abortRequest, dumpRequest, type IncomingMessage } from './incoming-message.js';
import {
  alreadyFinished,
  bodyNotAllowed,
  type CodedError,
  destroyedStream,
  invalidArgument,
  lengthMismatch,
  nullChunk,
  writeAfterEnd,
} from './node-errors.js';
import {
  type Callback,
  encodedHead,
  kExchange,
  kRejectsContent,
  kWaiting,
  kWritten,
  needsDrain,
  type OpenResponse,
  setNeedsDrain,
} from './open-response.js';
import { learnFrom } from './reserved-names.js';
import { Socket } from './socket.js';

type Chunk = string | Uint8Array;

const CRLF = '\r\n';
const NOT_ASCII = /[\x80-\xff]/;

/** `write(chunk[, encoding][, callback])`. */
export function writeResponse(
  this: OpenResponse,
  chunk: Chunk,
  encoding?: BufferEncoding | Callback | null,
  callback?: Callback | null,
): boolean {
  const done = callbackOf(encoding, callback);
  checkChunk(chunk);
  if (this.finished || this.destroyed) return refuseWrite(this, done);
  const data = dataOf(chunk, encoding);
  const length = lengthOf(data);
  checkStrictLength(this, length, false);
  if (!this._header) this._implicitHeader();
  if (!this._hasBody) return dropContent(this, done);
  const exchange = this[kExchange];
  exchange.hold();
  passHead(this);
  if (length > 0) passContent(this, data, length);
  if (this.socket !== null) Socket.touch(this.socket);
  if (!exchange.isFull) {
    if (done !== undefined) process.nextTick(done);
    return true;
  }
  if (done !== undefined) {
    this[kWaiting] ??= [];
    this[kWaiting].push(done);
  }
  setNeedsDrain(this, true);
  return false;
}

/** `end([chunk][, encoding][, callback])`. */
export function endResponse(
  this: OpenResponse,
  chunk?: Chunk | Callback | null,
  encoding?: BufferEncoding | Callback | null,
  callback?: Callback | null,
): OpenResponse {
  const isCallback = typeof chunk === 'function';
  const done = isCallback ? chunk : callbackOf(encoding, callback);
  const last = isCallback || !chunk ? undefined : chunk;
  if (this.finished) return endAgain(this, last, done);
  if (last !== undefined) checkChunk(last);
  const data = last === undefined ? '' : dataOf(last, encoding);
  const length = lengthOf(data);
  checkStrictLength(this, length, true);
  if (this.destroyed) {
    this.finished = true;
    return this;
  }
  if (!this._header) {
    this._contentLength = length;
    this._implicitHeader();
  }
  if (last !== undefined && !this._hasBody && this[kRejectsContent]) throw bodyNotAllowed();
  if (done !== undefined) this.once('finish', done);
  passLast(this, data, length);
  if (this.socket !== null) Socket.touch(this.socket);
  complete(this);
  return this;
}

/** Sends the head, if that was not done. */
export function passHead(response: OpenResponse): void {
  if (response._headerSent || response._header === null) return;
  response._headerSent = true;
  response[kExchange].begin(encodedHead(response), response.statusCode);
}

/** Node's methods for informational responses call it with their bytes. */
export function passRaw(
  this: OpenResponse,
  data: Chunk,
  encoding?: BufferEncoding | Callback | null,
  callback?: Callback | null,
): boolean {
  const done = callbackOf(encoding, callback);
  if (this.destroyed || this.finished) return false;
  const exchange = this[kExchange];
  // Clients of HTTP/1.0 receive no informational responses (RFC 9110 section 15.2).
  if (this._header !== null || this.req.httpVersionMinor === 1) {
    exchange.pass(dataOf(data, encoding), 0);
  }
  if (done !== undefined) process.nextTick(done);
  return !exchange.isFull;
}

/** Programs pass null, or anything, in place of a callback. */
function callbackOf(encoding: unknown, callback: unknown): Callback | undefined {
  if (typeof encoding === 'function') return encoding as Callback;
  return typeof callback === 'function' ? (callback as Callback) : undefined;
}

function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  if (chunk === null) throw nullChunk();
  throw invalidArgument('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk);
}

function dataOf(chunk: Chunk, encoding: BufferEncoding | Callback | null | undefined): Chunk {
  if (typeof chunk !== 'string' || typeof encoding !== 'string') return chunk;
  if (encoding === 'utf8' || encoding === 'utf-8') return chunk;
  return Buffer.from(chunk, encoding);
}

function lengthOf(data: Chunk): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}

/** With `strictContentLength`, a piece that does not fit the announced length is an error of the call. */
function checkStrictLength(response: OpenResponse, length: number, isLast: boolean): void {
  if (!response.strictContentLength || !response._hasBody) return;
  const total = response[kWritten] + length;
  const announced = announcedLength(response);
  if (announced === undefined) return;
  if (isLast ? total !== announced : total > announced) throw lengthMismatch(total, announced);
}

/** The value of Content-Length, set or sent; undefined if the content is framed otherwise. */
function announcedLength(response: OpenResponse): number | undefined {
  if (response.chunkedEncoding || response._removedContLen) return undefined;
  const length = response._header === null ? response.getHeader('content-length') : undefined;
  const value = length === undefined ? response._contentLength : Number(length);
  return value ?? undefined;
}

function refuseWrite(response: OpenResponse, done: Callback | undefined): false {
  const error = response.finished ? writeAfterEnd() : destroyedStream();
  process.nextTick(failWrite, response, error, done);
  return false;
}

function failWrite(response: OpenResponse, error: CodedError, done: Callback | undefined): void {
  done?.(error);
  if (!response.destroyed) response.emit('error', error);
}

function dropContent(response: OpenResponse, done: Callback | undefined): true {
  if (response[kRejectsContent]) throw bodyNotAllowed();
  if (done !== undefined) process.nextTick(done);
  return true;
}

function endAgain(
  response: OpenResponse,
  last: Chunk | undefined,
  done: Callback | undefined,
): OpenResponse {
  if (last !== undefined) refuseWrite(response, done);
  else if (done !== undefined) {
    if (response.writableFinished) done(alreadyFinished());
    else response.on('finish', done);
  }
  return response;
}

/** A piece of content behind the head. */
function passContent(response: OpenResponse, data: Chunk, length: number): void {
  const exchange = response[kExchange];
  if (!response.chunkedEncoding) {
    const fitting = fittingPart(response, data, length);
    exchange.pass(fitting, fitting.length);
  } else if (typeof data === 'string') {
    exchange.pass(`${length.toString(16)}\r\n${data}\r\n`, length);
  } else {
    exchange.pass(`${length.toString(16)}\r\n`, 0);
    exchange.pass(data, length);
    exchange.pass(CRLF, 0);
  }
}

/**
 * Bytes beyond the announced length would be taken for the next response: they are not sent, and the connection ends with this response.
 */
function fittingPart(response: OpenResponse, data: Chunk, length: number): Chunk {
  const announced = announcedLength(response);
  const before = response[kWritten];
  response[kWritten] = before + length;
  if (announced === undefined || before + length <= announced) return data;
  response._last = true;
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return bytes.subarray(0, Math.max(0, announced - before));
}

/** The last piece, and the end of the content, with the head in one write if that was not sent. */
function passLast(response: OpenResponse, data: Chunk, length: number): void {
  const exchange = response[kExchange];
  const { _hasBody, _headerSent, chunkedEncoding } = response;
  if (_hasBody && !chunkedEncoding && !_headerSent && length === response._contentLength) {
    passWhole(response, data, length);
    return;
  }
  passHead(response);
  if (!_hasBody) return;
  if (length > 0) passContent(response, data, length);
  if (chunkedEncoding) {
    const { _trailer } = response;
    const end = `0\r\n${_trailer}\r\n`;
    exchange.pass(NOT_ASCII.test(_trailer) ? Buffer.from(end, 'latin1') : end, 0);
    return;
  }
  const announced = announcedLength(response);
  // Fewer bytes than announced: the end of the connection shows that the content is incomplete.
  if (announced !== undefined && response[kWritten] < announced) response._last = true;
}

function passWhole(response: OpenResponse, data: Chunk, length: number): void {
  const exchange = response[kExchange];
  response._headerSent = true;
  response[kWritten] = length;
  const head = encodedHead(response);
  if (typeof data === 'string' && typeof head === 'string') {
    exchange.begin(head + data, response.statusCode);
    exchange.pass('', length);
    return;
  }
  exchange.begin(head, response.statusCode);
  if (length > 0) exchange.pass(data, length);
}

function complete(response: OpenResponse): void {
  response.finished = true;
  const exchange = response[kExchange];
  if (response._eventsCount > 0) response.emit('prefinish');
  if (!exchange.isFull && !exchange.isCut) process.nextTick(finish, response);
  // The next request may begin now.
  exchange.complete(response.statusCode, response._last);
}

/** Everything was given to the system, or will be at the end of the turn. */
function finish(response: OpenResponse): void {
  if (response._closed) return;
  const { req, socket } = response;
  if (socket !== null) {
    if (socket._httpMessage === response) socket._httpMessage = null;
    response.socket = null;
  }
  learnFrom(req);
  response[kExchange].server?.responseFinished(req, response);
  if (response._eventsCount > 0) {
    // As in Node: programs that replace `emit` to delay `finish` delay `close` too.
    response.prependOnceListener('finish', finished);
    response.emit('finish');
  } else {
    dumpRequest(req);
    response.destroyed = true;
    response._closed = true;
  }
}

function finished(this: OpenResponse): void {
  dumpRequest(this.req);
  process.nextTick(close, this);
}

function close(response: OpenResponse): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit('close');
}

/** What becomes of a response on its connection. */
export const RESPONSE_EVENTS: ExchangeListener = {
  drained({ response }: Exchange): void {
    if (response === undefined) return;
    const open = response as OpenResponse;
    takeWaiting(open, null);
    if (open.finished) {
      open[kExchange].awaitsDrain = false;
      process.nextTick(finish, open);
    } else if (needsDrain(open)) {
      setNeedsDrain(open, false);
      open.emit('drain');
    }
  },

  lost({ response }: Exchange, reason: unknown, wasComplete: boolean): void {
    if (response === undefined) return;
    const open = response as OpenResponse;
    if (wasComplete && !open[kExchange].awaitsDrain) return;
    abortRequest(open.req as IncomingMessage, reason);
    takeWaiting(open, destroyedStream());
    process.nextTick(close, open);
    open.destroyed = true;
  },

  /** As `node:http` without `httpAllowHalfOpen`: the client has gone. */
  inputEnded({ response }: Exchange): void {
    if (response === undefined) return;
    const { req } = response as OpenResponse;
    abortRequest(req, undefined);
  },
};

function takeWaiting(response: OpenResponse, error: Error | null): void {
  const waiting = response[kWaiting];
  if (waiting === undefined) return;
  response[kWaiting] = undefined;
  for (const done of waiting) {
    if (error === null) done();
    else done(error);
  }
}

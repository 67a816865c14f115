/**
 * The part of HTTP/1.1 parsing that is the same in both roles (RFC 9112): the received bytes, content and trailers.
 *
 *     begin --> head --> length | chunk size <-> chunk data, chunk end | until close --> end --> begin | done | tunnel
 *                                    '--> trailers -----------------------------------------^
 *
 * Nothing here depends on how the bytes were cut: a fault is found at the same octet, whatever arrived with it.
 */
import { Buffer } from 'node:buffer';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { withoutStack } from '../../core/errors/base.js';
import { HEAP_BYTES, ownBytes } from '../../internal/lent-bytes.js';
import { ChunkLineScanner } from './chunk-line-scanner.js';
import {
  type HTTPRole,
  HTTPSequenceError,
  IncompleteHTTPMessageError,
  invalidMessage,
  limitExceeded,
} from './errors.js';
import { FieldScanner, MORE } from './field-scanner.js';
import { FieldSection } from './field-section.js';
import type { MessageHead } from './heads.js';
import { checkMaxContentBytes, type MessageLimits } from './limits.js';
import { CR, LF } from './octets.js';

/**
 * `head`: `parser.head` is the next message. `informational`: `parser.head` is a response with 100 to 199 that precedes the
 * final one (client only). `data`: `parser.data` is the next piece of the content. `end`: the message is complete, and
 * `parser.trailers` has its trailer section, if any.
 */
export type MessageEvent = 'head' | 'informational' | 'data' | 'end';

const EMPTY: Buffer = Buffer.alloc(0);

/** States. */
const BEGIN = 0;
const HEAD = 1;
const LENGTH = 2;
const CHUNK_SIZE = 3;
const CHUNK_DATA = 4;
const CHUNK_END = 5;
const TRAILERS = 6;
const UNTIL_CLOSE = 7;
const END = 8;
/** No further message: received bytes are dropped. */
const DONE = 9;
/** No further message: received bytes belong to another protocol. */
const TUNNEL = 10;

/** The kind of bytes behind a message. */
export type Afterwards = 'message' | 'nothing' | 'tunnel';

/**
 * Call {@link receive} with each chunk, then {@link next} until it returns `undefined`. Stop earlier to pause: call
 * {@link keepRest} if the chunk was lent. After an error `receive` and `next` throw the same error again.
 */
export abstract class MessageParser<Head extends MessageHead> {
  /** The piece of content of the last `data` event: a view, valid until the next call of a method. */
  data: Buffer = EMPTY;
  /** The trailer section of the message, from its `end` event on. Its fields are never merged with those of the head. */
  trailers: FieldSection | undefined = undefined;

  protected readonly role: HTTPRole;
  protected readonly limits: MessageLimits;
  protected readonly scanner: FieldScanner;
  /** The received bytes: those from `at` to `end` are not parsed yet, and `at` is the beginning of an unfinished head. */
  protected bytes: Buffer = EMPTY;
  protected at = 0;
  protected end = 0;
  private isOwned = false;
  private state = BEGIN;
  private current: Head | undefined = undefined;
  private afterwards: Afterwards = 'message';
  /** Bytes of the content, or of the chunk, that have not arrived. */
  private remaining = 0;
  private contentBytes = 0;
  private contentLimit: number;
  private chunkLine: ChunkLineScanner | undefined = undefined;
  private trailerScanner: FieldScanner | undefined = undefined;
  private inputEnded = false;
  private failure: unknown = undefined;

  protected constructor(role: HTTPRole, limits: MessageLimits) {
    this.role = role;
    this.limits = limits;
    this.contentLimit = limits.maxContentBytes;
    this.scanner = new FieldScanner(role, limits.maxFields, false);
  }

  /**
   * The head of the current message. It reads received bytes: call its `keep` to use it after `next` has returned `undefined`.
   * @throws HTTPSequenceError there was no `head` event yet.
   */
  get head(): Head {
    if (this.current === undefined) throw new HTTPSequenceError('no HTTP head has been received');
    return this.current;
  }

  /** The limit of the current message's content in bytes. Change it between `head` and the first `data`. */
  get maxContentBytes(): number {
    return this.contentLimit;
  }

  set maxContentBytes(value: number) {
    this.contentLimit = checkMaxContentBytes(value);
  }

  /** The number of bytes received and not yet parsed. It grows while `next` is not called: pause the transport. */
  get bufferedBytes(): number {
    return this.end - this.at;
  }

  /** Whether a message has begun and is not complete, or bytes of one have arrived. */
  get isInMessage(): boolean {
    if (this.state === BEGIN) return this.at !== this.end;
    return this.state !== DONE && this.state !== TUNNEL;
  }

  /** Whether no further message follows on this connection: the last one ended it, or it continues with another protocol. */
  get isDone(): boolean {
    return this.state === DONE || this.state === TUNNEL;
  }

  /**
   * Adds received bytes, of which the parser keeps views until {@link keepRest} is called or {@link next} returns `undefined`.
   * Bytes behind the last message of the connection are dropped.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws RemoteProtocolError the error that `next` threw before.
   */
  receive(chunk: Buffer): void {
    if (this.failure !== undefined) throw this.failure;
    if (!Buffer.isBuffer(chunk)) throw new InvalidArgumentTypeError('chunk', 'a Buffer', chunk);
    if (this.inputEnded) throw new HTTPSequenceError('bytes were received after endOfInput');
    if (this.state === DONE || chunk.length === 0) return;
    if (this.at === this.end) this.replace(chunk, false);
    else this.append(chunk);
  }

  /** The peer has closed its direction of the connection. Call {@link next} afterwards: content may end here. */
  endOfInput(): void {
    this.inputEnded = true;
  }

  /**
   * The next event, or `undefined` if more bytes are needed.
   * @throws InvalidHTTPMessageError, HTTPLimitError, IncompleteHTTPMessageError all events before the fault have been returned.
   */
  next(): MessageEvent | undefined {
    if (this.failure !== undefined) throw this.failure;
    try {
      const event = this.read();
      if (event !== undefined) return event;
      if (this.inputEnded && this.endsHere()) return 'end';
    } catch (failure) {
      this.failure = failure;
      throw failure;
    }
    this.keepRest();
    return undefined;
  }

  /**
   * Copies the unparsed bytes, so that the received chunk may be overwritten. Ends the validity of `data`, and of `head` and
   * `trailers` unless they were kept.
   */
  keepRest(): void {
    this.current?.release();
    this.trailers?.release();
    this.data = EMPTY;
    if (this.at === this.end) this.replace(EMPTY, false);
    else if (!this.isOwned) this.own(0);
  }

  /** Removes and returns the unparsed bytes, for another protocol. A view. Afterwards there are no further events. */
  takeRest(): Buffer {
    const rest = this.bytes.subarray(this.at, this.end);
    this.replace(EMPTY, false);
    this.state = DONE;
    return rest;
  }

  /** Forgets the message and all bytes. As {@link keepRest}, it ends the validity of views. */
  protected forget(): void {
    this.releaseHead();
    this.current = undefined;
    this.data = EMPTY;
    this.replace(EMPTY, false);
    this.state = BEGIN;
    this.inputEnded = false;
    this.failure = undefined;
  }

  /** Called with at least one byte of a message. @returns Whether the head may begin here. */
  protected abstract beginHead(): boolean;

  /** Continues the head at `at`. @returns Its event if it is complete. */
  protected abstract readHead(): MessageEvent | undefined;

  /** The end of the available bytes that may belong to the head. */
  protected get headStop(): number {
    return Math.min(this.end, this.at + this.limits.maxHeadBytes);
  }

  /** Continues the field lines of the head. @returns The length of the head, or {@link MORE}. */
  protected readFields(): number {
    const stop = this.headStop;
    const length = this.scanner.scan(this.bytes, this.at, stop);
    if (length === MORE) this.checkHeadLimit(stop);
    return length;
  }

  /** The head needs more bytes than those up to `stop`. */
  protected checkHeadLimit(stop: number): void {
    const { maxHeadBytes } = this.limits;
    if (stop - this.at === maxHeadBytes) {
      throw limitExceeded(this.role, 'maxHeadBytes', maxHeadBytes);
    }
  }

  /**
   * The head is complete. Checks Transfer-Encoding and Content-Length (RFC 9112 sections 6.1 and 6.3).
   * @param minorVersion 0 or 1.
   */
  protected checkFraming(minorVersion: number): void {
    const { scanner, role } = this;
    if (scanner.transferEncodings === 0) return;
    if (scanner.contentLength !== -1) {
      throw invalidMessage(role, 'content-length-with-transfer-encoding');
    }
    if (minorVersion === 0) throw invalidMessage(role, 'transfer-encoding-forbidden');
    if (scanner.chunkedCodings !== 1 || !scanner.chunkedIsLast) {
      throw invalidMessage(role, 'transfer-encoding');
    }
    if (scanner.otherCodings > 0) throw invalidMessage(role, 'transfer-coding');
  }

  /** A new head replaces the previous one. Called before the scanner's offsets are overwritten. */
  protected releaseHead(): void {
    this.current?.release();
    this.trailers?.release();
    this.trailers = undefined;
  }

  /** @param length The length of the head. */
  protected finishHead(head: Head, length: number): void {
    this.current = head;
    this.at += length;
    this.contentBytes = 0;
    this.chunkLine?.begin();
    this.contentLimit = this.limits.maxContentBytes;
    this.state = BEGIN;
  }

  /** @param content The length of the content in bytes, or how it ends. */
  protected beginContent(content: number | 'chunked' | 'close', afterwards: Afterwards): void {
    this.afterwards = afterwards;
    if (content === 0) this.state = END;
    else if (content === 'chunked') this.state = CHUNK_SIZE;
    else if (content === 'close') this.state = UNTIL_CLOSE;
    else {
      this.remaining = content;
      this.state = LENGTH;
    }
  }

  private read(): MessageEvent | undefined {
    for (;;) {
      if (this.state === END) return this.finishMessage();
      // Content that is announced as too long is refused before it arrives.
      if (this.state === LENGTH) this.checkContentLimit(this.remaining);
      if (this.at === this.end) return undefined;
      switch (this.state) {
        case BEGIN:
          if (!this.beginHead()) return undefined;
          this.releaseHead();
          this.state = HEAD;
          break;
        case HEAD:
          return this.readHead();
        case LENGTH:
          return this.readData(END);
        case CHUNK_SIZE:
          if (!this.readChunkSize()) return undefined;
          break;
        case CHUNK_DATA:
          return this.readData(CHUNK_END);
        case CHUNK_END:
          if (!this.readChunkEnd()) return undefined;
          break;
        case TRAILERS:
          if (!this.readTrailers()) return undefined;
          break;
        case UNTIL_CLOSE:
          this.remaining = this.end - this.at;
          this.checkContentLimit(this.remaining);
          return this.readData(UNTIL_CLOSE);
        case DONE:
          this.replace(EMPTY, false);
          return undefined;
        default:
          return undefined;
      }
    }
  }

  private checkContentLimit(more: number): void {
    if (this.contentBytes + more > this.contentLimit) {
      throw limitExceeded(this.role, 'maxContentBytes', this.contentLimit);
    }
  }

  /** Takes a piece of `remaining` bytes, or what has arrived of them. */
  private readData(next: number): MessageEvent {
    const { bytes, at } = this;
    const to = Math.min(this.end, at + this.remaining);
    this.data = at === 0 && to === bytes.length ? bytes : bytes.subarray(at, to);
    this.at = to;
    this.remaining -= to - at;
    this.contentBytes += to - at;
    if (this.remaining === 0) this.state = next;
    return 'data';
  }

  private readChunkSize(): boolean {
    this.chunkLine ??= new ChunkLineScanner(this.role, this.limits.maxChunkExtensionBytes);
    const { chunkLine } = this;
    const length = chunkLine.scan(this.bytes, this.at, this.end);
    if (length === MORE) return false;
    const { size } = chunkLine;
    this.at += length;
    this.checkContentLimit(size);
    this.remaining = size;
    this.state = size === 0 ? TRAILERS : CHUNK_DATA;
    if (size === 0) this.trailerScanner?.begin(0);
    return true;
  }

  private readChunkEnd(): boolean {
    const { bytes, at, end } = this;
    if (bytes[at] !== CR || (at + 1 < end && bytes[at + 1] !== LF)) {
      throw invalidMessage(this.role, 'chunk-end');
    }
    if (at + 1 === end) return false;
    this.at = at + 2;
    this.state = CHUNK_SIZE;
    return true;
  }

  private readTrailers(): boolean {
    const { bytes, at, end, role, limits } = this;
    if (this.trailerScanner === undefined) {
      this.trailerScanner = new FieldScanner(role, limits.maxFields, true);
      this.trailerScanner.begin(0);
    }
    const scanner = this.trailerScanner;
    const stop = Math.min(end, at + limits.maxTrailerBytes);
    const length = scanner.scan(bytes, at, stop);
    if (length === MORE) {
      if (stop - at === limits.maxTrailerBytes) {
        throw limitExceeded(role, 'maxTrailerBytes', limits.maxTrailerBytes);
      }
      return false;
    }
    if (scanner.count > 0) this.trailers = new FieldSection(bytes, at, length, scanner);
    this.at = at + length;
    this.state = END;
    return true;
  }

  private finishMessage(): MessageEvent {
    const { afterwards } = this;
    if (afterwards === 'message') this.state = BEGIN;
    else this.state = afterwards === 'tunnel' ? TUNNEL : DONE;
    return 'end';
  }

  /** The input has ended and contains no further event. @returns Whether that completes the message. */
  private endsHere(): boolean {
    if (this.state === UNTIL_CLOSE) {
      this.finishMessage();
      return true;
    }
    if (!this.isInMessage) return false;
    throw withoutStack(() => new IncompleteHTTPMessageError(this.role));
  }

  private replace(bytes: Buffer, isOwned: boolean): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.isOwned = isOwned;
  }

  /** Bytes are appended behind the previous ones, never over them: `head` and `data` may be views of those. */
  private append(chunk: Buffer): void {
    if (!this.isOwned || this.end + chunk.length > this.bytes.length) this.own(chunk.length);
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** Moves the unparsed bytes into memory of the parser, with room for `more`. */
  private own(more: number): void {
    const length = this.end - this.at;
    const needed = length + more;
    const owned = ownBytes(needed <= HEAP_BYTES ? HEAP_BYTES : 2 * needed);
    this.bytes.copy(owned, 0, this.at, this.end);
    this.replace(owned, true);
    this.end = length;
  }
}

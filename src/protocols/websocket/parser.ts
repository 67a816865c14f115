/**
 * Splits the bytes of an open WebSocket connection into messages and control frames (RFC 6455 section 5). A frame:
 *
 *     0   1   FIN 80, RSV1 40 (a compressed message, RFC 7692), RSV2 20, RSV3 10; opcode in the low four bits
 *     1   1   MASK 80; length 0 to 125, 126: 2 bytes follow, 127: 8 bytes follow
 *     2  0-8  extended length, most significant byte first, in the shortest form
 *         4   masking key, from clients only
 *             payload
 *
 * Payload is unmasked and checked as it arrives and copied only if its message arrives in pieces: a chunk is never kept. An idle
 * connection holds no buffer.
 */
import { isUtf8 } from 'node:buffer';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { withoutStack } from '../../core/errors/base.js';
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { givenCopy } from '../../internal/lent-bytes.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import {
  type WebSocketError,
  WebSocketFloodError,
  WebSocketFrameError,
  WebSocketMessageTooLongError,
  WebSocketTextError,
} from './errors.js';
import type {
  MessageDecompressor,
  WebSocketEvent,
  WebSocketLimits,
  WebSocketRole,
} from './events.js';
import { maskShort, maskToScratch, rotateKey, SCRATCH_BYTES, scratch } from './masking.js';
import { MessageBuffer } from './message-buffer.js';
import {
  CLOSE,
  CONTINUATION,
  FIN,
  isCloseCode,
  MASK,
  MAX_CONTROL_BYTES,
  MAX_HEADER_BYTES,
  PING,
  PONG,
  RSV1,
  TEXT,
} from './opcodes.js';

export interface MessageParserOptions extends WebSocketLimits {
  /** The role of this end: a server accepts only masked frames, a client only unmasked ones. */
  readonly role: WebSocketRole;
  /**
   * Lends the bytes of binary messages: they are valid until the next call of any parser of this thread. Default false: each
   * message has memory of its own.
   */
  readonly lendsBinary?: boolean;
  /** Makes compressed messages acceptable. Default: none are. */
  readonly decompressor?: MessageDecompressor;
}

const MAX_LIMIT = 2 ** 31 - 1;

const OPTIONS: OptionNames<MessageParserOptions> = {
  role: true,
  maxMessageBytes: true,
  maxFragments: true,
  maxControlFrames: true,
  lendsBinary: true,
  decompressor: true,
};

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Call {@link receive} with each chunk, then {@link next} until it returns `undefined`; to pause, stop calling `next` and call
 * {@link keepRest}. After an error `receive` and `next` throw the same error again. Bytes behind a close frame are dropped.
 */
export class MessageParser {
  readonly #masked: boolean;
  readonly #maxMessageBytes: number;
  readonly #maxFragments: number;
  readonly #maxControlFrames: number;
  readonly #lendsBinary: boolean;
  readonly #decompressor: MessageDecompressor | undefined;
  #failure: WebSocketError | undefined = undefined;
  #ended = false;

  #chunk: Buffer = EMPTY;
  #at = 0;
  /** The beginning of a header that arrived in pieces. */
  #header: Uint8Array | undefined = undefined;
  #headerBytes = 0;

  /** The frame whose payload is being read, if `#reading`. */
  #reading = false;
  #opcode = 0;
  #fin = false;
  #left = 0;
  /** The masking key for the next byte; 0 for unmasked frames. */
  #key = 0;

  /** The opcode of the unfinished message, 0 if there is none. */
  #message = 0;
  #compressed = false;
  #fragments = 0;
  #messageBytes = 0;
  #controlFrames = 0;
  /** The payload that is kept, once a message arrives in pieces. */
  #kept: MessageBuffer | undefined = undefined;
  #control: Buffer = EMPTY;

  /** After `text`: the message. */
  text = '';
  /** After `binary`: the message. After `ping` and `pong`: the payload, with memory of its own. */
  bytes: Buffer = EMPTY;
  /** After `close`: the code, 1005 if the frame has none. */
  closeCode = 0;
  /** After `close`: the reason, '' if there is none. */
  closeReason = '';

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: MessageParserOptions) {
    checkOptions('MessageParser', options, OPTIONS);
    const {
      role,
      maxMessageBytes = 1_048_576,
      maxFragments = 16_384,
      maxControlFrames = 1_000,
      lendsBinary = false,
      decompressor,
    } = options;
    this.#masked = checkChoice('role', role, ['client', 'server']) === 'server';
    this.#maxMessageBytes = checkInteger('maxMessageBytes', maxMessageBytes, 0, MAX_LIMIT);
    this.#maxFragments = checkInteger('maxFragments', maxFragments, 1, MAX_LIMIT);
    this.#maxControlFrames = checkInteger('maxControlFrames', maxControlFrames, 1, MAX_LIMIT);
    this.#lendsBinary = checkBoolean('lendsBinary', lendsBinary);
    this.#decompressor = decompressor;
  }

  /** The bytes in memory: received and not read, and of unfinished frames and messages. */
  get bufferedBytes(): number {
    const control = this.#reading && this.#opcode >= CLOSE ? this.#control.length : 0;
    const rest = this.#chunk.length - this.#at;
    return rest + this.#headerBytes + control + (this.#kept?.length ?? 0);
  }

  /**
   * Adds received bytes, of which the parser keeps a view until `next` has returned `undefined` or `keepRest` is called.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws WebSocketError the error that `next` threw before.
   */
  receive(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!Buffer.isBuffer(chunk)) throw new InvalidArgumentTypeError('chunk', 'a Buffer', chunk);
    if (this.#ended) return;
    if (this.#at === this.#chunk.length) this.#chunk = chunk;
    else this.#chunk = Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Copies bytes that `next` has not read out of the received chunk. */
  keepRest(): void {
    const { length } = this.#chunk;
    if (this.#at < length) this.#chunk = givenCopy(this.#chunk, this.#at, length - this.#at);
    else this.#chunk = EMPTY;
    this.#at = 0;
  }

  /** Restarts the count of control frames that `maxControlFrames` limits. Call it regularly. */
  resetControlFrames(): void {
    this.#controlFrames = 0;
  }

  /**
   * The next message or control frame, or `undefined` if more bytes are needed.
   * @throws WebSocketError the peer violated the protocol or exceeded a limit.
   */
  next(): WebSocketEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#advance();
    } catch (error) {
      this.#failure = error as WebSocketError;
      this.#release();
      throw error;
    }
  }

  #advance(): WebSocketEvent | undefined {
    while (!this.#ended) {
      if (!this.#reading && !this.#readHeader()) break;
      const event = this.#opcode >= CLOSE ? this.#readControl() : this.#readData();
      if (event !== undefined) return event;
      if (this.#reading) break;
    }
    this.#chunk = EMPTY;
    this.#at = 0;
    return undefined;
  }

  #readHeader(): boolean {
    const available = this.#chunk.length - this.#at;
    if (this.#headerBytes > 0 || available < 2) return this.#collectHeader();
    const size = headerSize(this.#chunk[this.#at + 1] as number);
    if (available < size) return this.#collectHeader();
    this.#checkStart(this.#chunk[this.#at] as number, this.#chunk[this.#at + 1] as number);
    this.#beginFrame(this.#chunk, this.#at);
    this.#at += size;
    return true;
  }

  /** For a header that is cut in two. */
  #collectHeader(): boolean {
    this.#header ??= new Uint8Array(MAX_HEADER_BYTES);
    const header = this.#header;
    while (this.#at < this.#chunk.length) {
      header[this.#headerBytes++] = this.#chunk[this.#at++] as number;
      if (this.#headerBytes < 2) continue;
      if (this.#headerBytes === 2) this.#checkStart(header[0] as number, header[1] as number);
      if (this.#headerBytes < headerSize(header[1] as number)) continue;
      this.#beginFrame(header, 0);
      this.#header = undefined;
      this.#headerBytes = 0;
      return true;
    }
    return false;
  }

  /** Checks the first two bytes of a frame. */
  #checkStart(first: number, second: number): void {
    const opcode = first & 0x0f;
    if (((second & MASK) !== 0) !== this.#masked) {
      throw invalid(this.#masked ? 'a client must mask it' : 'a server must not mask it');
    }
    if ((first & 0x30) !== 0) throw invalid('RSV2 or RSV3 is set');
    if ((first & RSV1) !== 0) {
      if (this.#decompressor === undefined) throw invalid('RSV1 is set without an extension');
      if (opcode === CONTINUATION || opcode >= CLOSE) {
        throw invalid('RSV1 is set in a frame that does not begin a message');
      }
    }
    if (opcode >= CLOSE) {
      if (opcode > PONG) throw invalid(`reserved opcode ${opcode}`);
      if ((first & FIN) === 0) throw invalid('a control frame is fragmented');
      const length = second & 0x7f;
      if (length > MAX_CONTROL_BYTES) throw invalid('a control frame of more than 125 bytes');
      if (opcode === CLOSE && length === 1) throw invalid('a close frame with half a code');
    } else if (opcode === CONTINUATION) {
      if (this.#message === 0) throw invalid('a continuation of no message');
    } else {
      if (opcode > 2) throw invalid(`reserved opcode ${opcode}`);
      if (this.#message !== 0) throw invalid('a new message before the end of another one');
    }
  }

  /** @param header The whole header, at `at`, with valid first bytes. */
  #beginFrame(header: Uint8Array, at: number): void {
    const first = header[at] as number;
    const second = header[at + 1] as number;
    let length = second & 0x7f;
    let end = at + 2;
    if (length > MAX_CONTROL_BYTES) {
      const size = length === 126 ? 2 : 8;
      length = readLength(header, end, size);
      end += size;
    }
    this.#opcode = first & 0x0f;
    this.#fin = (first & FIN) !== 0;
    if (this.#opcode >= CLOSE) this.#beginControl(length);
    else this.#beginData(first, length);
    this.#left = length;
    this.#key = 0;
    if (this.#masked) {
      this.#key =
        (header[end] as number) |
        ((header[end + 1] as number) << 8) |
        ((header[end + 2] as number) << 16) |
        ((header[end + 3] as number) << 24);
    }
    this.#reading = true;
  }

  #beginControl(length: number): void {
    this.#controlFrames += 1;
    if (this.#controlFrames > this.#maxControlFrames) {
      throw flood('maxControlFrames', this.#maxControlFrames);
    }
    this.#control = length === 0 ? EMPTY : Buffer.allocUnsafeSlow(length);
  }

  #beginData(first: number, length: number): void {
    if (this.#opcode !== CONTINUATION) {
      this.#message = this.#opcode;
      this.#compressed = (first & RSV1) !== 0;
      this.#fragments = 0;
      this.#messageBytes = 0;
    }
    this.#fragments += 1;
    if (this.#fragments > this.#maxFragments) throw flood('maxFragments', this.#maxFragments);
    this.#messageBytes += length;
    if (this.#messageBytes > this.#maxMessageBytes) throw tooLong(this.#maxMessageBytes);
  }

  #readControl(): WebSocketEvent | undefined {
    const control = this.#control;
    const size = Math.min(this.#left, this.#chunk.length - this.#at);
    maskShort(this.#chunk, this.#at, size, this.#key, control, control.length - this.#left);
    this.#consume(size);
    if (this.#left > 0) return undefined;
    this.#reading = false;
    this.#control = EMPTY;
    if (this.#opcode === CLOSE) return this.#readClose(control);
    this.bytes = control;
    return this.#opcode === PING ? 'ping' : 'pong';
  }

  #readClose(payload: Buffer): WebSocketEvent {
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    if (payload.length > 0 && !isCloseCode(code)) throw invalid(`a close frame with code ${code}`);
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) throw withoutStack(() => new WebSocketTextError('close reason'));
    this.closeCode = code;
    this.closeReason = reason.toString();
    this.#ended = true;
    this.#release();
    return 'close';
  }

  #readData(): WebSocketEvent | undefined {
    const available = this.#chunk.length - this.#at;
    const size = this.#left;
    const whole = this.#fin && size <= available && size <= SCRATCH_BYTES;
    if (!whole || this.#messageBytes !== size) return this.#readPiece(Math.min(size, available));
    const at = this.#at;
    this.#at += size;
    this.#left = 0;
    if (!this.#masked) return this.#finish(this.#chunk, at, at + size, false);
    const ascii = maskToScratch(this.#chunk, at, size, this.#key);
    return this.#finish(scratch, 0, size, ascii);
  }

  /** Reads payload of a message that does not arrive at once. */
  #readPiece(available: number): WebSocketEvent | undefined {
    this.#kept ??= new MessageBuffer(
      this.#message === TEXT && !this.#compressed,
      this.#maxMessageBytes,
    );
    const kept = this.#kept;
    let rest = available;
    while (rest > 0) {
      const size = Math.min(rest, SCRATCH_BYTES);
      const wanted = this.#fin ? this.#left : 0;
      let valid: boolean;
      if (this.#masked) {
        const ascii = maskToScratch(this.#chunk, this.#at, size, this.#key);
        valid = kept.append(scratch, 0, size, wanted, ascii);
      } else {
        valid = kept.append(this.#chunk, this.#at, this.#at + size, wanted, false);
      }
      if (!valid) throw notText();
      this.#consume(size);
      rest -= size;
    }
    if (this.#left > 0) return undefined;
    if (!this.#fin) {
      this.#reading = false;
      return undefined;
    }
    this.#kept = undefined;
    if (!kept.complete) throw notText();
    const { bytes } = kept;
    if (this.#message === TEXT || this.#compressed || this.#lendsBinary) {
      return this.#finish(bytes, 0, bytes.length, kept.ascii, true);
    }
    this.#endMessage();
    this.bytes = kept.given();
    return 'binary';
  }

  /** Ends a message whose payload is `source` from `from` up to `to`. @param valid Whether it has been checked. */
  #finish(source: Buffer, from: number, to: number, ascii: boolean, valid = false): WebSocketEvent {
    const isText = this.#message === TEXT;
    const compressed = this.#compressed;
    this.#endMessage();
    if (compressed) {
      // `RSV1` is refused without a decompressor.
      const decompressor = this.#decompressor as MessageDecompressor;
      const content = decompressor.decompress(source.subarray(from, to), this.#maxMessageBytes);
      if (isText) return this.#endText(content, 0, content.length, false, false);
      this.bytes = content;
      return 'binary';
    }
    if (isText) return this.#endText(source, from, to, ascii, valid);
    this.bytes = this.#lendsBinary ? source.subarray(from, to) : givenCopy(source, from, to - from);
    return 'binary';
  }

  #endText(
    source: Buffer,
    from: number,
    to: number,
    ascii: boolean,
    valid: boolean,
  ): WebSocketEvent {
    if (!ascii && !valid && !isUtf8(source.subarray(from, to))) throw notText();
    this.text = source.toString(ascii ? 'latin1' : 'utf8', from, to);
    return 'text';
  }

  #endMessage(): void {
    this.#reading = false;
    this.#message = 0;
    this.#controlFrames = 0;
  }

  #consume(size: number): void {
    this.#at += size;
    this.#left -= size;
    this.#key = rotateKey(this.#key, size);
  }

  #release(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#kept = undefined;
    this.#header = undefined;
    this.#headerBytes = 0;
  }
}

/** The size of a header with this second byte. */
function headerSize(second: number): number {
  const length = second & 0x7f;
  return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + ((second & MASK) === 0 ? 0 : 4);
}

/** Inexact from 2^53 on. */
function readLength(header: Uint8Array, at: number, size: number): number {
  if (size === 8 && (header[at] as number) >= 0x80) throw invalid('a length of 2^63 or more');
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + (header[at + i] as number);
  if (length <= (size === 2 ? MAX_CONTROL_BYTES : 0xffff)) {
    throw invalid('its length is not in the shortest form');
  }
  return length;
}

function invalid(problem: string): WebSocketFrameError {
  return withoutStack(() => new WebSocketFrameError(problem));
}

function notText(): WebSocketTextError {
  return withoutStack(() => new WebSocketTextError('message'));
}

function flood(limit: 'maxFragments' | 'maxControlFrames', max: number): WebSocketFloodError {
  return withoutStack(() => new WebSocketFloodError(limit, max));
}

function tooLong(maxBytes: number): WebSocketMessageTooLongError {
  return withoutStack(() => new WebSocketMessageTooLongError(maxBytes));
}

/**
 * Splits the bytes of an open WebSocket connection into messages and control frames (RFC 6455 section 5). A frame:
 *
 *     0   1   FIN 80, RSV1 40 (a compressed message, RFC 7692), RSV2 20, RSV3 10; opcode in the low four bits
 *     1   1   MASK 80; length 0 to 125, 126: 2 bytes follow, 127: 8 bytes follow
 *     2  0-8  extended length, most significant byte first, in the shortest form
 *         4   masking key, from clients only
 *             payload
 *
 * Payload is unmasked and checked as it arrives: in shared memory, or where it is if that may be changed. It is kept only if its message
 * arrives in pieces: a chunk never is. An idle connection holds no buffer.
 */

import { Buffer, isUtf8 } from 'node:buffer';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { withoutStack } from '../../core/errors/base.js';
import { LentBytesTransferredError } from '../../core/errors/connection.js';
import { checkBoolean, checkChoice, checkInteger } from '../../internal/check.js';
import { givenCopy, givenCopyOf } from '../../internal/lent-bytes.js';
import type { MasksInPlace } from '../../internal/masks-in-place.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { type WebSocketError, WebSocketFloodError, WebSocketTextError } from './errors.js';
import type {
  MessageDecompressor,
  WebSocketEvent,
  WebSocketLimits,
  WebSocketRole,
} from './events.js';
import { FrameHeader, invalid } from './frame-header.js';
import {
  MAX_SCRATCH_PAYLOAD,
  maskShort,
  maskToScratch,
  PAYLOAD_AT,
  rotateKey,
  scratch,
} from './masking.js';
import { MessageBuffer } from './message-buffer.js';
import { CLOSE, CONTINUATION, isCloseCode, PING, TEXT } from './opcodes.js';
import { receivedPayload } from './received-payload.js';

export interface MessageParserOptions extends WebSocketLimits {
  /** The role of this end: a server accepts only masked frames, a client only unmasked ones. */
  readonly role: WebSocketRole;
  /**
   * Lends the bytes of binary messages: they are valid as long as the chunk, and until the next call of any parser of this thread.
   * Default false: each message has memory of its own.
   */
  readonly lendsBinary?: boolean;
  /** Makes compressed messages acceptable. Default: none are. */
  readonly decompressor?: MessageDecompressor;
}

const MAX_LIMIT = 2 ** 31 - 1;

/** A copy of less payload costs less than the call that unmasks it in place. */
const IN_PLACE_BYTES = 2048;

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
  #source: Partial<MasksInPlace> | undefined = undefined;
  /** Of the frame whose payload is being read, if `#reading`. */
  readonly #header: FrameHeader;
  #reading = false;
  /** The number of its bytes that have not been read. */
  #left = 0;
  /** The masking key for the next byte; 0 for unmasked frames. */
  #key = 0;

  /** The opcode of the unfinished message, 0 if there is none. */
  #message = 0;
  #compressed = false;
  #fragments = 0;
  #messageBytes = 0;
  /** The payload that is kept, once a message arrives in pieces. */
  #kept: MessageBuffer | undefined = undefined;
  #control: Buffer = EMPTY;

  /** Control frames since the last message, or since this was reset, which {@link WebSocketLimits.maxControlFrames} limits. */
  controlFrames = 0;
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
    this.#header = new FrameHeader(this.#masked, decompressor !== undefined, this.#maxMessageBytes);
  }

  /** Whether it holds nothing: the next byte begins a message or a control frame. */
  get isIdle(): boolean {
    return (
      !this.#reading &&
      this.#message === 0 &&
      this.#at === this.#chunk.length &&
      this.#header.bufferedBytes === 0 &&
      this.#failure === undefined &&
      !this.#ended
    );
  }

  /** The bytes in memory: received and not read, and of unfinished frames and messages. */
  get bufferedBytes(): number {
    const control = this.#reading && this.#header.opcode >= CLOSE ? this.#control.length : 0;
    const rest = this.#chunk.length - this.#at;
    return rest + this.#header.bufferedBytes + control + (this.#kept?.length ?? 0);
  }

  /**
   * Adds received bytes, of which the parser keeps a view until `next` has returned `undefined` or `keepRest` is called.
   * @param source The owner of their memory, if they may be changed. Long payload is then unmasked in place, and sent back in place by
   * servers, until the next call of `next` or `keepRest`.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws WebSocketError the error that `next` threw before.
   */
  receive(chunk: Buffer, source?: Partial<MasksInPlace>): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!Buffer.isBuffer(chunk)) throw new InvalidArgumentTypeError('chunk', 'a Buffer', chunk);
    if (this.#ended) return;
    this.#source = source;
    if (this.#at > this.#chunk.length) throw new LentBytesTransferredError('messageReceived');
    if (this.#at === this.#chunk.length) this.#chunk = chunk;
    else this.#chunk = Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Copies bytes that `next` has not read out of the received chunk. */
  keepRest(): void {
    receivedPayload.release();
    const { length } = this.#chunk;
    if (this.#at < length) this.#chunk = givenCopy(this.#chunk, this.#at, length - this.#at);
    else this.#chunk = EMPTY;
    this.#at = 0;
    this.#source = undefined;
  }

  /**
   * The next message or control frame, or `undefined` if more bytes are needed.
   * @throws WebSocketError the peer violated the protocol or exceeded a limit.
   */
  next(): WebSocketEvent | undefined {
    receivedPayload.release();
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
      const event = this.#header.opcode >= CLOSE ? this.#readControl() : this.#readData();
      if (event !== undefined) return event;
      if (this.#reading) break;
    }
    // An idle connection holds neither a chunk nor its last message.
    this.#chunk = EMPTY;
    this.#source = undefined;
    this.#at = 0;
    this.text = '';
    this.bytes = EMPTY;
    return undefined;
  }

  #readHeader(): boolean {
    const header = this.#header;
    const end = header.read(this.#chunk, this.#at, this.#message, this.#messageBytes);
    if (end === -1) return false;
    this.#at = end;
    this.#left = header.length;
    this.#key = header.key;
    if (header.opcode >= CLOSE) this.#beginControl(header.length);
    else this.#beginData(header);
    this.#reading = true;
    return true;
  }

  #beginControl(length: number): void {
    this.controlFrames += 1;
    if (this.controlFrames > this.#maxControlFrames) {
      throw flood('maxControlFrames', this.#maxControlFrames);
    }
    this.#control = length === 0 ? EMPTY : Buffer.allocUnsafeSlow(length);
  }

  #beginData({ opcode, compressed, length }: FrameHeader): void {
    if (opcode !== CONTINUATION) {
      this.#message = opcode;
      this.#compressed = compressed;
      this.#fragments = 0;
      this.#messageBytes = 0;
    }
    this.#fragments += 1;
    if (this.#fragments > this.#maxFragments) throw flood('maxFragments', this.#maxFragments);
    this.#messageBytes += length;
  }

  #readControl(): WebSocketEvent | undefined {
    const control = this.#control;
    const size = Math.min(this.#left, this.#chunk.length - this.#at);
    maskShort(this.#chunk, this.#at, size, this.#key, control, control.length - this.#left);
    this.#consume(size);
    if (this.#left > 0) return undefined;
    this.#reading = false;
    this.#control = EMPTY;
    if (this.#header.opcode === CLOSE) return this.#readClose(control);
    this.bytes = control;
    return this.#header.opcode === PING ? 'ping' : 'pong';
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
    const whole = this.#header.fin && size <= available && size <= MAX_SCRATCH_PAYLOAD;
    if (!whole || this.#kept !== undefined) return this.#readPiece(Math.min(size, available));
    const at = this.#at;
    this.#at += size;
    this.#left = 0;
    if (!this.#masked) return this.#finish(this.#chunk, at, at + size, false);
    const inPlace = this.#unmaskInPlace(at, size);
    if (inPlace !== undefined) return this.#finishInPlace(at, size, inPlace);
    const ascii = maskToScratch(this.#chunk, at, size, this.#key);
    return this.#finish(scratch, PAYLOAD_AT, PAYLOAD_AT + size, ascii);
  }

  /** @returns As {@link MasksInPlace.maskReceived}. */
  #unmaskInPlace(at: number, size: number): boolean | undefined {
    return size < IN_PLACE_BYTES
      ? undefined
      : this.#source?.maskReceived?.(this.#chunk, at, size, this.#key);
  }

  #finishInPlace(at: number, size: number, ascii: boolean): WebSocketEvent {
    const compressed = this.#compressed;
    const chunk = this.#chunk;
    const event = this.#finish(chunk, at, at + size, ascii);
    if (event === 'text' && !compressed) receivedPayload.hold(this.text, chunk, at, size);
    else if (!compressed && this.#lendsBinary) receivedPayload.hold(this.bytes, chunk, at, size);
    return event;
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
      const size = Math.min(rest, MAX_SCRATCH_PAYLOAD);
      const wanted = this.#header.fin ? this.#left : 0;
      let valid: boolean;
      const inPlace = this.#masked ? this.#unmaskInPlace(this.#at, size) : false;
      if (inPlace === undefined) {
        const ascii = maskToScratch(this.#chunk, this.#at, size, this.#key);
        valid = kept.append(scratch, PAYLOAD_AT, PAYLOAD_AT + size, wanted, ascii);
      } else {
        valid = kept.append(this.#chunk, this.#at, this.#at + size, wanted, inPlace);
      }
      if (!valid) throw notText();
      this.#consume(size);
      rest -= size;
    }
    if (this.#left > 0) return undefined;
    if (!this.#header.fin) {
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
      const shares = content.buffer.byteLength > 2 * content.length;
      this.bytes = shares ? givenCopyOf(content) : content;
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
    this.controlFrames = 0;
  }

  #consume(size: number): void {
    this.#at += size;
    this.#left -= size;
    this.#key = rotateKey(this.#key, size);
  }

  #release(): void {
    this.#chunk = EMPTY;
    this.#source = undefined;
    this.#at = 0;
    this.#kept = undefined;
    this.#header.reset();
  }
}

function notText(): WebSocketTextError {
  return withoutStack(() => new WebSocketTextError('message'));
}

function flood(limit: 'maxFragments' | 'maxControlFrames', max: number): WebSocketFloodError {
  return withoutStack(() => new WebSocketFloodError(limit, max));
}

/**
 * One end of an open WebSocket connection: bytes in, events and bytes out. Clocks and transports belong to the layer above.
 *
 *     open --close--> closing --close frame--> closed
 *      \--close frame, which is answered; violation; connectionLost--^
 *
 * When the connection is closed, a server closes the transport at once; a client waits for the server to do so (RFC 6455 section
 * 7.1.1). The layer above limits the time in `closing` and that wait, and calls `resetControlFrames` regularly.
 *
 * There may be very many idle connections, so private fields are TypeScript's, and parsers and writers are shared: see
 * {@link WebSocketCodecs}.
 */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkData, checkString } from '../../internal/check.js';
import type { ConnectionCodec } from './codec.js';
import { WebSocketError, WebSocketFragmentError, WebSocketNotOpenError } from './errors.js';
import type { WebSocketEvent } from './events.js';
import { FragmentWriter } from './fragment-writer.js';
import { CLOSE, FIN, isCloseCode, MAX_CONTROL_BYTES, PING, PONG } from './opcodes.js';
import type { MessageParser } from './parser.js';
import { PreparedMessage, SERIALIZE_HINT } from './prepared-message.js';
import { receivedPayload } from './received-payload.js';
import type { ByteSink } from './serializer.js';

/** `closing`: this end has sent a close frame and the peer has not. */
export type WebSocketState = 'closed' | 'closing' | 'open';

const EMPTY: Buffer = Buffer.alloc(0);
const MAX_REASON_BYTES = MAX_CONTROL_BYTES - 2;

/** The methods that send messages return the number of bytes that were passed to the sink. */
export class WebSocketConnection {
  private readonly codec: ConnectionCodec;
  private readonly sink: ByteSink;
  /** Present while there are unread bytes, or part of a message. */
  private parser: MessageParser | undefined = undefined;
  private current: WebSocketState = 'open';
  /** Those of the parser while there is none. */
  private controlFrames = 0;
  /** The payload of the last ping without an answer. */
  private unanswered: Buffer | undefined = undefined;
  /** The message whose fragments are being sent. */
  private fragments: FragmentWriter | undefined = undefined;
  private code = 1006;
  private reason = '';

  /** @param sink Takes the bytes to send. */
  constructor(codec: ConnectionCodec, sink: ByteSink) {
    this.codec = codec;
    this.sink = sink;
  }

  get state(): WebSocketState {
    return this.current;
  }

  /** After `text`: the message. */
  get text(): string {
    return this.parser?.text ?? '';
  }

  /** After `binary`: the message. After `ping` and `pong`: the payload. */
  get bytes(): Buffer {
    return this.parser?.bytes ?? EMPTY;
  }

  /** The code of the peer's close frame: 1005 if it has none, 1006 if there is no close frame (yet). */
  get closeCode(): number {
    return this.code;
  }

  /** The reason in the peer's close frame; '' if it has none. */
  get closeReason(): string {
    return this.reason;
  }

  /** {@link MessageParser.bufferedBytes}. */
  get bufferedBytes(): number {
    return this.parser?.bufferedBytes ?? 0;
  }

  /**
   * Adds received bytes; they are read by {@link next}. Bytes that arrive when the connection is closed are dropped. If the sink has
   * `maskReceived`, its received bytes are changed.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   */
  receive(chunk: Buffer): void {
    if (this.current === 'closed') return;
    let { parser } = this;
    if (parser === undefined) {
      parser = this.codec.parsers.take();
      parser.controlFrames = this.controlFrames;
      this.parser = parser;
    }
    parser.receive(chunk, this.sink);
  }

  /**
   * The next event, or `undefined` if more bytes are needed. Pings are answered when all received bytes are read, the last one only
   * (RFC 6455 section 5.5.3). A close frame is answered at once.
   * @throws WebSocketError The peer violated the protocol or exceeded a limit. The close frame has been sent: close the transport.
   */
  next(): WebSocketEvent | undefined {
    const { parser } = this;
    if (parser === undefined) return undefined;
    let event: WebSocketEvent | undefined;
    try {
      event = parser.next();
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (event === undefined) this.allRead(parser);
    else if (event === 'ping') this.unanswered = parser.bytes;
    else if (event === 'close') this.receiveClose(parser);
    return event;
  }

  /** Copies bytes that {@link next} has not read out of the received chunk, and answers pings. */
  keepRest(): void {
    const { parser } = this;
    parser?.keepRest();
    this.answerPing();
  }

  /** Restarts the count of control frames that `maxControlFrames` limits. Call it regularly. */
  resetControlFrames(): void {
    this.controlFrames = 0;
    if (this.parser !== undefined) this.parser.controlFrames = 0;
  }

  /** The transport is closed: nothing is sent or received from now on. */
  connectionLost(): void {
    this.end();
  }

  /**
   * Sends a text message.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendText(text: string): number {
    checkString('text', text);
    this.checkWhole('sendText');
    return this.codec.writer.text(this.sink, text);
  }

  /**
   * Sends a binary message. A server's long messages are passed to the sink as they are.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendBinary(bytes: Uint8Array): number {
    if (!(bytes instanceof Uint8Array)) throw notAMessage(bytes);
    this.checkWhole('sendBinary');
    return this.codec.writer.binary(this.sink, bytes);
  }

  /**
   * Sends a message that many connections send.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendPrepared(message: PreparedMessage): number {
    if (!(message instanceof PreparedMessage)) {
      throw new InvalidArgumentTypeError('message', 'a PreparedMessage', message);
    }
    this.checkWhole('sendPrepared');
    return this.codec.writer.prepared(this.sink, message);
  }

  /**
   * Sends a part of a message, in a frame of its own and without compression. Messages cannot be sent between its fragments; control
   * frames can. All fragments are text, or all are bytes.
   * @param final Ends the message.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendFragment(data: string | Uint8Array, final: boolean): number {
    checkData(data);
    this.checkOpen('sendFragment');
    const fragments = this.fragments ?? new FragmentWriter(this.codec.writer.serializer, data);
    const size = fragments.write(this.sink, data, final);
    this.fragments = final ? undefined : fragments;
    return size;
  }

  /**
   * Sends a ping; the peer answers with a pong of the same payload.
   * @param payload At most 125 bytes. Default: none.
   * @throws WebSocketNotOpenError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  ping(payload: Uint8Array = EMPTY): void {
    this.sendControl('ping', PING, payload);
  }

  /** Sends a pong that answers no ping: a heartbeat. Pings are answered without this. {@link ping}. */
  pong(payload: Uint8Array = EMPTY): void {
    this.sendControl('pong', PONG, payload);
  }

  /**
   * Begins the closing handshake; without effect if it has begun.
   * @param code 1000 to 1003, 1007 to 1014 or 3000 to 4999. Default 1000: the purpose of the connection is fulfilled.
   * @param reason At most 123 bytes of UTF-8.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  close(code = 1000, reason = ''): void {
    if (!Number.isInteger(code) || !isCloseCode(code)) {
      const expected = '1000 to 1003, 1007 to 1014 or 3000 to 4999';
      throw new InvalidArgumentValueError('code', expected, code);
    }
    if (Buffer.byteLength(checkString('reason', reason)) > MAX_REASON_BYTES) {
      throw new InvalidArgumentValueError('reason', 'at most 123 bytes of UTF-8', reason);
    }
    if (this.current !== 'open') return;
    this.sendClose(code, reason);
    this.current = 'closing';
  }

  /** All received bytes were read. */
  private allRead(parser: MessageParser): void {
    if (parser.isIdle) {
      this.controlFrames = parser.controlFrames;
      this.parser = undefined;
      this.codec.parsers.giveBack(parser);
    }
    this.answerPing();
  }

  private receiveClose(parser: MessageParser): void {
    const { closeCode, closeReason } = parser;
    this.code = closeCode;
    this.reason = closeReason;
    // The answer has the same code (RFC 6455 section 5.5.1). The reason is not echoed: the peer knows it.
    if (this.current === 'open') this.sendClose(closeCode, '');
    this.end();
  }

  private fail(error: unknown): void {
    const code = error instanceof WebSocketError ? error.closeCode : 1011;
    if (this.current === 'open') this.sendClose(code, '');
    this.end();
  }

  private end(): void {
    receivedPayload.release();
    this.current = 'closed';
    this.parser = undefined;
    this.unanswered = undefined;
    this.fragments = undefined;
  }

  /** 1005 sends a frame without a code. */
  private sendClose(code: number, reason: string): void {
    this.unanswered = undefined;
    const payload =
      code === 1005
        ? EMPTY
        : Buffer.concat([Buffer.of(code >>> 8, code & 0xff), Buffer.from(reason)]);
    this.codec.writer.serializer.writeBytes(this.sink, FIN | CLOSE, payload);
  }

  private answerPing(): void {
    const payload = this.unanswered;
    if (payload === undefined) return;
    this.unanswered = undefined;
    if (this.current === 'open') {
      this.codec.writer.serializer.writeBytes(this.sink, FIN | PONG, payload);
    }
  }

  private sendControl(call: string, opcode: number, payload: Uint8Array): void {
    checkBytes('payload', payload);
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new InvalidArgumentValueError('payload', 'at most 125 bytes', payload.length);
    }
    this.checkOpen(call);
    this.codec.writer.serializer.writeBytes(this.sink, FIN | opcode, payload);
  }

  private checkOpen(call: string): void {
    if (this.current !== 'open') throw new WebSocketNotOpenError(call, this.current);
  }

  private checkWhole(call: string): void {
    this.checkOpen(call);
    if (this.fragments === undefined) return;
    throw new WebSocketFragmentError('a message cannot be sent between the fragments of another');
  }
}

function checkBytes(what: string, value: unknown): void {
  if (value instanceof Uint8Array) return;
  throw new InvalidArgumentTypeError(what, 'a Uint8Array', value);
}

/** Messages of other types than text arrive here too. */
function notAMessage(value: unknown): InvalidArgumentTypeError {
  const hint = typeof value === 'object' && value !== null ? SERIALIZE_HINT : undefined;
  return new InvalidArgumentTypeError('message', 'a Uint8Array or a string', value, hint);
}

/**
 * One end of an open WebSocket connection: bytes in, events and bytes out. Clocks and transports belong to the layer above.
 *
 *     open --close--> closing --close frame--> closed
 *      \--close frame, which is answered; violation; connectionLost--^
 *
 * When the connection is closed, a server closes the transport at once; a client waits for the server to do so (RFC 6455 section
 * 7.1.1). The layer above limits the time in `closing` and that wait, and calls `resetControlFrames` regularly.
 */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkData, checkFunction, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { deflaterOf, type MessageDeflater, MessageInflater } from './deflate.js';
import { WebSocketError, WebSocketNotOpenError } from './errors.js';
import type { WebSocketEvent, WebSocketLimits, WebSocketRole } from './events.js';
import { MessageWriter } from './message-writer.js';
import { CLOSE, FIN, isCloseCode, MAX_CONTROL_BYTES, PING, PONG } from './opcodes.js';
import { MessageParser } from './parser.js';
import type { PermessageDeflateParameters } from './permessage-deflate.js';
import { PreparedMessage } from './prepared-message.js';
import { type ByteSink, FrameSerializer, type MaskingKeySource } from './serializer.js';

/** `closing`: this end has sent a close frame and the peer has not. */
export type WebSocketState = 'closed' | 'closing' | 'open';

export interface WebSocketConnectionOptions extends WebSocketLimits {
  readonly role: WebSocketRole;
  /** Takes the bytes to send. */
  readonly sink: ByteSink;
  /** Required for a client, and refused for a server. */
  readonly maskingKey?: MaskingKeySource;
  /** Lends the bytes of binary messages: they are valid until the next call of any connection. Default false. */
  readonly lendsBinary?: boolean;
  /** The agreed parameters of compression. Default: messages are not compressed. */
  readonly deflate?: PermessageDeflateParameters | undefined;
  /** The shortest message to compress, in bytes: 1 or more. Default 1,024. */
  readonly compressionThreshold?: number;
  /** zlib's level: 1, the fastest, to 9. Default 6. */
  readonly compressionLevel?: number;
}

const OPTIONS: OptionNames<WebSocketConnectionOptions> = {
  role: true,
  sink: true,
  maskingKey: true,
  lendsBinary: true,
  deflate: true,
  compressionThreshold: true,
  compressionLevel: true,
  maxMessageBytes: true,
  maxFragments: true,
  maxControlFrames: true,
};

const EMPTY: Buffer = Buffer.alloc(0);
const MAX_REASON_BYTES = MAX_CONTROL_BYTES - 2;

export class WebSocketConnection {
  readonly #parser: MessageParser;
  readonly #serializer: FrameSerializer;
  readonly #writer: MessageWriter;
  #state: WebSocketState = 'open';
  /** The payload of the last ping without an answer. */
  #unanswered: Buffer | undefined = undefined;
  #closeCode = 1006;
  #closeReason = '';

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: WebSocketConnectionOptions) {
    checkOptions('WebSocketConnection', options, OPTIONS);
    const { role, sink, maskingKey, deflate } = options;
    const { compressionThreshold = 1024, compressionLevel = 6, ...rest } = options;
    const { maxMessageBytes, maxFragments, maxControlFrames, lendsBinary } = rest;
    checkFunction('sink', sink);
    if ((role === 'client') !== (typeof maskingKey === 'function')) {
      const expected = role === 'client' ? 'a function' : 'left out by a server';
      throw new InvalidArgumentTypeError('maskingKey', expected, maskingKey);
    }
    const threshold = checkInteger('compressionThreshold', compressionThreshold, 1, 2 ** 31 - 1);
    const level = checkInteger('compressionLevel', compressionLevel, 1, 9);
    this.#parser = new MessageParser({
      role,
      ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
      ...(maxFragments === undefined ? {} : { maxFragments }),
      ...(maxControlFrames === undefined ? {} : { maxControlFrames }),
      ...(lendsBinary === undefined ? {} : { lendsBinary }),
      ...(deflate === undefined ? {} : { decompressor: inflaterOf(deflate, role) }),
    });
    this.#serializer = new FrameSerializer(sink, maskingKey);
    const deflater = deflate === undefined ? undefined : ownDeflater(deflate, role, level);
    this.#writer = new MessageWriter(this.#serializer, role === 'server', deflater, threshold);
  }

  get state(): WebSocketState {
    return this.#state;
  }

  /** After `text`: the message. */
  get text(): string {
    return this.#parser.text;
  }

  /** After `binary`: the message. After `ping` and `pong`: the payload. */
  get bytes(): Buffer {
    return this.#parser.bytes;
  }

  /** The code of the peer's close frame: 1005 if it has none, 1006 if there is no close frame (yet). */
  get closeCode(): number {
    return this.#closeCode;
  }

  /** The reason in the peer's close frame; '' if it has none. */
  get closeReason(): string {
    return this.#closeReason;
  }

  /** {@link MessageParser.bufferedBytes}. */
  get bufferedBytes(): number {
    return this.#parser.bufferedBytes;
  }

  /**
   * Adds received bytes; they are read by {@link next}. Bytes that arrive when the connection is closed are dropped.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   */
  receive(chunk: Buffer): void {
    if (this.#state !== 'closed') this.#parser.receive(chunk);
  }

  /**
   * The next event, or `undefined` if more bytes are needed. Pings are answered when all received bytes are read, the last one only
   * (RFC 6455 section 5.5.3). A close frame is answered at once.
   * @throws WebSocketError The peer violated the protocol or exceeded a limit. The close frame has been sent: close the transport.
   */
  next(): WebSocketEvent | undefined {
    if (this.#state === 'closed') return undefined;
    let event: WebSocketEvent | undefined;
    try {
      event = this.#parser.next();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    if (event === undefined) this.#answerPing();
    else if (event === 'ping') this.#unanswered = this.#parser.bytes;
    else if (event === 'close') this.#receiveClose();
    return event;
  }

  /** Copies bytes that {@link next} has not read out of the received chunk, and answers pings. */
  keepRest(): void {
    this.#parser.keepRest();
    this.#answerPing();
  }

  /** {@link MessageParser.resetControlFrames}. */
  resetControlFrames(): void {
    this.#parser.resetControlFrames();
  }

  /** The transport is closed: nothing is sent or received from now on. */
  connectionLost(): void {
    this.#end();
  }

  /**
   * Sends a text message.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendText(text: string): void {
    checkString('text', text);
    this.#checkOpen('sendText');
    this.#writer.text(text);
  }

  /**
   * Sends a binary message. A server's long messages are passed to the sink as they are.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendBinary(bytes: Uint8Array): void {
    checkBytes('bytes', bytes);
    this.#checkOpen('sendBinary');
    this.#writer.binary(bytes);
  }

  /**
   * Sends a message that many connections send.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendPrepared(message: PreparedMessage): void {
    if (!(message instanceof PreparedMessage)) {
      throw new InvalidArgumentTypeError('message', 'a PreparedMessage', message);
    }
    this.#checkOpen('sendPrepared');
    this.#writer.prepared(message);
  }

  /**
   * Sends a part of a message, in a frame of its own and without compression. Messages cannot be sent between its fragments; control
   * frames can. All fragments are text, or all are bytes.
   * @param final Ends the message.
   * @throws WebSocketNotOpenError, WebSocketFragmentError, InvalidArgumentTypeError
   */
  sendFragment(data: string | Uint8Array, final: boolean): void {
    checkData(data);
    this.#checkOpen('sendFragment');
    this.#writer.fragment(data, final);
  }

  /**
   * Sends a ping; the peer answers with a pong of the same payload.
   * @param payload At most 125 bytes. Default: none.
   * @throws WebSocketNotOpenError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  ping(payload: Uint8Array = EMPTY): void {
    this.#sendControl('ping', PING, payload);
  }

  /** Sends a pong that answers no ping: a heartbeat. Pings are answered without this. {@link ping}. */
  pong(payload: Uint8Array = EMPTY): void {
    this.#sendControl('pong', PONG, payload);
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
    if (this.#state !== 'open') return;
    this.#sendClose(code, reason);
    this.#state = 'closing';
  }

  #receiveClose(): void {
    const { closeCode, closeReason } = this.#parser;
    this.#closeCode = closeCode;
    this.#closeReason = closeReason;
    // The answer has the same code (RFC 6455 section 5.5.1).
    if (this.#state === 'open') this.#sendClose(closeCode, '');
    this.#end();
  }

  #fail(error: unknown): void {
    const code = error instanceof WebSocketError ? error.closeCode : 1011;
    if (this.#state === 'open') this.#sendClose(code, '');
    this.#end();
  }

  #end(): void {
    this.#state = 'closed';
    this.#unanswered = undefined;
  }

  /** 1005 sends a frame without a code. */
  #sendClose(code: number, reason: string): void {
    this.#unanswered = undefined;
    const payload =
      code === 1005
        ? EMPTY
        : Buffer.concat([Buffer.of(code >>> 8, code & 0xff), Buffer.from(reason)]);
    this.#serializer.writeBytes(FIN | CLOSE, payload);
  }

  #answerPing(): void {
    const payload = this.#unanswered;
    if (payload === undefined) return;
    this.#unanswered = undefined;
    if (this.#state === 'open') this.#serializer.writeBytes(FIN | PONG, payload);
  }

  #sendControl(call: string, opcode: number, payload: Uint8Array): void {
    checkBytes('payload', payload);
    if (payload.length > MAX_CONTROL_BYTES) {
      throw new InvalidArgumentValueError('payload', 'at most 125 bytes', payload.length);
    }
    this.#checkOpen(call);
    this.#serializer.writeBytes(FIN | opcode, payload);
  }

  #checkOpen(call: string): void {
    if (this.#state !== 'open') throw new WebSocketNotOpenError(call, this.#state);
  }
}

function checkBytes(what: string, value: unknown): void {
  if (value instanceof Uint8Array) return;
  throw new InvalidArgumentTypeError(what, 'a Uint8Array', value);
}

/** For the messages of the peer. */
function inflaterOf(deflate: PermessageDeflateParameters, role: WebSocketRole): MessageInflater {
  const { clientNoContextTakeover, serverNoContextTakeover } = deflate;
  return new MessageInflater(
    role === 'server' ? !clientNoContextTakeover : !serverNoContextTakeover,
  );
}

function ownDeflater(
  deflate: PermessageDeflateParameters,
  role: WebSocketRole,
  level: number,
): MessageDeflater | undefined {
  return role === 'server'
    ? deflaterOf(deflate.serverMaxWindowBits, !deflate.serverNoContextTakeover, level)
    : deflaterOf(deflate.clientMaxWindowBits, !deflate.clientNoContextTakeover, level);
}

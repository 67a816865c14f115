/** A protocol that receives lines, and raw bytes in between on request. */
import { LentBytesTransferredError } from '../core/errors/connection.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { PushProducer } from '../core/producer.js';
import { Protocol } from '../core/protocol.js';
import { failOnRejection } from '../defer/callback-result.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { Delivery } from './delivery.js';
import type { LineTooLongError } from './errors.js';
import { LineDecoder, type LineDecoderOptions, terminatorOf } from './line-decoder.js';

const DEFAULTS: LineDecoderOptions = {};
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Base for line protocols. Override {@link lineReceived}, and {@link rawDataReceived} if the protocol carries bodies.
 *
 * Lines end with LF or CRLF unless the options say otherwise (Twisted's end with CRLF only), and are sent with CRLF.
 * Lines and raw bytes are delivered in order, never during another callback, and never after the transport was asked to close
 * or abort, or is gone. An error thrown by a callback ends the connection. Every callback may change the mode, which takes
 * effect immediately: the bytes after a line in the same chunk are then raw.
 *
 * The transport lends its bytes to this protocol, but lines and raw bytes are copies unless the protocol asks for lent ones
 * too ({@link acceptsLentFrames}).
 */
export abstract class LineReceiver extends Protocol implements PushProducer {
  override readonly acceptsLentBytes: boolean = true;
  /**
   * Whether callbacks accept lent bytes, as for {@link FrameReceiver.acceptsLentFrames}. Read for each callback. Default false:
   * lines, raw bytes and rests are yours, each in memory of its own.
   */
  readonly acceptsLentFrames: boolean = false;
  /**
   * Whether the peer must read the answers: while more than 64 KiB of written bytes are unsent, no line is delivered and no
   * data received, until everything is sent. For servers. If both ends do this, they can wait for each other forever. Read
   * after each line. Default false.
   *
   * While it waits, the receiver is the transport's producer. If the application has registered a producer, backpressure is
   * left to that one.
   */
  readonly appliesBackpressure: boolean = false;
  readonly #options: LineDecoderOptions;
  readonly #terminator: Buffer;
  readonly #delivery: Delivery = new Delivery(this);
  #decoder: LineDecoder;
  #mode: 'line' | 'raw' = 'line';

  /**
   * @param options Kept, not copied.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(options: LineDecoderOptions = DEFAULTS) {
    super();
    this.#options = options;
    this.#decoder = new LineDecoder(options, 'LineReceiver');
    this.#terminator = terminatorOf(options);
  }

  /** A line arrived. @param line Without its terminator; yours to keep, unless {@link acceptsLentFrames}. */
  abstract lineReceived(line: Buffer): MaybeAsync;

  /**
   * Bytes arrived in raw mode.
   * @param _data All available bytes, one or more; yours to keep, unless {@link acceptsLentFrames}.
   * @throws UnsupportedError by default.
   */
  rawDataReceived(_data: Buffer): MaybeAsync {
    throw new UnsupportedError('raw mode', 'this protocol has no rawDataReceived of its own');
  }

  /**
   * The peer sent more than `maxLength` bytes without ending the line. By default throws `error`, which ends the connection
   * immediately with it as the reason (Twisted closes it cleanly). An override may answer and close; if it neither throws nor
   * closes, lines are read again from the next byte that arrives.
   *
   * @param _rest The received part of the line and everything after it. It is not processed further.
   */
  lineLengthExceeded(_rest: Buffer, error: LineTooLongError): MaybeAsync {
    throw error;
  }

  /**
   * Sends a line, text as UTF-8, and its terminator: CRLF, LF with `ending: 'lf'`, or `delimiter`. The line is not checked: if it
   * contains a terminator, the peer receives two lines.
   * @throws InvalidArgumentTypeError
   */
  sendLine(line: string | Uint8Array): void {
    this.transport.write(line);
    this.transport.write(this.#terminator);
  }

  /** From now on bytes go to {@link rawDataReceived}; buffered ones after the current callback has returned. */
  setRawMode(): void {
    this.#mode = 'raw';
  }

  /**
   * From now on bytes are read as lines.
   * @param extra Bytes received by `rawDataReceived` that belong to lines: they are read before the buffered ones. If no callback
   * of this protocol is running, their lines are delivered before this returns, and the remainder is copied; otherwise do not
   * change them until the callback has returned.
   */
  setLineMode(extra: Buffer = NOTHING): void {
    this.#mode = 'line';
    if (extra.length === 0) return;
    const rest = this.#decoder.takeRest();
    this.#decoder.receive(extra);
    this.#decoder.receive(rest);
    if (!this.#delivery.running) this.#delivery.runFromElsewhere();
  }

  /**
   * Takes the buffered bytes: an unfinished line, and while paused everything after it. They are no longer delivered.
   * @returns Yours to keep.
   */
  clearLineBuffer(): Buffer {
    return givenCopyOf(this.#decoder.takeRest());
  }

  /** The number of received bytes behind the last delivered line. */
  get unreadBytes(): number {
    return this.#decoder.bufferedBytes;
  }

  override dataReceived(data: Buffer): void {
    this.#decoder.receive(data);
    this.#delivery.run();
  }

  /** Stops delivering, from the next line on, and receiving, until `resumeProducing`. */
  pauseProducing(): void {
    this.#delivery.pause();
  }

  /**
   * Continues: delivers pending data before this returns, and then receives again. If a callback throws meanwhile, the error is
   * reported and the connection aborted; this method does not throw it.
   */
  resumeProducing(): void {
    this.#delivery.resume();
  }

  /** Stops delivering for good and closes the connection. */
  stopProducing(): void {
    this.#delivery.stop();
  }

  /** @internal */
  deliverNext(): boolean {
    if (this.#mode === 'raw') {
      if (this.#decoder.bufferedBytes === 0) return false;
      const result: unknown = this.rawDataReceived(this.#given(this.#decoder.takeRest()));
      if (result !== undefined) failOnRejection(result, this.transport, 'rawDataReceived');
      return true;
    }
    let line: Buffer | undefined;
    try {
      line = this.acceptsLentFrames ? this.#decoder.next() : this.#decoder.nextGiven();
    } catch (error) {
      const rest = this.#decoder.takeRest();
      this.#decoder = new LineDecoder(this.#options, 'LineReceiver');
      const result: unknown = this.lineLengthExceeded(this.#given(rest), error as LineTooLongError);
      if (result !== undefined) failOnRejection(result, this.transport, 'lineLengthExceeded');
      return true;
    }
    if (line === undefined) return false;
    const { length } = line;
    const result: unknown = this.lineReceived(line);
    if (result !== undefined) failOnRejection(result, this.transport, 'lineReceived');
    if (line.length !== length && this.acceptsLentFrames) {
      this.#decoder = new LineDecoder(this.#options, 'LineReceiver');
      throw new LentBytesTransferredError('lineReceived');
    }
    return true;
  }

  /** @internal */
  keepRest(): void {
    this.#decoder.keepRest();
  }

  #given(bytes: Buffer): Buffer {
    return this.acceptsLentFrames ? bytes : givenCopyOf(bytes);
  }
}

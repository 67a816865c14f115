/** A protocol that receives lines, and raw bytes in between where it asks for them. */
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
 * Base for protocols of lines. Override {@link lineReceived}; for those that carry bodies, {@link rawDataReceived} too.
 *
 * Lines end with LF or CRLF unless the options say otherwise (Twisted's end with CRLF only), and are sent with CRLF.
 * They are delivered in order, never inside the callback of another, and never after `loseConnection`, `abortConnection` or
 * the end of the connection; the same applies to raw bytes. An exception in a callback ends the connection. Every callback may
 * change the mode, which takes effect at once: bytes behind the line in the same chunk are already raw.
 *
 * The transport lends its bytes to this protocol. Its lines and raw bytes are still copies, unless it accepts lent ones too
 * ({@link acceptsLentFrames}).
 */
export abstract class LineReceiver extends Protocol implements PushProducer {
  override readonly acceptsLentBytes: boolean = true;
  /**
   * Whether callbacks accept lent bytes, as for {@link FrameReceiver.acceptsLentFrames}. Read for each callback. Default false:
   * lines, raw bytes and rests are given, each in its own memory.
   */
  readonly acceptsLentFrames: boolean = false;
  /**
   * Whether the peer has to read its answers: once more than 64 KiB are unsent, no line is delivered and nothing is received
   * until everything is sent. For servers: two ends that both do this can deadlock. Read after each line. Default false.
   *
   * The receiver is the transport's producer while it waits. If the application has registered a producer, that one is
   * responsible for backpressure.
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
    this.#decoder = new LineDecoder(options);
    this.#terminator = terminatorOf(options);
  }

  /** A line came. @param line Without its terminator; yours to keep, unless {@link acceptsLentFrames}. */
  abstract lineReceived(line: Buffer): MaybeAsync;

  /**
   * Bytes came in raw mode.
   * @param _data All that there is, one byte or more; yours to keep, unless {@link acceptsLentFrames}.
   * @throws UnsupportedError by default.
   */
  rawDataReceived(_data: Buffer): MaybeAsync {
    throw new UnsupportedError('raw mode', 'this protocol has no rawDataReceived of its own');
  }

  /**
   * The peer sent more than `maxLength` bytes without ending the line. By default throws `error`, which ends the connection
   * at once with it as the reason (Twisted closes it cleanly). An override may answer and close; where it does neither,
   * lines are read again from the next byte that arrives.
   *
   * @param _rest What has come of the line, and all that has come after it. It is not read any more.
   */
  lineLengthExceeded(_rest: Buffer, error: LineTooLongError): MaybeAsync {
    throw error;
  }

  /**
   * Sends a line, text as UTF-8, and its terminator: CRLF, LF with `ending: 'lf'`, or `delimiter`. The line is not looked at:
   * with a terminator in it, it is two lines to the peer.
   * @throws InvalidArgumentTypeError
   */
  sendLine(line: string | Uint8Array): void {
    this.transport.write(line);
    this.transport.write(this.#terminator);
  }

  /** From now on bytes go to {@link rawDataReceived}; those that wait already, once the present callback has returned. */
  setRawMode(): void {
    this.#mode = 'raw';
  }

  /**
   * From now on bytes are read as lines.
   * @param extra Bytes given to `rawDataReceived` that are lines: they are read before all that waits. Where no callback of
   * this protocol is running, their lines are delivered before this returns, and what is left of them is copied; else leave
   * them as they are until the callback has returned.
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
   * Takes the bytes that wait: an unfinished line, and while paused all that follows. They are not delivered any more.
   * @returns Yours to keep.
   */
  clearLineBuffer(): Buffer {
    return givenCopyOf(this.#decoder.takeRest());
  }

  override dataReceived(data: Buffer): void {
    this.#decoder.receive(data);
    this.#delivery.run();
  }

  /** Delivers no more, from the next line on, and receives no more, until `resumeProducing`. */
  pauseProducing(): void {
    this.#delivery.pause();
  }

  /**
   * Goes on: with what waits, before this returns, and then with receiving. Where a callback throws now, the error is
   * reported and the connection aborted; the caller does not notice.
   */
  resumeProducing(): void {
    this.#delivery.resume();
  }

  /** Delivers no more, ever, and closes the connection. */
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
      this.#decoder = new LineDecoder(this.#options);
      const result: unknown = this.lineLengthExceeded(this.#given(rest), error as LineTooLongError);
      if (result !== undefined) failOnRejection(result, this.transport, 'lineLengthExceeded');
      return true;
    }
    if (line === undefined) return false;
    const result: unknown = this.lineReceived(line);
    if (result !== undefined) failOnRejection(result, this.transport, 'lineReceived');
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

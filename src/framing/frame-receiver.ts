/** A protocol over any decoder of frames: bytes in, `frameReceived` out, with pausing and errors seen to. */
import { RemoteProtocolError } from '../core/errors/base.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { PushProducer } from '../core/producer.js';
import { Protocol } from '../core/protocol.js';
import { failOnRejection } from '../defer/callback-result.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { Delivery } from './delivery.js';
import type { FrameDecoder } from './frame-decoder.js';

/**
 * Base for protocols that receive frames. Override {@link frameReceived}.
 *
 * Frames are delivered in order, never inside the callback of another, and never after `loseConnection`, `abortConnection` or
 * the end of the connection. An exception in a callback ends the connection.
 *
 * The transport lends its bytes to this protocol. Its frames are still copies, unless it accepts lent ones too
 * ({@link acceptsLentFrames}).
 *
 * @example
 * class Messages extends FrameReceiver {
 *   constructor() {
 *     super(new LengthFieldDecoder({ lengthFieldOffset: 2, lengthFieldLength: 4 }));
 *   }
 *   override frameReceived(frame: Buffer): void { ... }
 * }
 */
export abstract class FrameReceiver extends Protocol implements PushProducer {
  /** True, if the decoder has `keepRest`. */
  override readonly acceptsLentBytes: boolean;
  /**
   * Whether callbacks accept lent bytes. Read for each frame. Default false.
   *
   * - False: frames and rests are given: you may keep, change and transfer them. Their own memory is at most twice as long.
   * - True: they are lent, which saves the copy: views that are valid until the callback returns. Copy those that you keep
   *   (`Buffer.copyBytesFrom`); those passed to `write` before that are sent without a copy.
   *
   * @example override readonly acceptsLentFrames = true;
   */
  readonly acceptsLentFrames: boolean = false;
  /**
   * Whether the peer has to read its answers: once more than 64 KiB are unsent, no frame is delivered and nothing is received
   * until everything is sent. For servers: two ends that both do this can deadlock. Read after each frame. Default false.
   *
   * The receiver is the transport's producer while it waits. If the application has registered a producer, that one is
   * responsible for backpressure.
   */
  readonly appliesBackpressure: boolean = false;
  readonly #decoder: FrameDecoder;
  readonly #delivery: Delivery = new Delivery(this);
  #failed = false;

  constructor(decoder: FrameDecoder) {
    super();
    this.#decoder = decoder;
    this.acceptsLentBytes = decoder.keepRest !== undefined;
  }

  /** A frame came. @param frame Yours to keep, unless {@link acceptsLentFrames}. */
  abstract frameReceived(frame: Buffer): MaybeAsync;

  /**
   * The peer broke the rules: called at most once, and no frame is delivered after it. By default throws `error`, which ends
   * the connection at once with `error` as the reason. An override may answer and call `transport.loseConnection()`; what
   * arrives until then is dropped.
   *
   * @param _rest The bytes that no frame was made of, the offending ones first, as far as they have come.
   */
  frameError(error: RemoteProtocolError, _rest: Buffer): MaybeAsync {
    throw error;
  }

  override dataReceived(data: Buffer): void {
    if (this.#failed) return;
    this.#decoder.receive(data);
    this.#delivery.run();
  }

  /**
   * Takes the unprocessed bytes: an unfinished frame, and everything behind it. They are no longer delivered: use this to hand
   * a connection over to another protocol. Bytes that arrive later are frames again, unless `dataReceived` is overridden.
   * @returns Yours to keep.
   */
  takeUnprocessed(): Buffer {
    return givenCopyOf(this.#decoder.takeRest());
  }

  /**
   * Puts `bytes` in the place of the unprocessed ones. Their frames are delivered after the running callback; where no callback
   * is running, before this returns.
   */
  protected replaceUnprocessed(bytes: Uint8Array): void {
    if (this.#failed) return;
    this.#decoder.takeRest();
    this.#decoder.receive(givenCopyOf(bytes));
    if (!this.#delivery.running) this.#delivery.runFromElsewhere();
  }

  /** Delivers no more, from the next frame on, and receives no more, until `resumeProducing`. */
  pauseProducing(): void {
    this.#delivery.pause();
  }

  /**
   * Goes on: with the frames that wait, before this returns, and then with receiving. Where a callback throws now, the error
   * is reported and the connection aborted; the caller does not notice.
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
    if (this.#failed) return false;
    let frame: Buffer | undefined;
    try {
      frame = this.acceptsLentFrames ? this.#decoder.next() : this.#nextGiven();
    } catch (error) {
      this.#failed = true;
      if (!(error instanceof RemoteProtocolError)) throw error;
      const rest = this.#decoder.takeRest();
      const result: unknown = this.frameError(
        error,
        this.acceptsLentFrames ? rest : givenCopyOf(rest),
      );
      if (result !== undefined) failOnRejection(result, this.transport, 'frameError');
      return false;
    }
    if (frame === undefined) return false;
    const result: unknown = this.frameReceived(frame);
    if (result !== undefined) failOnRejection(result, this.transport, 'frameReceived');
    return true;
  }

  /** @internal */
  keepRest(): void {
    this.#decoder.keepRest?.();
  }

  #nextGiven(): Buffer | undefined {
    const decoder = this.#decoder;
    if (decoder.nextGiven !== undefined) return decoder.nextGiven();
    const frame = decoder.next();
    return frame === undefined ? undefined : givenCopyOf(frame);
  }
}

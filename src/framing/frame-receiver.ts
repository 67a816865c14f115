/** A protocol over any frame decoder: passes frames to `frameReceived`, and takes care of pausing and errors. */

import { RemoteProtocolError } from '../core/errors/base.js';
import { LentBytesTransferredError } from '../core/errors/connection.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { PushProducer } from '../core/producer.js';
import { Protocol } from '../core/protocol.js';
import { isInstance } from '../core/text-of.js';
import { failOnRejection } from '../defer/callback-result.js';
import { givenCopyOf } from '../internal/lent-bytes.js';
import { Delivery } from './delivery.js';
import type { FrameDecoder } from './frame-decoder.js';

/**
 * Base for protocols that receive frames. Override {@link frameReceived}.
 *
 * Frames are delivered in order, never during another frame's callback, and never after the transport was asked to close or
 * abort, or is gone. An error thrown by a callback ends the connection.
 *
 * The transport lends its bytes to this protocol, but frames are copies unless the protocol asks for lent ones too
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
  /** True if the decoder has `keepRest`. */
  override readonly acceptsLentBytes: boolean;
  /**
   * Whether callbacks accept lent bytes. Read for each frame. Default false.
   *
   * - False: frames and rests are given: yours to keep, change and transfer, in memory of their own that is at most twice
   *   as long.
   * - True: they are lent, which saves the copy: views that are valid until the callback returns. Copy bytes that you keep
   *   (`Buffer.copyBytesFrom`); bytes passed to `write` before the callback returns are sent as they are. A callback that
   *   transfers them ends the connection with a LentBytesTransferredError.
   *
   * @example override readonly acceptsLentFrames = true;
   */
  readonly acceptsLentFrames: boolean = false;
  /**
   * Whether the peer must read the answers: while more than 64 KiB of written bytes are unsent, no frame is delivered and no
   * data received, until everything is sent. For servers. If both ends do this, they can wait for each other forever. Read
   * after each frame. Default false.
   *
   * While it waits, the receiver is the transport's producer. If the application has registered a producer, backpressure is
   * left to that one.
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

  /** A frame arrived. @param frame Yours to keep, unless {@link acceptsLentFrames}. */
  abstract frameReceived(frame: Buffer): MaybeAsync;

  /**
   * The peer violated the protocol: called at most once, and no frame is delivered after it. By default throws `error`, which
   * ends the connection immediately with `error` as the reason. An override may answer and call `transport.loseConnection()`;
   * data that arrives until then is dropped.
   *
   * @param _rest The bytes received after the last frame, beginning with the offending ones.
   */
  frameError(error: RemoteProtocolError, _rest: Buffer): MaybeAsync {
    throw error;
  }

  /** The number of received bytes behind the last delivered frame. */
  get unreadBytes(): number {
    return this.#decoder.bufferedBytes;
  }

  override dataReceived(data: Buffer): void {
    if (this.#failed) return;
    this.#decoder.receive(data);
    this.#delivery.run();
  }

  /**
   * Takes the unprocessed bytes: an unfinished frame and everything behind it. They are no longer delivered: use this to hand
   * a connection over to another protocol. Bytes that arrive later are frames again, unless `dataReceived` is overridden.
   * @returns Yours to keep.
   */
  takeUnprocessed(): Buffer {
    return givenCopyOf(this.#decoder.takeRest());
  }

  /**
   * Replaces the unprocessed bytes with `bytes`. Their frames are delivered after the running callback, or before this returns
   * if no callback is running.
   */
  protected replaceUnprocessed(bytes: Uint8Array): void {
    if (this.#failed) return;
    this.#decoder.takeRest();
    this.#decoder.receive(givenCopyOf(bytes));
    if (!this.#delivery.running) this.#delivery.runFromElsewhere();
  }

  /** Stops delivering, from the next frame on, and receiving, until `resumeProducing`. */
  pauseProducing(): void {
    this.#delivery.pause();
  }

  /**
   * Continues: delivers pending frames before this returns, and then receives again. If a callback throws meanwhile, the error
   * is reported and the connection aborted; this method does not throw it.
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
    if (this.#failed) return false;
    let frame: Buffer | undefined;
    try {
      frame = this.acceptsLentFrames ? this.#decoder.next() : this.#nextGiven();
    } catch (error) {
      this.#failed = true;
      if (!isInstance(error, RemoteProtocolError)) throw error;
      const rest = this.#decoder.takeRest();
      const result: unknown = this.frameError(
        error,
        this.acceptsLentFrames ? rest : givenCopyOf(rest),
      );
      if (result !== undefined) failOnRejection(result, this.transport, 'frameError');
      return false;
    }
    if (frame === undefined) return false;
    const { length } = frame;
    const result: unknown = this.frameReceived(frame);
    if (result !== undefined) failOnRejection(result, this.transport, 'frameReceived');
    if (frame.length !== length && this.acceptsLentFrames) {
      this.#failed = true;
      throw new LentBytesTransferredError('frameReceived');
    }
    return true;
  }

  /** @internal */
  keepRest(): void {
    if (!this.#failed) this.#decoder.keepRest?.();
  }

  #nextGiven(): Buffer | undefined {
    const decoder = this.#decoder;
    if (decoder.nextGiven !== undefined) return decoder.nextGiven();
    const frame = decoder.next();
    return frame === undefined ? undefined : givenCopyOf(frame);
  }
}

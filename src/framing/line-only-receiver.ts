/** A protocol that receives only lines. */
import type { RemoteProtocolError } from '../core/errors/base.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { LineTooLongError } from './errors.js';
import { FrameReceiver } from './frame-receiver.js';
import { LineDecoder, type LineDecoderOptions, terminatorOf } from './line-decoder.js';

/**
 * Base for line protocols without raw mode. Like `LineReceiver`, except that nothing is delivered after a line that was too
 * long.
 */
export abstract class LineOnlyReceiver extends FrameReceiver {
  readonly #terminator: Buffer;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: LineDecoderOptions = {}) {
    super(new LineDecoder(options, 'LineOnlyReceiver'));
    this.#terminator = terminatorOf(options);
  }

  /** A line arrived. @param line Without its terminator; yours to keep, unless {@link acceptsLentFrames}. */
  abstract lineReceived(line: Buffer): MaybeAsync;

  /**
   * The peer sent more than `maxLength` bytes without ending the line: called at most once. By default throws `error`,
   * which ends the connection with it as the reason.
   *
   * @param _rest The received part of the line and everything after it.
   */
  lineLengthExceeded(_rest: Buffer, error: LineTooLongError): MaybeAsync {
    throw error;
  }

  /**
   * Sends a line, text as UTF-8, and its terminator.
   * @throws InvalidArgumentTypeError
   */
  sendLine(line: string | Uint8Array): void {
    this.transport.write(line);
    this.transport.write(this.#terminator);
  }

  override frameReceived(frame: Buffer): MaybeAsync {
    return this.lineReceived(frame);
  }

  override frameError(error: RemoteProtocolError, rest: Buffer): MaybeAsync {
    return this.lineLengthExceeded(rest, error as LineTooLongError);
  }
}

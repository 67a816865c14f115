/** A protocol that receives and sends netstrings. */
import type { MaybeAsync } from '../core/maybe-async.js';
import { checkData } from '../internal/check.js';
import { FrameReceiver } from './frame-receiver.js';
import { NetstringDecoder, type NetstringDecoderOptions } from './netstring.js';

/**
 * Base for netstring protocols. Override {@link stringReceived}, and {@link FrameReceiver.frameError} to do more than close the
 * connection if the peer sends something else.
 */
export abstract class NetstringReceiver extends FrameReceiver {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options?: NetstringDecoderOptions) {
    super(new NetstringDecoder(options, 'NetstringReceiver'));
  }

  /** A string arrived. @param string Without its length and comma; yours to keep, unless {@link acceptsLentFrames}. */
  abstract stringReceived(string: Buffer): MaybeAsync;

  /**
   * Sends a netstring, text as UTF-8. `maxLength` limits received strings only, not those sent.
   * @throws InvalidArgumentTypeError
   */
  sendString(string: string | Uint8Array): void {
    checkData(string);
    this.transport.write(`${Buffer.byteLength(string)}:`);
    this.transport.write(string);
    this.transport.write(',');
  }

  override frameReceived(frame: Buffer): MaybeAsync {
    return this.stringReceived(frame);
  }
}

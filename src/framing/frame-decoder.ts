/** The contract of all decoders: bytes in as they come, frames out as they are asked for. No I/O. */

/**
 * Cuts a stream of bytes into frames.
 *
 * Feed it with {@link receive}, then call {@link next} until it answers `undefined`. Stopping half way is safe: what was
 * not asked for waits, or leaves through {@link takeRest} when the connection changes to another protocol. Feeding
 * without draining keeps everything that was fed: nothing but `bufferedBytes` limits that.
 *
 * Frames are views of the chunks they came in, so they live as long as those. Chunks that are the decoder's own (`given` by the
 * transport, and not written to any more) make frames that may be kept, each of which keeps all of its chunk in memory.
 * Chunks that are lent make frames to be used, or copied, before the chunk is overwritten; call {@link keepRest} by then.
 *
 * After an error only {@link takeRest} can be used: `next` and `receive` throw the same error again. A decoder never guesses
 * where the next frame begins.
 */
export interface FrameDecoder {
  /**
   * Adds bytes as they were received. The decoder and its frames keep views of `chunk`: do not write to it while frames of it
   * are in use, nor before {@link keepRest} was called or {@link next} answered `undefined`.
   * @throws InvalidArgumentTypeError `chunk` is no Buffer.
   * @throws RemoteProtocolError the one that `next` threw before.
   */
  receive(chunk: Buffer): void;
  /**
   * The next whole frame, or `undefined` where more bytes are needed.
   * @returns A view of the bytes received, or of the decoder's copy where the frame came in pieces. That copy is never written
   * to again, but holds other frames of this decoder.
   * @throws RemoteProtocolError the peer broke the rules. Frames before the fault have been given by then.
   */
  next(): Buffer | undefined;
  /**
   * The next whole frame, like {@link next}, but in its own memory, which is at most twice as long as the frame and not shared.
   * Optional: without it, a {@link FrameReceiver} copies the frames of `next`.
   */
  nextGiven?(): Buffer | undefined;
  /**
   * Hands over the bytes that no frame was made of, from the beginning of the next frame on, and forgets them. A view, as
   * frames are.
   */
  takeRest(): Buffer;
  /**
   * Copies what waits out of the chunks received, which may then be overwritten. There is nothing left to copy after `next` has
   * answered `undefined`. A decoder that lacks this method is not fed lent bytes by a {@link FrameReceiver}.
   */
  keepRest?(): void;
  /** The bytes received and not yet given: what `takeRest` would return. */
  readonly bufferedBytes: number;
}

/** The highest limit that a decoder can be given: 2^31 - 1 bytes. */
export const MAX_FRAME_BYTES: number = 2 ** 31 - 1;

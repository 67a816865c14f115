/** The contract of all decoders: bytes go in as they arrive, and frames come out on request. No I/O. */

/**
 * Splits a stream of bytes into frames.
 *
 * Call {@link receive} with each chunk, then {@link next} until it returns `undefined`. You may stop earlier: the remaining
 * bytes stay in the decoder, or {@link takeRest} returns them when the connection changes to another protocol. A decoder
 * whose frames are not taken keeps everything it received: check `bufferedBytes` to limit that.
 *
 * Frames are views of the chunks they came in, so they are valid as long as those. If the decoder owns its chunks (the transport
 * gives them and does not write to them again), frames may be kept, but each one keeps its whole chunk in memory. If chunks are
 * lent, use or copy the frames before the chunk is overwritten, and call {@link keepRest} by then.
 *
 * After an error only {@link takeRest} is useful: `next` and `receive` throw the same error again. The decoder never guesses
 * where the next frame might begin.
 */
export interface FrameDecoder {
  /**
   * Adds received bytes. The decoder and its frames keep views of `chunk`: do not write to it while its frames are in use, nor
   * before {@link keepRest} was called or {@link next} returned `undefined`.
   * @throws InvalidArgumentTypeError `chunk` is not a Buffer.
   * @throws RemoteProtocolError the error that `next` threw before.
   */
  receive(chunk: Buffer): void;
  /**
   * The next whole frame, or `undefined` if more bytes are needed.
   * @returns A view of the received bytes, or of the decoder's copy if the frame arrived in pieces. That copy is never written
   * to again, but may contain other frames of this decoder.
   * @throws RemoteProtocolError the peer violated the protocol. All frames before the fault have been returned.
   */
  next(): Buffer | undefined;
  /**
   * The next whole frame like {@link next}, but in memory of its own that is not shared and at most twice as long as the frame.
   * Optional: if it is missing, {@link FrameReceiver} copies the result of `next`.
   */
  nextGiven?(): Buffer | undefined;
  /** Removes and returns the bytes from the beginning of the next frame on. Like a frame, the result is a view. */
  takeRest(): Buffer;
  /**
   * Copies buffered bytes out of the received chunks, which may then be overwritten. After `next` has returned `undefined` there
   * is nothing left to copy. If this method is missing, {@link FrameReceiver} passes no lent bytes to the decoder.
   */
  keepRest?(): void;
  /** The number of bytes received and not yet returned: the length of what `takeRest` would return. */
  readonly bufferedBytes: number;
}

/** The highest limit that a decoder accepts: 2^31 - 1 bytes. */
export const MAX_FRAME_BYTES: number = 2 ** 31 - 1;

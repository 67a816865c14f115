/** The contract of all decoders: bytes in as they come, frames out as they are asked for. No I/O. */

/**
 * Cuts a stream of bytes into frames.
 *
 * Feed it with {@link receive}, then call {@link next} until it answers `undefined`. Stopping half way is safe: what was
 * not asked for waits, or leaves through {@link takeRest} when the connection changes to another protocol. Feeding
 * without draining keeps everything that was fed: nothing but `bufferedBytes` limits that.
 *
 * After an error the decoder is of no further use but for {@link takeRest}: `next` and `receive` throw the same error
 * again. It never guesses where the next frame might begin.
 */
export interface FrameDecoder {
  /**
   * Adds bytes as they were received. The decoder and its frames keep views of `chunk`: do not write to it any more.
   * @throws InvalidArgumentTypeError `chunk` is no Buffer.
   * @throws RemoteProtocolError the one that `next` threw before.
   */
  receive(chunk: Buffer): void;
  /**
   * The next whole frame, or `undefined` where more bytes are needed.
   * @returns Yours to keep: a view of the bytes received, or of a copy where the frame came in pieces.
   * @throws RemoteProtocolError the peer broke the rules. Frames before the fault have been given by then.
   */
  next(): Buffer | undefined;
  /** Hands over the bytes that no frame was made of, from the beginning of the next frame on, and forgets them. */
  takeRest(): Buffer;
  /** The bytes received and not yet given: what `takeRest` would return. */
  readonly bufferedBytes: number;
}

/** The highest limit that a decoder can be given: 2^31 - 1 bytes. */
export const MAX_FRAME_BYTES: number = 2 ** 31 - 1;

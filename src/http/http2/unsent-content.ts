/** Content of a message that the windows or the transport do not permit to be sent yet. */
import { LARGE_WRITE_BYTES } from '../../core/transport.js';
import type { HTTP2Stream } from '../../protocols/http2/stream.js';

type TrailerFields = readonly (readonly [name: string, value: string])[];

/** Most bytes that one stream writes before it looks whether the transport is full. */
const TURN_BYTES = 65_536;

const EMPTY: Uint8Array = new Uint8Array(0);

/** The part of a connection that decides whether a stream may write now. */
export interface WritingLink {
  readonly isFull: boolean;
}

/** Keeps the order of pieces. It exists only while a stream has something unsent, or has not ended. */
export class UnsentContent {
  /** Bytes that are kept. */
  bytes = 0;
  private readonly pieces: Uint8Array[] = [];
  private ending: TrailerFields | 'end' | undefined = undefined;

  /** Whether nothing is left to send. */
  get isEmpty(): boolean {
    return this.pieces.length === 0 && this.ending === undefined;
  }

  /** Adds content. Small pieces are copied, as transports do; strings are sent in UTF-8. */
  add(data: string | Uint8Array): void {
    const isShort = typeof data === 'string' || data.length < LARGE_WRITE_BYTES;
    const piece = isShort ? Buffer.from(data) : data;
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.bytes += piece.length;
  }

  /** No content follows. @param trailers Undefined: none. */
  end(trailers: TrailerFields | undefined): void {
    this.ending = trailers ?? 'end';
  }

  /** Sends what the windows and the transport permit. @returns Whether everything was sent. */
  sendTo(stream: HTTP2Stream, link: WritingLink): boolean {
    const { pieces } = this;
    while (pieces.length > 0) {
      if (link.isFull) return false;
      const piece = pieces[0] as Uint8Array;
      const size = Math.min(piece.length, TURN_BYTES);
      const endsHere = size === piece.length && pieces.length === 1 && this.ending === 'end';
      const sent = stream.write(size === piece.length ? piece : piece.subarray(0, size), endsHere);
      this.bytes -= sent;
      if (sent === piece.length) pieces.shift();
      else pieces[0] = piece.subarray(sent);
      if (sent < size) return false;
      if (!endsHere) continue;
      this.ending = undefined;
      return true;
    }
    const { ending } = this;
    this.ending = undefined;
    if (ending === 'end') stream.write(EMPTY, true);
    else if (ending !== undefined) stream.sendTrailers(ending);
    return true;
  }
}

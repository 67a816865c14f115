/** Joins HEADERS and CONTINUATION frames (RFC 9113 section 6.10), with bounds. A block in one frame is not copied. */
import { limitExceeded, protocolError } from './errors.js';
import type { FrameParser } from './frame-parser.js';
import { CONTINUATION, END_HEADERS, END_STREAM } from './frame-types.js';
import type { HTTP2Settings } from './limits.js';

const EMPTY: Buffer = Buffer.alloc(0);

export class HeaderBlocks {
  /** The stream of the unfinished block; 0 if there is none. */
  pendingId = 0;
  /** Of the last complete block, which is `bytes` from `from` to `to`. */
  streamId = 0;
  endsStream = false;
  bytes: Buffer = EMPTY;
  from = 0;
  to = 0;

  private readonly settings: HTTP2Settings;
  private continuations = 0;

  constructor(settings: HTTP2Settings) {
    this.settings = settings;
  }

  /** Another frame than HEADERS has begun. @throws HTTP2ProtocolError */
  checkFrame(type: number, streamId: number): void {
    const isContinuation = type === CONTINUATION;
    if (this.pendingId === 0) {
      if (isContinuation) throw protocolError('continuation-unexpected');
    } else if (!isContinuation || streamId !== this.pendingId) {
      throw protocolError('continuation-missing');
    }
  }

  /** @returns Whether the block is complete. @throws HTTP2LimitError */
  headers({ streamId, flags, bytes, from, to }: FrameParser): boolean {
    this.streamId = streamId;
    this.endsStream = (flags & END_STREAM) !== 0;
    this.checkLength(to - from);
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    if ((flags & END_HEADERS) !== 0) return true;
    this.pendingId = streamId;
    this.continuations = 0;
    this.bytes = Buffer.from(bytes.subarray(from, to));
    this.from = 0;
    this.to = to - from;
    return false;
  }

  /** @returns Whether the block is complete. @throws HTTP2LimitError */
  continuation({ flags, bytes, from, to }: FrameParser): boolean {
    const { maxContinuations } = this.settings;
    this.continuations += 1;
    if (this.continuations > maxContinuations) {
      throw limitExceeded('maxContinuations', maxContinuations);
    }
    this.checkLength(this.to + to - from);
    this.bytes = Buffer.concat([this.bytes, bytes.subarray(from, to)]);
    this.to = this.bytes.length;
    if ((flags & END_HEADERS) === 0) return false;
    this.pendingId = 0;
    return true;
  }

  /** The block has been decoded. */
  release(): void {
    this.bytes = EMPTY;
  }

  private checkLength(length: number): void {
    const { maxHeaderBlockBytes } = this.settings;
    if (length > maxHeaderBlockBytes) {
      throw limitExceeded('maxHeaderBlockBytes', maxHeaderBlockBytes);
    }
  }
}

/**
 * The common part of decoders for lines and other delimited frames: finds a terminator, however the chunks are cut, and applies
 * the limit. It searches for the last byte of the terminator and then compares backwards, so no byte is searched twice.
 */
import { type RemoteProtocolError, withoutStack } from '../core/errors/base.js';
import { ByteQueue } from './byte-queue.js';

/** Frames that end with a terminator, which is not part of them. */
export class TerminatedBytes {
  private readonly queue: ByteQueue = new ByteQueue();
  private readonly terminator: Buffer;
  private readonly lastByte: number;
  /** Whether the last byte of a two-byte terminator also ends a frame by itself. */
  private readonly firstByteOptional: boolean;
  private readonly maxLength: number;
  private readonly makeError: (maxLength: number) => RemoteProtocolError;
  /** No terminator ends before this offset. */
  private searched = 0;
  private failure: RemoteProtocolError | undefined = undefined;

  /** @param makeError Makes the error that `next` throws if a frame has more than `maxLength` bytes. */
  constructor(
    terminator: Buffer,
    firstByteOptional: boolean,
    maxLength: number,
    makeError: (maxLength: number) => RemoteProtocolError,
  ) {
    this.terminator = terminator;
    this.lastByte = terminator[terminator.length - 1] as number;
    this.firstByteOptional = firstByteOptional;
    this.maxLength = maxLength;
    this.makeError = makeError;
  }

  get bufferedBytes(): number {
    return this.queue.length;
  }

  receive(chunk: Buffer): void {
    if (this.failure !== undefined) throw this.failure;
    this.queue.push(chunk);
  }

  /** @param given Whether the frame must have memory of its own. */
  next(given: boolean): Buffer | undefined {
    if (this.failure !== undefined) throw this.failure;
    const { queue } = this;
    let from = this.searched;
    for (;;) {
      const at = queue.indexOf(this.lastByte, from);
      if (at === -1) return this.unfinished();
      const length = this.lengthBefore(at);
      if (length !== -1) {
        if (length > this.maxLength) throw this.fail();
        this.searched = 0;
        return given ? queue.cutGiven(0, length, at + 1) : queue.cut(0, length, at + 1);
      }
      from = at + 1;
    }
  }

  takeRest(): Buffer {
    this.searched = 0;
    return this.queue.takeRest();
  }

  keepRest(): void {
    this.queue.keep();
  }

  /** The length of the frame whose terminator ends at `at`; -1 if no terminator ends there. */
  private lengthBefore(at: number): number {
    const { queue, terminator } = this;
    if (this.firstByteOptional) {
      return at > 0 && queue.byteAt(at - 1) === terminator[0] ? at - 1 : at;
    }
    const start = at + 1 - terminator.length;
    return start >= 0 && this.agrees(start, at) ? start : -1;
  }

  /** Whether the bytes from `start` up to `end` are the beginning of a terminator. */
  private agrees(start: number, end: number): boolean {
    for (let offset = start; offset < end; offset++) {
      if (this.queue.byteAt(offset) !== this.terminator[offset - start]) return false;
    }
    return true;
  }

  private unfinished(): undefined {
    const { queue, maxLength, terminator } = this;
    const { length } = queue;
    if (length > maxLength && !this.mayStillEnd(length)) throw this.fail();
    this.searched = length;
    queue.settle(maxLength + terminator.length);
    return undefined;
  }

  /** Whether the beginning of a terminator is there, within the limit. */
  private mayStillEnd(length: number): boolean {
    for (let start = this.maxLength; start > length - this.terminator.length; start--) {
      if (this.agrees(start, length)) return true;
    }
    return false;
  }

  private fail(): RemoteProtocolError {
    const failure = withoutStack(() => this.makeError(this.maxLength));
    this.failure = failure;
    return failure;
  }
}

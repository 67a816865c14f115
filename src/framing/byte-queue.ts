/**
 * The bytes that a decoder has received and not yet returned: at most two pieces, a head and a tail.
 *
 * A chunk that arrives while the queue is empty becomes the head as it is, and frames are views of it. When the decoder finds
 * no further whole frame, `settle` copies the unfinished rest into a buffer owned by the queue: the chunk may be lent, and 20
 * leftover bytes must not pin 64 KiB until the peer sends more. That buffer is never part of Node's pool, because frames are
 * views of it and detaching one would detach the pool. The next chunk becomes the tail; only the bytes that complete the
 * unfinished frame are copied from it, and then it becomes the head. A byte is therefore copied once if its frame arrived in
 * pieces, and otherwise never, plus the cost of growing: capacity at least doubles, up to the possible size of the frame.
 * Bytes are appended behind those already returned, never over them.
 */

import { Buffer } from 'node:buffer';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { LentBytesTransferredError } from '../core/errors/connection.js';
import { givenCopy, HEAP_BYTES, ownBytes } from '../internal/lent-bytes.js';

const EMPTY: Buffer = Buffer.alloc(0);

/** Offsets are counted from the first byte in the queue. Methods do not check their arguments. */
export class ByteQueue {
  private head: Buffer = EMPTY;
  private start = 0;
  private end = 0;
  /** Whether `head` is owned by the queue, so that bytes can be appended from `end` on. */
  private owned = false;
  /** Whether nothing has arrived since `settle`. */
  private settled = false;
  /** Follows the head, which is then owned. */
  private tail: Buffer | undefined = undefined;
  private tailStart = 0;

  get length(): number {
    const { tail } = this;
    return this.end - this.start + (tail === undefined ? 0 : tail.length - this.tailStart);
  }

  push(chunk: Buffer): void {
    if (!Buffer.isBuffer(chunk)) throw new InvalidArgumentTypeError('chunk', 'a Buffer', chunk);
    if (chunk.length === 0) return;
    this.checkHead();
    if (this.start === this.end) {
      this.setHead(chunk, 0);
    } else if (this.settled) {
      this.settled = false;
      this.tail = chunk;
      this.tailStart = 0;
    } else {
      this.mergeTail(Number.POSITIVE_INFINITY);
      this.append(chunk, 0, chunk.length, Number.POSITIVE_INFINITY);
    }
  }

  /** The byte at `offset`, which must be less than `length`. */
  byteAt(offset: number): number {
    const inTail = offset - (this.end - this.start);
    if (inTail < 0) return this.head[this.start + offset] as number;
    return (this.tail as Buffer)[this.tailStart + inTail] as number;
  }

  /** The offset of the first `byte` at `from` or later; -1 if there is none. */
  indexOf(byte: number, from: number): number {
    const { start, end, tail } = this;
    const headLength = end - start;
    if (from < headLength) {
      // Buffer's indexOf takes 12 ns for a line of 64 bytes, a loop five times as long.
      const at = this.head.indexOf(byte, start + from);
      if (at !== -1 && at < end) return at - start;
    }
    if (tail === undefined) return -1;
    const at = tail.indexOf(byte, this.tailStart + Math.max(0, from - headLength));
    return at === -1 ? -1 : at - this.tailStart + headLength;
  }

  /** Reads `size` bytes at `offset` as an unsigned integer, inexact from 2^53 on. */
  readUnsigned(offset: number, size: number, littleEndian: boolean): number {
    let value = 0;
    for (let i = 0; i < size; i++) {
      value = value * 256 + this.byteAt(offset + (littleEndian ? size - 1 - i : i));
    }
    return value;
  }

  /** Removes `size` bytes and returns those from `from` up to `to`. */
  cut(from: number, to: number, size: number): Buffer {
    if (size > this.end - this.start) this.gather(size);
    const { head, start } = this;
    const piece = head.subarray(start + from, start + to);
    this.drop(size);
    return piece;
  }

  /** Like {@link cut}, but in memory that holds little else and is not shared. */
  cutGiven(from: number, to: number, size: number): Buffer {
    if (size > this.end - this.start) this.gather(size);
    const { head, start } = this;
    const length = to - from;
    // A long frame that arrived in pieces has been copied already.
    const fills = this.owned && start === 0 && size === head.length && 2 * length >= size;
    const piece = fills ? head.subarray(from, to) : givenCopy(head, start + from, length);
    this.drop(size);
    return piece;
  }

  /**
   * Called when there is no whole frame: copies the buffered bytes out of the received chunk.
   * @param wanted The greatest possible size of the unfinished frame in bytes.
   */
  settle(wanted: number): void {
    this.checkHead();
    this.mergeTail(wanted);
    if (!this.owned && this.start !== this.end) this.grow(0, wanted);
    this.settled = true;
  }

  /** Like {@link settle}, but the queue may contain whole frames. */
  keep(): void {
    if (this.tail !== undefined) this.mergeTail(Number.POSITIVE_INFINITY);
    if (!this.owned && this.start !== this.end) this.grow(0, this.end - this.start);
    this.settled = true;
  }

  /** Takes all bytes: a view, or the chunk as it arrived. */
  takeRest(): Buffer {
    this.mergeTail(this.length);
    const { head, start, end } = this;
    this.setHead(EMPTY, 0);
    if (start === end) return Buffer.alloc(0);
    return start === 0 && end === head.length ? head : head.subarray(start, end);
  }

  /** A frame that was lent earlier may share the memory of the head. */
  private checkHead(): void {
    if (this.end > this.head.length) throw new LentBytesTransferredError('a receiver of frames');
  }

  private drop(size: number): void {
    this.start += size;
    if (this.start === this.end) this.setHead(this.tail ?? EMPTY, this.tailStart);
  }

  private setHead(head: Buffer, start: number): void {
    this.head = head;
    this.start = start;
    this.end = head.length;
    this.owned = false;
    this.settled = false;
    this.tail = undefined;
    this.tailStart = 0;
  }

  /** Moves bytes from the tail so that the first `size` are in one piece. */
  private gather(size: number): void {
    const to = this.tailStart + size - (this.end - this.start);
    this.append(this.tail as Buffer, this.tailStart, to, size);
    this.tailStart = to;
  }

  private mergeTail(wanted: number): void {
    const { tail } = this;
    if (tail === undefined) return;
    this.append(tail, this.tailStart, tail.length, wanted);
    this.tail = undefined;
    this.tailStart = 0;
  }

  private append(source: Buffer, from: number, to: number, wanted: number): void {
    const added = to - from;
    if (!this.owned || this.end + added > this.head.length) this.grow(added, wanted);
    source.copy(this.head, this.end, from, to);
    this.end += added;
  }

  private grow(added: number, wanted: number): void {
    const { head, start, end } = this;
    const length = end - start;
    const needed = length + added;
    // Room for the whole frame is allocated only once a quarter of it has arrived: a mere announcement is not enough.
    const capacity = wanted <= 4 * needed ? wanted : spacious(needed);
    this.head = ownBytes(Math.max(needed, capacity));
    head.copy(this.head, 0, start, end);
    this.start = 0;
    this.end = length;
    this.owned = true;
  }
}

/** Room for growing; on V8's heap if the bytes fit there. */
function spacious(bytes: number): number {
  return bytes <= HEAP_BYTES ? HEAP_BYTES : 2 * bytes;
}

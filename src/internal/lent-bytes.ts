/**
 * Received bytes are either given or lent. This file makes copies with memory of their own, and overwrites lent bytes with a
 * pattern that reveals code that has kept them.
 */

import { countGiven } from './given-memory.js';

/**
 * A Buffer with memory of its own. `Buffer.from` and `Buffer.allocUnsafe` put small data into a pool that the whole process
 * shares: detaching one such buffer detaches all others in the pool. Up to 64 bytes are on V8's heap until `buffer` is
 * read, and cost 45 ns; copying with the constructor is also the fastest way for more.
 */
class GivenBytes extends Uint8Array {}
Object.setPrototypeOf(GivenBytes.prototype, Buffer.prototype);
Object.defineProperty(GivenBytes.prototype, 'constructor', { value: Buffer, writable: true });

/** For fewer bytes than this, a loop is faster than a view and a copy of it. */
const VIEWED_BYTES = 16;

/** The maximum size of arrays on V8's heap (`--typed-array-max-size-in-heap`). */
export const HEAP_BYTES = 64;

/** Memory of its own with undefined content. */
export function ownBytes(length: number): Buffer {
  if (length > HEAP_BYTES) {
    countGiven(length);
    return Buffer.allocUnsafeSlow(length);
  }
  return new GivenBytes(length) as unknown as Buffer;
}

/** A copy of `bytes` with an `ArrayBuffer` of its own that holds nothing else. */
export function givenCopyOf(bytes: Uint8Array): Buffer {
  countGiven(bytes.byteLength);
  return new GivenBytes(bytes) as unknown as Buffer;
}

/** A copy of `length` bytes of `source` from `offset` on, with an `ArrayBuffer` of its own that holds nothing else. */
export function givenCopy(source: Uint8Array, offset: number, length: number): Buffer {
  if (length >= VIEWED_BYTES) {
    return givenCopyOf(new Uint8Array(source.buffer, source.byteOffset + offset, length));
  }
  const copy = new GivenBytes(length);
  for (let i = 0; i < length; i++) copy[i] = source[offset + i] as number;
  return copy as unknown as Buffer;
}

/** Overwrites bytes that are no longer lent. It is not ASCII, not UTF-8 by itself, and not a small number. */
export const POISON_BYTE = 0xdb;

/** Overwrites bytes that were lent. Detached memory is left alone. */
export function poison(bytes: Uint8Array, offset = 0, length: number = bytes.byteLength): void {
  if (bytes.byteLength > 0) bytes.fill(POISON_BYTE, offset, offset + length);
}

/** Memory that is lent. */
const lentMemory = new WeakSet<ArrayBufferLike>();

/** From now on views of `memory` are lent: code that keeps bytes by reference must copy them. */
export function markLent(memory: ArrayBufferLike): void {
  lentMemory.add(memory);
}

/** Whether the memory of `data` is lent, by any transport of this thread. */
export function isLent(data: Uint8Array): boolean {
  return lentMemory.has(data.buffer);
}

/**
 * Lends bytes as strictly as possible: each time in memory that is used for nothing else, filled with the poison before and after
 * the bytes, and overwritten with it as soon as the loan ends. A protocol that keeps a lent view reads the poison, as does one
 * that takes `data.buffer` for the data.
 */
import { givenCopyOf, markLent, POISON_BYTE, poison } from '../internal/lent-bytes.js';

/** Odd, so that nothing is aligned by chance. */
const MARGIN_BYTES = 61;

/** Calls `take` with a lent copy of `bytes`, which it may modify or transfer. */
export function lend(bytes: Uint8Array, take: (lent: Buffer) => void): void {
  const memory = new ArrayBuffer(bytes.byteLength + 2 * MARGIN_BYTES);
  markLent(memory);
  const all = new Uint8Array(memory).fill(POISON_BYTE);
  all.set(bytes, MARGIN_BYTES);
  try {
    take(Buffer.from(memory, MARGIN_BYTES, bytes.byteLength));
  } finally {
    poison(all);
  }
}

/** Calls `take` with lent bytes if the protocol accepts them, otherwise with bytes of its own. */
export function deliver(
  bytes: Buffer,
  acceptsLentBytes: boolean | undefined,
  take: (data: Buffer) => void,
): void {
  if (acceptsLentBytes === true) lend(bytes, take);
  else take(givenCopyOf(bytes));
}

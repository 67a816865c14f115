/** Writes the headers of frames (RFC 6455 section 5.2), without masking keys. */
import { MAX_CONTROL_BYTES } from './opcodes.js';

/** The size of the header in front of `length` bytes. */
export function headerSize(length: number): number {
  return length <= MAX_CONTROL_BYTES ? 2 : length <= 0xffff ? 4 : 10;
}

/** @returns The size of the header. */
export function writeHeader(target: Uint8Array, at: number, first: number, length: number): number {
  target[at] = first;
  if (length <= MAX_CONTROL_BYTES) {
    target[at + 1] = length;
    return 2;
  }
  const bytes = length <= 0xffff ? 2 : 8;
  target[at + 1] = bytes === 2 ? 126 : 127;
  let rest = length;
  for (let i = at + 1 + bytes; i > at + 1; i--) {
    target[i] = rest;
    rest = Math.floor(rest / 256);
  }
  return 2 + bytes;
}

/**
 * Masking (RFC 6455 section 5.3). Received bytes are lent and, except by `MasksInPlace`, must not be changed, and nearly every payload is
 * consumed at once, so it is unmasked while it is copied into memory that all connections of the thread share.
 */
import { Buffer } from 'node:buffer';
import { markLent } from '../../internal/lent-bytes.js';
import { createVectorMask } from './vector-mask.js';

/** The size of {@link scratch}. */
export const SCRATCH_BYTES = 65_536;

/** Where payload begins in {@link scratch}: aligned, and behind room for the longest header, so that it can be sent back in place. */
export const PAYLOAD_AT = 16;

/** The most payload in {@link scratch}; a multiple of the length of a masking key. */
export const MAX_SCRATCH_PAYLOAD: number = SCRATCH_BYTES - PAYLOAD_AT;

const vectors = createVectorMask();

/** Shared memory, valid until the next call that uses it. Its views are lent. */
export const scratch: Buffer = Buffer.from(vectors?.memory ?? new ArrayBuffer(SCRATCH_BYTES));
markLent(scratch.buffer);

const words = new Uint32Array(scratch.buffer);
const keyBytes = new Uint8Array(4);
const keyWords = new Uint32Array(keyBytes.buffer);

/** For fewer bytes, a loop over bytes is faster than a copy and a loop over vectors, or words. */
const COPIED_BYTES = vectors === undefined ? 96 : 48;

/** The key for bytes that follow `count` bytes masked with `key`. Keys have the first byte of the wire in the low 8 bits. */
export function rotateKey(key: number, count: number): number {
  const bits = (count & 3) * 8;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/**
 * Copies `length` bytes, at most {@link MAX_SCRATCH_PAYLOAD}, to {@link PAYLOAD_AT} in {@link scratch} and masks or unmasks them.
 * @returns Whether all bytes are then ASCII.
 */
export function maskToScratch(
  source: Uint8Array,
  from: number,
  length: number,
  key: number,
): boolean {
  if (length >= COPIED_BYTES) {
    copyToScratch(source, from, length);
    return maskScratch(PAYLOAD_AT, length, key);
  }
  const k0 = key & 0xff;
  const k1 = (key >>> 8) & 0xff;
  const k2 = (key >>> 16) & 0xff;
  const k3 = key >>> 24;
  let bits = 0;
  let i = 0;
  for (const whole = length - 3; i < whole; i += 4) {
    const b0 = (source[from + i] as number) ^ k0;
    const b1 = (source[from + i + 1] as number) ^ k1;
    const b2 = (source[from + i + 2] as number) ^ k2;
    const b3 = (source[from + i + 3] as number) ^ k3;
    scratch[PAYLOAD_AT + i] = b0;
    scratch[PAYLOAD_AT + i + 1] = b1;
    scratch[PAYLOAD_AT + i + 2] = b2;
    scratch[PAYLOAD_AT + i + 3] = b3;
    bits |= b0 | b1 | b2 | b3;
  }
  for (; i < length; i++) {
    const byte = (source[from + i] as number) ^ ((key >>> ((i & 3) * 8)) & 0xff);
    scratch[PAYLOAD_AT + i] = byte;
    bits |= byte;
  }
  return bits < 0x80;
}

/**
 * Masks `length` bytes of {@link scratch} in place.
 * @param at A multiple of 4.
 * @returns Whether all bytes are then ASCII.
 */
export function maskScratch(at: number, length: number, key: number): boolean {
  return vectors === undefined ? maskWords(at, length, key) : vectors.mask(at, length, key) === 0;
}

/** {@link maskScratch} without WebAssembly. Exported for its test. */
export function maskWords(at: number, length: number, key: number): boolean {
  keyBytes[0] = key;
  keyBytes[1] = key >>> 8;
  keyBytes[2] = key >>> 16;
  keyBytes[3] = key >>> 24;
  const word = keyWords[0] as number;
  let bits = 0;
  let i = at >>> 2;
  const end = (at + length) >>> 2;
  for (const whole = end - 3; i < whole; i += 4) {
    const w0 = (words[i] as number) ^ word;
    const w1 = (words[i + 1] as number) ^ word;
    const w2 = (words[i + 2] as number) ^ word;
    const w3 = (words[i + 3] as number) ^ word;
    words[i] = w0;
    words[i + 1] = w1;
    words[i + 2] = w2;
    words[i + 3] = w3;
    bits |= w0 | w1 | w2 | w3;
  }
  for (; i < end; i++) {
    const masked = (words[i] as number) ^ word;
    words[i] = masked;
    bits |= masked;
  }
  bits &= 0x80808080;
  for (let b = end * 4; b < at + length; b++) {
    const byte = (scratch[b] as number) ^ ((key >>> ((b & 3) * 8)) & 0xff);
    scratch[b] = byte;
    bits |= byte & 0x80;
  }
  return bits === 0;
}

/** Masks `length` bytes of `source` into `target`; for control frames and other short data. */
export function maskShort(
  source: Uint8Array,
  from: number,
  length: number,
  key: number,
  target: Uint8Array,
  to: number,
): void {
  for (let i = 0; i < length; i++) {
    target[to + i] = (source[from + i] as number) ^ ((key >>> ((i & 3) * 8)) & 0xff);
  }
}

function copyToScratch(source: Uint8Array, from: number, length: number): void {
  if (Buffer.isBuffer(source)) source.copy(scratch, PAYLOAD_AT, from, from + length);
  else scratch.set(source.subarray(from, from + length), PAYLOAD_AT);
}

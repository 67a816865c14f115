/**
 * Tokens that are different each time although the secret is the same, so that the compressed size of pages reveals nothing about it
 * (BREACH): a random mask, and the secret XOR the mask.
 */
import { timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '../../cred/secrets.js';

export const SECRET_BYTES = 32;

/** @param secret {@link SECRET_BYTES} bytes. */
export function maskedToken(secret: Uint8Array, randomBytes: RandomBytes): string {
  const token = Buffer.alloc(2 * SECRET_BYTES);
  const mask = randomBytes(SECRET_BYTES);
  for (let i = 0; i < SECRET_BYTES; i++) {
    const random = mask[i] as number;
    token[i] = random;
    token[SECRET_BYTES + i] = random ^ (secret[i] as number);
  }
  return token.toString('base64url');
}

/** Whether a token was made of the secret. Takes the same time for all tokens of the right length. */
export function isTokenOf(secret: Uint8Array, token: string): boolean {
  if (!/^[\w-]{86}$/.test(token)) return false;
  const bytes = Buffer.from(token, 'base64url');
  const found = Buffer.alloc(SECRET_BYTES);
  for (let i = 0; i < SECRET_BYTES; i++) {
    found[i] = (bytes[i] as number) ^ (bytes[SECRET_BYTES + i] as number);
  }
  return secret.length === SECRET_BYTES && timingSafeEqual(found, secret);
}

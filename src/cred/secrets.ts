/** Comparison and random numbers for secrets. */
import { createHash, randomBytes as randomBytesOfNode, timingSafeEqual } from 'node:crypto';

/** Returns `size` random bytes that nobody can predict. The default everywhere is `randomBytes` of node:crypto. */
export type RandomBytes = (size: number) => Uint8Array;

export const RANDOM_BYTES: RandomBytes = (size) => randomBytesOfNode(size);

/** Whether two secrets are equal. The time depends on their lengths, and not on their contents. */
export function equalSecrets(one: string | Uint8Array, other: string | Uint8Array): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

/** Texts are hashed as UTF-8: a lone surrogate equals U+FFFD, which {@link isWellFormed} excludes. */
function digestOf(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether a text has no lone surrogates, so that its UTF-8 form determines it. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

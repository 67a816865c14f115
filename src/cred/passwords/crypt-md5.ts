/**
 * MD5-crypt of FreeBSD, `$1$`, and Apache's variant `$apr1$`. 1,000 rounds of MD5 are weak: hashes are verified, not made. It takes
 * a millisecond or two, so it runs in a thread.
 */
import { createHash } from 'node:crypto';
import { cryptBase64, repeated } from './crypt-base64.js';

const ROUNDS = 1_000;
const MAX_SALT = 8;

/** @param magic `$1$` or `$apr1$`. */
export function cryptMD5(password: Buffer, salt: string, magic: '$1$' | '$apr1$'): string {
  const used = Buffer.from(salt.slice(0, MAX_SALT), 'latin1');
  const inner = createHash('md5').update(password).update(used).update(password).digest();
  const outer = createHash('md5').update(password).update(magic).update(used);
  outer.update(repeated(inner, password.length));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    outer.update((bits & 1) === 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  }
  let digest = outer.digest();
  for (let round = 0; round < ROUNDS; round++) {
    const odd = (round & 1) === 1;
    const hash = createHash('md5').update(odd ? password : digest);
    if (round % 3 !== 0) hash.update(used);
    if (round % 7 !== 0) hash.update(password);
    digest = hash.update(odd ? digest : password).digest();
  }
  return `${magic}${used.toString('latin1')}$${encoded(digest)}`;
}

function encoded(digest: Buffer): string {
  const at = (index: number): number => digest[index] as number;
  let text = '';
  for (let i = 0; i < 5; i++) text += cryptBase64(at(i), at(i + 6), at(i === 4 ? 5 : i + 12), 4);
  return text + cryptBase64(0, 0, at(11), 2);
}

/**
 * SHA-crypt, `$5$` (SHA-256) and `$6$` (SHA-512), by https://www.akkadia.org/drepper/SHA-crypt.txt. The time is proportional to the
 * number of rounds, so it runs in a thread.
 */
import { createHash, type Hash } from 'node:crypto';
import { cryptBase64, repeated } from './crypt-base64.js';

const DEFAULT_ROUNDS = 5_000;
const MAX_SALT = 16;

export interface ShaCryptSettings {
  readonly magic: '$5$' | '$6$';
  readonly salt: string;
  /** Undefined: 5,000, and not written. */
  readonly rounds: number | undefined;
}

export function cryptSHA(password: Buffer, settings: ShaCryptSettings): string {
  const { magic, rounds = DEFAULT_ROUNDS } = settings;
  const hash = (): Hash => createHash(magic === '$5$' ? 'sha256' : 'sha512');
  const salt = Buffer.from(settings.salt.slice(0, MAX_SALT), 'latin1');
  const inner = hash().update(password).update(salt).update(password).digest();
  const outer = hash().update(password).update(salt).update(repeated(inner, password.length));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    outer.update((bits & 1) === 1 ? inner : password);
  }
  let digest = outer.digest();
  const ofPassword = hash()
    .update(repeated(password, password.length ** 2))
    .digest();
  const p = repeated(ofPassword, password.length);
  const saltLength = salt.length * (16 + (digest[0] as number));
  const s = repeated(hash().update(repeated(salt, saltLength)).digest(), salt.length);
  for (let round = 0; round < rounds; round++) {
    const odd = (round & 1) === 1;
    const step = hash().update(odd ? p : digest);
    if (round % 3 !== 0) step.update(s);
    if (round % 7 !== 0) step.update(p);
    digest = step.update(odd ? digest : p).digest();
  }
  const cost = settings.rounds === undefined ? '' : `rounds=${settings.rounds}$`;
  return `${magic}${cost}${salt.toString('latin1')}$${encoded(digest)}`;
}

/** The octets are taken in threes, a third of the digest apart, each time rotated. */
function encoded(digest: Buffer): string {
  const at = (index: number): number => digest[index] as number;
  const third = Math.floor(digest.length / 3);
  let [a, b, c] = [0, third, 2 * third];
  let text = '';
  for (let i = 0; i < third; i++) {
    text += cryptBase64(at(a), at(b), at(c), 4);
    [a, b, c] = digest.length === 32 ? [c + 1, a + 1, b + 1] : [b + 1, c + 1, a + 1];
  }
  return (
    text + (digest.length === 32 ? cryptBase64(0, at(31), at(30), 3) : cryptBase64(0, 0, at(63), 2))
  );
}

/** scrypt and Argon2id of node:crypto, which run in the thread pool of libuv. */
import * as crypto from 'node:crypto';
import { UnsupportedHashError } from '../errors.js';

/** The signature of node:crypto's `argon2`, which Node has from 24.7 on. */
type Argon2 = (
  algorithm: 'argon2id',
  parameters: Readonly<Record<string, unknown>>,
  callback: (error: Error | null, key: Buffer) => void,
) => void;

/** A key by scrypt (RFC 7914). */
export function scryptKey(
  password: string,
  salt: Uint8Array,
  bytes: number,
  { logN, r, p }: { readonly logN: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  const N = 2 ** logN;
  const maxmem = 128 * r * (N + p + 2) + 2 ** 20;
  return new Promise((resolve, reject) => {
    crypto.scrypt(password, salt, bytes, { N, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** The function of node:crypto. @throws UnsupportedHashError this Node does not have it. */
export function argon2(): Argon2 {
  const found = (crypto as { argon2?: Argon2 }).argon2;
  if (found !== undefined) return found;
  throw new UnsupportedHashError('argon2id', 'node:crypto of this Node does not have it');
}

/** A key by Argon2id (RFC 9106). */
export function argon2Key(
  password: string,
  nonce: Uint8Array,
  tagLength: number,
  costs: { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number },
): Promise<Buffer> {
  const { memoryKiB: memory, passes, parallelism } = costs;
  const parameters = { message: password, nonce, tagLength, memory, passes, parallelism };
  return new Promise((resolve, reject) => {
    argon2()('argon2id', parameters, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

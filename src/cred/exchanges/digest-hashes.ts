/** The hashes of HTTP Digest (RFC 7616 section 3.4). Texts are UTF-8. */
import { createHash } from 'node:crypto';
import { InvalidCredentialsError } from '../errors.js';

export type DigestAlgorithm =
  | 'MD5'
  | 'MD5-sess'
  | 'SHA-256'
  | 'SHA-256-sess'
  | 'SHA-512-256'
  | 'SHA-512-256-sess';

export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = [
  'MD5',
  'MD5-sess',
  'SHA-256',
  'SHA-256-sess',
  'SHA-512-256',
  'SHA-512-256-sess',
];

export type DigestQop = 'auth' | 'auth-int';

export const DIGEST_QOPS: readonly DigestQop[] = ['auth', 'auth-int'];

/** The name of the algorithm, which is compared without regard to case. */
export function algorithmNamed(name: string): DigestAlgorithm | undefined {
  return DIGEST_ALGORITHMS.find((known) => known.toLowerCase() === name.toLowerCase());
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

function hash(algorithm: DigestAlgorithm, data: string | Uint8Array): string {
  const name = HASHES[algorithm.replace('-sess', '')] as string;
  return createHash(name).update(data).digest('hex');
}

/**
 * A hash that a server may store instead of the password: that of user name, realm and password. It is the same for an algorithm and its
 * variant `-sess`, and as good as the password for this realm.
 */
export function digestUserHash(
  algorithm: DigestAlgorithm,
  user: { readonly username: string; readonly realm: string; readonly password: string },
): string {
  return hash(algorithm, `${user.username}:${user.realm}:${user.password}`);
}

/** The name of a user as `userhash` sends it (RFC 7616 section 3.4.4). */
export function digestHashedName(
  algorithm: DigestAlgorithm,
  username: string,
  realm: string,
): string {
  return hash(algorithm, `${username}:${realm}`);
}

/** The facts about a request that a response covers. */
export interface DigestRequest {
  readonly algorithm: DigestAlgorithm;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly cnonce: string;
  /** Eight hexadecimal digits. */
  readonly nc: string;
  readonly qop: DigestQop;
  /** The content of the request, for `auth-int`. */
  readonly body: Uint8Array | string;
}

/** The response to a challenge. @param userHash See {@link digestUserHash}. */
export function digestResponse(userHash: string, request: DigestRequest): string {
  const { algorithm, nonce, cnonce, nc, qop } = request;
  const sess = algorithm.endsWith('-sess');
  const a1 = sess ? hash(algorithm, `${userHash}:${nonce}:${cnonce}`) : userHash;
  const entity = qop === 'auth-int' ? `:${hash(algorithm, request.body)}` : '';
  const a2 = hash(algorithm, `${request.method}:${request.uri}${entity}`);
  return hash(algorithm, `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}

export function invalidDigest(problem: string): InvalidCredentialsError {
  return new InvalidCredentialsError(`Digest: ${problem}`);
}

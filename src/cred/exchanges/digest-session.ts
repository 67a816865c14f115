/** The use of one nonce of a server by a client of HTTP Digest, for several requests (RFC 7616 sections 3.4 to 3.6). Sans-I/O. */
import { InvalidCredentialsError } from '../errors.js';
import type { AuthChallenge } from './auth-challenges.js';
import { parseAuthParams } from './auth-params.js';
import {
  type DigestAnswer,
  type DigestChallenge,
  digestChallenge,
  digestField,
} from './digest-authorization.js';
import type { DigestAlgorithm } from './digest-hashes.js';

/** The strongest first. Servers list MD5 first for clients that take the first one. */
const BY_STRENGTH: readonly DigestAlgorithm[] = [
  'SHA-512-256',
  'SHA-512-256-sess',
  'SHA-256',
  'SHA-256-sess',
  'MD5',
  'MD5-sess',
];

/** The supported challenge with the strongest algorithm; undefined if there is none. */
export function strongestDigest(challenges: readonly AuthChallenge[]): DigestChallenge | undefined {
  const supported = challenges.flatMap(({ scheme, params }) => {
    if (scheme !== 'digest') return [];
    try {
      return [digestChallenge(params)];
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return [];
      throw error;
    }
  });
  const rank = ({ algorithm }: DigestChallenge): number => BY_STRENGTH.indexOf(algorithm);
  return supported.sort((one, other) => rank(one) - rank(other))[0];
}

/** A request to be answered for; `body` is undefined if the content cannot be hashed. */
export type DigestedContent = Omit<DigestAnswer, 'qop' | 'cnonce' | 'count' | 'body'> & {
  readonly body: Uint8Array | string | undefined;
};

export class DigestSession {
  /** It stays the same: a session key of `-sess` is made of the first one. */
  readonly #cnonce: string;
  #challenge: DigestChallenge;
  #count = 0;

  /** @param cnonce Random visible ASCII without quotes and backslashes. */
  constructor(challenge: DigestChallenge, cnonce: string) {
    this.#challenge = challenge;
    this.#cnonce = cnonce;
  }

  /** Whether the server expects the same user at this URL, which is one of its own. */
  covers({ href, origin }: URL): boolean {
    const uris = this.#challenge.domain?.split(' ').filter((uri) => uri !== '') ?? [];
    if (uris.length === 0) return true;
    return uris.some(
      (uri) => URL.canParse(uri, origin) && href.startsWith(new URL(uri, origin).href),
    );
  }

  /** The value of Authorization for another request. Undefined if only `auth-int` is offered, and the content cannot be hashed. */
  answer(request: DigestedContent): string | undefined {
    const { body = '' } = request;
    const qop = this.#challenge.qops[0] ?? 'auth';
    if (qop === 'auth-int' && request.body === undefined) return undefined;
    this.#count += 1;
    return digestField(this.#challenge, {
      ...request,
      qop,
      body,
      cnonce: this.#cnonce,
      count: this.#count,
    });
  }

  /**
   * Takes the next nonce from the value of Authentication-Info, if it has one. A session key of `-sess` belongs to its nonce, which
   * is therefore used until the server calls it stale.
   */
  learn(info: string): void {
    if (this.#challenge.algorithm.endsWith('-sess')) return;
    let nonce: string | undefined;
    try {
      nonce = parseAuthParams('Digest', `Digest ${info}`).get('nextnonce');
    } catch (error) {
      if (!(error instanceof InvalidCredentialsError)) throw error;
    }
    if (!nonce || nonce === this.#challenge.nonce) return;
    this.#challenge = { ...this.#challenge, nonce };
    this.#count = 0;
  }
}

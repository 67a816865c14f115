/**
 * A server's side of HTTP Digest authentication (RFC 7616), sans-I/O: challenges, and responses to them.
 *
 * Always with `qop`, whose absence (RFC 2069) permits replay. Omitted: `userhash`, and the field Authentication-Info.
 */
import type { Clock } from '../../core/clock.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import {
  checkChoice,
  checkClock,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { hasControls } from '../../internal/network-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { CredentialsSequenceError, StaleNonceError } from '../errors.js';
import { RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { parseAuthParams, quotedParam } from './auth-params.js';
import { DigestCredentials } from './digest-credentials.js';
import {
  algorithmNamed,
  DIGEST_ALGORITHMS,
  DIGEST_QOPS,
  type DigestAlgorithm,
  type DigestQop,
  type DigestRequest,
  invalidDigest as invalid,
} from './digest-hashes.js';
import { DigestNonces } from './digest-nonces.js';

export interface DigestChallengesOptions {
  /** Shown to users, and a part of each hash. No control characters. */
  readonly realm: string;
  /** A reactor, or the manual clock of a test. */
  readonly clock: Clock;
  /** Accepted algorithms, the preferred one first. Default SHA-256, and MD5 for old clients. */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** `auth-int` also covers the content of requests. Default `auth` only. */
  readonly qop?: readonly DigestQop[];
  /** Time during which a nonce can be used. Default 300,000. */
  readonly nonceLifetimeMs?: number;
  /** Nonces whose counts are remembered. Default 10,000. */
  readonly maxNonces?: number;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<DigestChallengesOptions> = {
  realm: true,
  clock: true,
  algorithms: true,
  qop: true,
  nonceLifetimeMs: true,
  maxNonces: true,
  randomBytes: true,
};
const NONCE_LIFETIME_MS = 300_000;
const MAX_NONCES = 10_000;

/** The request that an Authorization field belongs to. */
export interface DigestedRequest {
  readonly method: string;
  /** The target of the request line, which the response must contain. */
  readonly uri: string;
  /** The content, if `auth-int` is accepted. */
  readonly body?: Uint8Array | string;
}

const REQUEST: OptionNames<DigestedRequest> = { method: true, uri: true, body: true };

/**
 * A server's side of HTTP Digest.
 *
 * @example
 * const challenges = new DigestChallenges({ realm: 'files', clock: reactor });
 * response.setHeader('WWW-Authenticate', challenges.fields()); // with status 401
 * const credentials = challenges.decode(request.headers.authorization, { method, uri });
 * await portal.login(credentials);
 */
export class DigestChallenges {
  readonly realm: string;
  readonly #clock: Clock;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #qops: readonly DigestQop[];
  readonly #nonces: DigestNonces;
  readonly #opaque: string;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: DigestChallengesOptions) {
    checkOptions('DigestChallenges', options, OPTIONS);
    const { realm, clock, algorithms = ['SHA-256', 'MD5'], qop = ['auth'] } = options;
    const { nonceLifetimeMs = NONCE_LIFETIME_MS, maxNonces = MAX_NONCES } = options;
    const { randomBytes = RANDOM_BYTES } = options;
    this.realm = checkRealm(realm);
    checkClock('clock', clock);
    checkFunction('randomBytes', randomBytes);
    this.#clock = clock;
    this.#algorithms = checkList('algorithms', algorithms, DIGEST_ALGORITHMS);
    this.#qops = checkList('qop', qop, DIGEST_QOPS);
    checkMilliseconds('nonceLifetimeMs', nonceLifetimeMs);
    checkInteger('maxNonces', maxNonces, 1, 2 ** 31 - 1);
    this.#nonces = new DigestNonces(randomBytes, nonceLifetimeMs, maxNonces);
    this.#opaque = Buffer.from(randomBytes(16)).toString('base64url');
  }

  /** The number of nonces whose counts are remembered. */
  get remembered(): number {
    return this.#nonces.remembered;
  }

  /** The values of WWW-Authenticate fields: one for each algorithm. @param stale After a StaleNonceError. */
  fields(stale = false): string[] {
    const nonce = this.#nonces.make(this.#clock.now());
    return this.#algorithms.map((algorithm) =>
      [
        `Digest realm=${quotedParam(this.realm)}`,
        `qop="${this.#qops.join(', ')}"`,
        `algorithm=${algorithm}`,
        `nonce="${nonce}"`,
        `opaque="${this.#opaque}"`,
        'charset=UTF-8',
        ...(stale ? ['stale=true'] : []),
      ].join(', '),
    );
  }

  /**
   * Reads the value of an Authorization field. A count that was used before is refused here, and again when the password is
   * checked: the first right response uses it up.
   *
   * @throws InvalidCredentialsError, StaleNonceError
   * @throws CredentialsSequenceError `body` is needed for `auth-int` and missing.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  decode(field: string, request: DigestedRequest): DigestCredentials {
    checkOptions('decode', request, REQUEST);
    const params = parseAuthParams('Digest', checkSecretString('field', field));
    const digested = this.#digested(params, request);
    const response = need(params, 'response').toLowerCase();
    const digits = digested.algorithm.startsWith('MD5') ? 32 : 64;
    if (!/^[0-9a-f]+$/.test(response) || response.length !== digits) {
      throw invalid(`the response has not ${digits} hexadecimal digits`);
    }
    const username = usernameOf(params);
    const { nonce, nc } = digested;
    const count = Number.parseInt(nc, 16);
    if (!this.#nonces.isFresh(nonce, count, this.#clock.now())) {
      throw new StaleNonceError('Digest: the nonce has expired, or its count was used');
    }
    const use = (): boolean => this.#nonces.use(nonce, count, this.#clock.now());
    return new DigestCredentials(username, this.realm, digested, response, use);
  }

  /** The facts that the response covers, which must be those of the challenge and of the request. */
  #digested(params: Params, { method, uri, body }: DigestedRequest): DigestRequest {
    const algorithm = algorithmNamed(params.get('algorithm') ?? 'MD5');
    const qop = need(params, 'qop') as DigestQop;
    if (algorithm === undefined || !this.#algorithms.includes(algorithm)) {
      throw invalid('the algorithm was not offered');
    }
    if (!this.#qops.includes(qop)) throw invalid('the qop was not offered');
    if (need(params, 'realm') !== this.realm) throw invalid('the realm is another');
    if (need(params, 'opaque') !== this.#opaque) {
      throw new StaleNonceError('Digest: the challenge is not known');
    }
    if (need(params, 'uri') !== uri) throw invalid('the URI is not that of the request');
    const nc = need(params, 'nc');
    if (!/^[0-9a-f]{8}$/i.test(nc)) throw invalid('nc has not eight hexadecimal digits');
    if (qop === 'auth-int' && body === undefined) {
      throw new CredentialsSequenceError('Digest: auth-int needs the body of the request');
    }
    const [nonce, cnonce] = [need(params, 'nonce'), need(params, 'cnonce')];
    return { algorithm, method, uri, nonce, cnonce, nc, qop, body: body ?? '' };
  }
}

type Params = ReadonlyMap<string, string>;

function need(params: Params, name: string): string {
  const value = params.get(name);
  if (value === undefined || value === '') throw invalid(`${name} is missing`);
  return value;
}

/** `username*` is UTF-8 in percent encoding (RFC 5987). Not both. */
function usernameOf(params: Params): string {
  const plain = params.get('username');
  const extended = params.get('username*');
  if (params.get('userhash') === 'true') throw invalid('userhash is not supported');
  if ((plain === undefined) === (extended === undefined)) throw invalid('username is missing');
  if (plain !== undefined) return plain;
  const [, encoded] = /^UTF-8'[^']*'(.*)$/i.exec(extended as string) ?? [];
  if (encoded === undefined) throw invalid('username* is malformed');
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalid('username* is malformed');
  }
}

function checkRealm(realm: unknown): string {
  const text = checkString('realm', realm);
  if (!hasControls(text) && text !== '') return text;
  const expected = 'a text without control characters that is not empty';
  throw new InvalidArgumentValueError('realm', expected, realm);
}

function checkList<T extends string>(
  what: string,
  list: readonly T[],
  known: readonly T[],
): readonly T[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidArgumentTypeError(what, 'an array that is not empty', list);
  }
  return list.map((one) => checkChoice(`an element of ${what}`, one, known));
}

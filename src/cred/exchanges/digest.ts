/**
 * HTTP Digest authentication (RFC 7616), sans-I/O: challenges and responses of servers, and the responses of clients.
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
import { showAsText } from '../../internal/shown-as-text.js';
import { type Credentials, shownName } from '../credentials.js';
import { CredentialsSequenceError, InvalidCredentialsError, StaleNonceError } from '../errors.js';
import { equalSecrets, RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { parseAuthParams, quotedParam } from './auth-params.js';
import {
  algorithmNamed,
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  type DigestQop,
  type DigestRequest,
  digestResponse,
  digestUserHash,
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
const QOPS: readonly DigestQop[] = ['auth', 'auth-int'];
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
    this.#qops = checkList('qop', qop, QOPS);
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
    const need = (name: string): string => {
      const value = params.get(name);
      if (value === undefined || value === '') throw invalid(`${name} is missing`);
      return value;
    };
    const algorithm = algorithmNamed(params.get('algorithm') ?? 'MD5');
    const qop = need('qop') as DigestQop;
    if (algorithm === undefined || !this.#algorithms.includes(algorithm)) {
      throw invalid('the algorithm was not offered');
    }
    if (!this.#qops.includes(qop)) throw invalid('the qop was not offered');
    if (need('realm') !== this.realm) throw invalid('the realm is another');
    if (need('opaque') !== this.#opaque)
      throw new StaleNonceError('Digest: the challenge is not known');
    if (need('uri') !== request.uri) throw invalid('the URI is not that of the request');
    const nc = need('nc');
    const response = need('response').toLowerCase();
    const digits = algorithm.startsWith('MD5') ? 32 : 64;
    if (!/^[0-9a-f]{8}$/i.test(nc)) throw invalid('nc has not eight digits');
    if (!/^[0-9a-f]+$/.test(response) || response.length !== digits) {
      throw invalid('the response has a wrong length');
    }
    const { method, uri, body } = request;
    if (qop === 'auth-int' && body === undefined) {
      throw new CredentialsSequenceError('Digest: auth-int needs the body of the request');
    }
    const nonce = need('nonce');
    const use = (): boolean => this.#nonces.use(nonce, Number.parseInt(nc, 16), this.#clock.now());
    const fresh = this.#nonces.isFresh(nonce, Number.parseInt(nc, 16), this.#clock.now());
    if (!fresh) throw new StaleNonceError('Digest: the nonce has expired, or its count was used');
    const digested = {
      algorithm,
      method,
      uri,
      nonce,
      cnonce: need('cnonce'),
      nc,
      qop,
      body: body ?? '',
    };
    return new DigestCredentials(usernameOf(params), this.realm, digested, response, use);
  }
}

/** A user name and a hash of the password and a request. */
export class DigestCredentials implements Credentials {
  readonly kind = 'digest' as const;
  readonly username: string;
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  readonly #request: DigestRequest;
  readonly #response: string;
  readonly #use: () => boolean;

  /** @internal */
  constructor(
    username: string,
    realm: string,
    request: DigestRequest,
    response: string,
    use: () => boolean,
  ) {
    this.username = username;
    this.realm = realm;
    this.algorithm = request.algorithm;
    this.#request = request;
    this.#response = response;
    this.#use = use;
  }

  /** Whether they were made with this password, for the first time. */
  checkPassword(password: string): boolean {
    const { username, realm, algorithm } = this;
    return this.checkHash(digestUserHash(algorithm, { username, realm, password }));
  }

  /** The same with a stored hash: see `digestUserHash`. It must be one of this algorithm. */
  checkHash(userHash: string): boolean {
    const expected = digestResponse(userHash, this.#request);
    return equalSecrets(expected, this.#response) && this.#use();
  }

  toString(): string {
    return `<DigestCredentials ${shownName(this.username)}>`;
  }
}

showAsText(DigestCredentials);

export interface DigestAuthorizationOptions {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The target of the request line. */
  readonly uri: string;
  /** How often the nonce is used with this request, 1 or more. Default 1. */
  readonly count?: number;
  /** The content, for a server that accepts only `auth-int`. */
  readonly body?: Uint8Array | string;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const CLIENT_OPTIONS: OptionNames<DigestAuthorizationOptions> = {
  username: true,
  password: true,
  method: true,
  uri: true,
  count: true,
  body: true,
  randomBytes: true,
};

/**
 * A client's answer to one challenge: the value of an Authorization field.
 *
 * @param challenge The value of a WWW-Authenticate field with one challenge.
 * @throws InvalidCredentialsError the challenge is malformed, or offers nothing that is supported.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function digestAuthorization(
  challenge: string,
  options: DigestAuthorizationOptions,
): string {
  checkOptions('digestAuthorization', options, CLIENT_OPTIONS);
  const { username, password, method, uri, count = 1, body, randomBytes = RANDOM_BYTES } = options;
  for (const [name, value] of Object.entries({ username, method, uri })) {
    checkNoControls(name, value);
  }
  checkSecretString('password', password);
  checkInteger('count', count, 1, 0xffff_ffff);
  const params = parseAuthParams('Digest', checkString('challenge', challenge));
  const algorithm = algorithmNamed(params.get('algorithm') ?? 'MD5');
  const offered = (params.get('qop') ?? '').split(',').map((one) => one.trim());
  const qop = offered.includes('auth') ? 'auth' : 'auth-int';
  const [realm, nonce, opaque] = ['realm', 'nonce', 'opaque'].map((name) => params.get(name));
  if (algorithm === undefined || !offered.includes(qop))
    throw invalid('nothing offered is supported');
  if (realm === undefined || nonce === undefined) throw invalid('the challenge is incomplete');
  const cnonce = Buffer.from(randomBytes(16)).toString('base64url');
  const nc = count.toString(16).padStart(8, '0');
  const userHash = digestUserHash(algorithm, { username, realm, password });
  const request = { algorithm, method, uri, nonce, cnonce, nc, qop, body: body ?? '' } as const;
  return [
    `Digest username=${quotedParam(username)}`,
    `realm=${quotedParam(realm)}`,
    `uri=${quotedParam(uri)}`,
    `algorithm=${algorithm}`,
    `nonce=${quotedParam(nonce)}`,
    `nc=${nc}`,
    `cnonce="${cnonce}"`,
    `qop=${qop}`,
    `response="${digestResponse(userHash, request)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quotedParam(opaque)}`]),
  ].join(', ');
}

/** `username*` is UTF-8 in percent encoding (RFC 5987). Not both. */
function usernameOf(params: ReadonlyMap<string, string>): string {
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

function invalid(problem: string): InvalidCredentialsError {
  return new InvalidCredentialsError(`Digest: ${problem}`);
}

/** They would end the field, and begin another one. */
function checkNoControls(name: string, value: unknown): void {
  if (!hasControls(checkString(name, value))) return;
  const expected = 'a text without control characters';
  throw new InvalidArgumentValueError(name, expected, value);
}

function checkRealm(realm: unknown): string {
  const text = checkString('realm', realm);
  if (!hasControls(text) && text !== '') return text;
  throw new InvalidArgumentTypeError('realm', 'a text without control characters', realm);
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

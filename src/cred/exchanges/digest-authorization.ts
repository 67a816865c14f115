/** A client's side of HTTP Digest (RFC 7616), sans-I/O. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import {
  checkFunction,
  checkInteger,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { hasControls } from '../../internal/network-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { parseAuthParams, quotedParam } from './auth-params.js';
import {
  algorithmNamed,
  DIGEST_QOPS,
  type DigestAlgorithm,
  type DigestQop,
  digestHashedName,
  digestResponse,
  digestUserHash,
  invalidDigest,
} from './digest-hashes.js';

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
 * @param challengeField The value of a WWW-Authenticate field with one challenge.
 * @throws InvalidCredentialsError the challenge is malformed, or offers nothing that is supported.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function digestAuthorization(
  challengeField: string,
  options: DigestAuthorizationOptions,
): string {
  checkOptions('digestAuthorization', options, CLIENT_OPTIONS);
  const { username, password, method, uri, count = 1, body = '' } = options;
  const { randomBytes = RANDOM_BYTES } = options;
  for (const [name, value] of Object.entries({ username, method, uri })) {
    checkNoControls(name, value);
  }
  checkSecretString('password', password);
  checkFunction('randomBytes', randomBytes);
  checkInteger('count', count, 1, 0xffff_ffff);
  const challenge = digestChallenge(
    parseAuthParams('Digest', checkString('challenge', challengeField)),
  );
  const qop = challenge.qops[0] as DigestQop;
  const cnonce = Buffer.from(randomBytes(16)).toString('base64url');
  return digestField(challenge, { username, password, method, uri, qop, cnonce, count, body });
}

/** A server's challenge, of which at least one qop is supported. */
export interface DigestChallenge {
  readonly algorithm: DigestAlgorithm;
  /** The supported ones: `auth` first. */
  readonly qops: readonly DigestQop[];
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** Whether the name of the user is to be hashed. */
  readonly hashesUser: boolean;
  /** Whether the answer before had a right password, and an old nonce. */
  readonly isStale: boolean;
  /** URIs below which the same answer is expected, separated by spaces; undefined: the whole server. */
  readonly domain: string | undefined;
}

/** @throws InvalidCredentialsError the challenge is incomplete, or offers nothing that is supported. */
export function digestChallenge(params: ReadonlyMap<string, string>): DigestChallenge {
  const algorithm = algorithmNamed(params.get('algorithm') ?? 'MD5');
  const offered = (params.get('qop') ?? '').split(',').map((one) => one.trim().toLowerCase());
  const qops = DIGEST_QOPS.filter((qop) => offered.includes(qop));
  const [realm, nonce, opaque] = ['realm', 'nonce', 'opaque'].map((name) => params.get(name));
  if (algorithm === undefined || qops.length === 0) {
    throw invalidDigest('nothing offered is supported');
  }
  if (!realm || !nonce) throw invalidDigest('the challenge is incomplete');
  const [hashesUser, isStale] = ['userhash', 'stale'].map((name) => isTrue(params.get(name)));
  const domain = params.get('domain');
  return { algorithm, qops, realm, nonce, opaque, hashesUser, isStale, domain } as DigestChallenge;
}

/** The facts of a client's answer. */
export interface DigestAnswer {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly qop: DigestQop;
  readonly cnonce: string;
  /** How often the nonce is used with this request. */
  readonly count: number;
  /** The content, for `auth-int`. */
  readonly body: Uint8Array | string;
}

/** The value of an Authorization field. */
export function digestField(challenge: DigestChallenge, answer: DigestAnswer): string {
  const { algorithm, realm, nonce, opaque, hashesUser } = challenge;
  const { username, password, method, uri, qop, cnonce, count, body } = answer;
  const nc = count.toString(16).padStart(8, '0');
  const userHash = digestUserHash(algorithm, { username, realm, password });
  const request = { algorithm, method, uri, nonce, cnonce, nc, qop, body } as const;
  return [
    `Digest ${hashesUser ? `username="${digestHashedName(algorithm, username, realm)}"` : nameParam(username)}`,
    ...(hashesUser ? ['userhash=true'] : []),
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

/** Text outside of ASCII has a form of its own (RFC 7616 section 3.4, RFC 8187). */
function nameParam(username: string): string {
  if (/^[\x20-\x7e]*$/.test(username)) return `username=${quotedParam(username)}`;
  const encoded = encodeURIComponent(username).replaceAll(
    /[*'()]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `username*=UTF-8''${encoded}`;
}

function isTrue(flag: string | undefined): boolean {
  return flag?.toLowerCase() === 'true';
}

/** They would end the field, and begin another one. */
function checkNoControls(name: string, value: unknown): void {
  if (!hasControls(checkString(name, value))) return;
  const expected = 'a text without control characters';
  throw new InvalidArgumentValueError(name, expected, value);
}

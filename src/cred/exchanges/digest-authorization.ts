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
import { algorithmNamed, digestResponse, digestUserHash, invalidDigest } from './digest-hashes.js';

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
  const { username, password, method, uri, count = 1, body = '' } = options;
  const { randomBytes = RANDOM_BYTES } = options;
  for (const [name, value] of Object.entries({ username, method, uri })) {
    checkNoControls(name, value);
  }
  checkSecretString('password', password);
  checkFunction('randomBytes', randomBytes);
  checkInteger('count', count, 1, 0xffff_ffff);
  const params = parseAuthParams('Digest', checkString('challenge', challenge));
  const algorithm = algorithmNamed(params.get('algorithm') ?? 'MD5');
  const offered = (params.get('qop') ?? '').split(',').map((one) => one.trim());
  const qop = offered.includes('auth') ? 'auth' : 'auth-int';
  const [realm, nonce, opaque] = ['realm', 'nonce', 'opaque'].map((name) => params.get(name));
  if (algorithm === undefined || !offered.includes(qop)) {
    throw invalidDigest('nothing offered is supported');
  }
  if (!realm || !nonce) throw invalidDigest('the challenge is incomplete');
  const cnonce = Buffer.from(randomBytes(16)).toString('base64url');
  const nc = count.toString(16).padStart(8, '0');
  const userHash = digestUserHash(algorithm, { username, realm, password });
  const request = { algorithm, method, uri, nonce, cnonce, nc, qop, body } as const;
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

/** They would end the field, and begin another one. */
function checkNoControls(name: string, value: unknown): void {
  if (!hasControls(checkString(name, value))) return;
  const expected = 'a text without control characters';
  throw new InvalidArgumentValueError(name, expected, value);
}

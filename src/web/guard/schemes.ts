/** The authentication schemes of HTTP that a guard offers (RFC 9110 section 11): Basic (RFC 7617), Digest (RFC 7616), Bearer (RFC 6750). */
import { BearerToken, type Credentials, UsernamePassword } from '../../cred/credentials.js';
import { InvalidCredentialsError, StaleNonceError } from '../../cred/errors.js';
import { checkRealm, quotedParam } from '../../cred/exchanges/auth-params.js';
import { basicCredentials } from '../../cred/exchanges/basic-credentials.js';
import {
  DigestChallenges,
  type DigestChallengesOptions,
} from '../../cred/exchanges/digest-challenges.js';
import type { DigestCredentials } from '../../cred/exchanges/digest-credentials.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { WebContext } from '../web-context.js';

/** One way to log in with each request. */
export interface GuardScheme<C extends Credentials = Credentials> {
  /** Its name in Authorization fields, in lower case. */
  readonly scheme: string;
  /**
   * The values of WWW-Authenticate fields of an answer with 401: each a challenge in visible ASCII.
   * @param problem Why the credentials of the request were refused; undefined if it has none of this scheme.
   */
  challenges(problem: Error | undefined): readonly string[];
  /**
   * Reads an Authorization field of this scheme.
   * @throws InvalidCredentialsError it is malformed: answered with 401.
   */
  decode(authorization: string, context: WebContext): C;
}

/**
 * HTTP Basic: name and password in clear with each request, so only over TLS. Each request computes the hash of the password.
 * @param realm What the browser tells the user to log in to: visible ASCII and spaces.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function basicScheme(realm: string): GuardScheme<UsernamePassword> {
  const challenge = `Basic realm=${quotedParam(checkRealm(realm))}, charset="UTF-8"`;
  return {
    scheme: 'basic',
    challenges: () => [challenge],
    decode(authorization) {
      const pair = basicCredentials(authorization);
      if (pair !== undefined) return new UsernamePassword(...pair);
      throw new InvalidCredentialsError('Basic: the credentials are malformed');
    },
  };
}

/** `auth-int` is omitted: it covers the content, which would have to be read before the request is known to be permitted. */
export type DigestSchemeOptions = Omit<DigestChallengesOptions, 'qop'>;

const DIGEST_OPTIONS: OptionNames<DigestSchemeOptions> = {
  realm: true,
  clock: true,
  algorithms: true,
  nonceLifetimeMs: true,
  maxNonces: true,
  randomBytes: true,
};

/**
 * HTTP Digest: a hash of the password and the request. Its checkers need the password in clear, or an equivalent of it. A server
 * knows only its own nonces: workers and machines each challenge a client once.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function digestScheme(options: DigestSchemeOptions): GuardScheme<DigestCredentials> {
  checkOptions('digestScheme', options, DIGEST_OPTIONS);
  const digest = new DigestChallenges(options);
  checkRealm(digest.realm);
  return {
    scheme: 'digest',
    challenges: (problem) => digest.fields(problem instanceof StaleNonceError),
    decode: (authorization, { request: { method, target } }) =>
      digest.decode(authorization, { method, uri: target }),
  };
}

const TOKEN = /^[\w.~+/-]+=*$/;

/**
 * Bearer tokens, in the Authorization field only: those in addresses and forms end up in logs.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function bearerScheme(realm: string): GuardScheme<BearerToken> {
  const challenge = `Bearer realm=${quotedParam(checkRealm(realm))}`;
  return {
    scheme: 'bearer',
    challenges: (problem) => [
      problem === undefined ? challenge : `${challenge}, error="invalid_token"`,
    ],
    decode(authorization) {
      const token = tokenOf(authorization);
      if (TOKEN.test(token)) return new BearerToken(token);
      throw new InvalidCredentialsError('Bearer: the token is malformed');
    },
  };
}

function tokenOf(authorization: string): string {
  return authorization.slice(authorization.indexOf(' ') + 1).trim();
}

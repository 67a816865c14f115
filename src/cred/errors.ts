/** Errors of logins, of credentials and of the files of checkers. None has a secret in its message or fields. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from '../core/errors/base.js';

/** A login failed because of its credentials: tell the peer that it is not authorised, and nothing else. */
export abstract class LoginFailedError extends RopewalkError {}

/**
 * The credentials are wrong. The error is the same for an unknown user, a wrong password and a user that may not log in, so that
 * a peer cannot find out which names exist.
 */
export class UnauthorizedLoginError extends LoginFailedError {
  override readonly name = 'UnauthorizedLoginError';
  override readonly code = 'ERR_UNAUTHORIZED_LOGIN';

  constructor(options?: ErrorOptions) {
    super('the credentials are not valid', options);
  }
}

export type LoginLimit = 'maxPerPeer' | 'maxPerUser' | 'maxQueued';

/** Too many logins at a time, or too many failed ones from the same peer or for the same user. The credentials were not checked. */
export class TooManyLoginsError extends LoginFailedError {
  override readonly name = 'TooManyLoginsError';
  override readonly code = 'ERR_TOO_MANY_LOGINS';
  /** The option that was exceeded: `maxQueued` logins wait for their check, or so many logins of the peer or user have failed. */
  readonly option: LoginLimit;
  /** Its value. */
  readonly limit: number;
  /** Milliseconds after which another attempt makes sense; undefined if that is unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(option: LoginLimit, limit: number, retryAfterMs?: number) {
    super(
      option === 'maxQueued'
        ? 'too many logins are waiting for the check of their password'
        : 'too many failed logins',
    );
    this.option = option;
    this.limit = limit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No checker of the portal accepts credentials of this kind. */
export class UnhandledCredentialsError extends LoginFailedError {
  override readonly name = 'UnhandledCredentialsError';
  override readonly code = 'ERR_UNHANDLED_CREDENTIALS';
  readonly kind: string;
  /** The kinds that the portal accepts. */
  readonly accepted: readonly string[];

  constructor(kind: string, accepted: readonly string[]) {
    super(
      `no checker accepts credentials of the kind '${kind}'. Accepted: ${accepted.join(', ') || 'none'}`,
    );
    this.kind = kind;
    this.accepted = accepted;
  }
}

/** The realm returned no avatar, or one of a type that was not requested. */
export class NoAvatarError extends RopewalkError {
  override readonly name = 'NoAvatarError';
  override readonly code = 'ERR_NO_AVATAR';
  /** The requested types; empty if any was accepted. */
  readonly types: readonly string[];

  constructor(types: readonly string[], received: string | undefined) {
    const requested = types.length === 0 ? 'any type' : `the type ${types.join(' or ')}`;
    const got = received === undefined ? 'none' : `one of the type ${received}`;
    super(`the realm was asked for an avatar of ${requested} and returned ${got}`);
    this.types = types;
  }
}

/** A peer's message of an authentication is malformed, or refers to a challenge that this server did not make. */
export class InvalidCredentialsError extends RemoteProtocolError {
  override readonly name: string = 'InvalidCredentialsError';
  override readonly code: string = 'ERR_INVALID_CREDENTIALS';
}

/** A digest response uses a nonce that has expired or a count that was used before: send a new challenge with `stale=true`. */
export class StaleNonceError extends InvalidCredentialsError {
  override readonly name = 'StaleNonceError';
  override readonly code = 'ERR_STALE_NONCE';
}

/** A method of an authentication exchange was called in a state that does not allow it. */
export class CredentialsSequenceError extends LocalProtocolError {
  override readonly name = 'CredentialsSequenceError';
  override readonly code = 'ERR_CREDENTIALS_SEQUENCE';
}

/** A file of users or keys cannot be used, or a line of it. `line` counts from 1. The contents are not in the message. */
export class CredentialsFileError extends RopewalkError {
  override readonly name = 'CredentialsFileError';
  override readonly code = 'ERR_CREDENTIALS_FILE';
  readonly path: string;
  readonly line: number | undefined;

  constructor(path: string, problem: string, line?: number, options?: ErrorOptions) {
    super(`${path}${line === undefined ? '' : `, line ${line}`}: ${problem}`, options);
    this.path = path;
    this.line = line;
  }
}

/** A hash of a password has a scheme or cost that this installation cannot or will not compute. */
export class UnsupportedHashError extends RopewalkError {
  override readonly name = 'UnsupportedHashError';
  override readonly code = 'ERR_UNSUPPORTED_HASH';
  /** Its scheme, such as `yescrypt`; undefined if it is unknown. */
  readonly scheme: string | undefined;

  constructor(scheme: string | undefined, problem: string) {
    super(scheme === undefined ? problem : `${scheme}: ${problem}`);
    this.scheme = scheme;
  }
}

/** A password cannot be hashed without losing a part of it, or contains a NUL. */
export class UnsuitablePasswordError extends RopewalkError {
  override readonly name = 'UnsuitablePasswordError';
  override readonly code = 'ERR_UNSUITABLE_PASSWORD';
}

/** A string does not describe a checker. The message names the argument, and never its value. */
export class InvalidCheckerError extends RopewalkError {
  override readonly name: string = 'InvalidCheckerError';
  override readonly code: string = 'ERR_INVALID_CHECKER';
}

/** No checker type has that name: `known` lists those that exist. */
export class UnknownCheckerTypeError extends InvalidCheckerError {
  override readonly name = 'UnknownCheckerTypeError';
  override readonly code = 'ERR_UNKNOWN_CHECKER_TYPE';
  readonly known: readonly string[];
  /** The type that was probably meant. */
  readonly suggestion: string | undefined;

  constructor(known: readonly string[], suggestion: string | undefined) {
    const meant = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
    super(`there is no checker of that type.${meant} The types: ${known.join(', ')}`);
    this.known = known;
    this.suggestion = suggestion;
  }
}

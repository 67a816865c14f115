/** Users and passwords in memory, and the checkers that need no file: anonymous, tokens, certificates. */
import { createHash, type X509Certificate } from 'node:crypto';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import {
  checkFunction,
  checkPlainObject,
  checkSecretString,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { showAsText } from '../internal/shown-as-text.js';
import type { CredentialsChecker } from './checker.js';
import type {
  Anonymous,
  BearerToken,
  ClientCertificate,
  HashedPasswordCredentials,
  UsernamePassword,
} from './credentials.js';
import { UnauthorizedLoginError } from './errors.js';
import { exactName, type Preparation } from './names.js';
import { isWellFormed, RANDOM_BYTES, type RandomBytes } from './secrets.js';

export interface MemoryCheckerOptions {
  /** How names are prepared for comparison. Default `exactName`. */
  readonly prepareName?: Preparation;
  /** Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<MemoryCheckerOptions> = { prepareName: true, randomBytes: true };

/** The credentials that the memory checker compares: password in clear, CRAM-MD5, HTTP digest. */
export type ComparablePassword =
  | UsernamePassword
  | HashedPasswordCredentials
  | {
      readonly kind: 'digest';
      readonly username: string;
      checkPassword(password: string): boolean;
    };

/**
 * Passwords in clear, in memory: for tests, and for challenges such as CRAM-MD5, which need the password. The avatar id is the
 * prepared name. An unknown user costs the same comparison as a wrong password, with a random one.
 */
export class MemoryChecker implements CredentialsChecker<ComparablePassword> {
  readonly kinds = ['password', 'hashed-password', 'digest'] as const;
  readonly #passwords: Map<string, string> = new Map();
  readonly #prepare: Preparation;
  /** Compared for unknown users. */
  readonly #nobodysPassword: string;

  /**
   * @param users Passwords by name.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(users: Readonly<Record<string, string>> = {}, options: MemoryCheckerOptions = {}) {
    checkPlainObject('users', users);
    checkOptions('MemoryChecker', options, OPTIONS);
    const { prepareName = exactName, randomBytes = RANDOM_BYTES } = options;
    checkFunction('prepareName', prepareName);
    checkFunction('randomBytes', randomBytes);
    this.#prepare = prepareName;
    this.#nobodysPassword = Buffer.from(randomBytes(16)).toString('hex');
    for (const [name, password] of Object.entries(users)) this.addUser(name, password);
  }

  get userCount(): number {
    return this.#passwords.size;
  }

  /** Adds a user or changes the password. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  addUser(username: string, password: string): void {
    const name = this.#prepare(checkString('username', username));
    if (name === undefined) {
      throw new InvalidArgumentValueError(
        'username',
        'a name without control characters',
        username,
      );
    }
    this.#passwords.set(name, checkSecretString('password', password));
  }

  removeUser(username: string): boolean {
    return this.#passwords.delete(this.#prepare(username) ?? '');
  }

  requestAvatarId(credentials: ComparablePassword): string {
    const name = this.#prepare(credentials.username);
    const password = name === undefined ? undefined : this.#passwords.get(name);
    const matches = credentials.checkPassword(password ?? this.#nobodysPassword);
    if (name === undefined || password === undefined || matches !== true) {
      throw new UnauthorizedLoginError();
    }
    return name;
  }

  toString(): string {
    return `<MemoryChecker, ${this.userCount} users>`;
  }
}

/** The avatar id of users who did not say who they are. */
export const ANONYMOUS: unique symbol = Symbol('anonymous');

/** Lets everybody in, as {@link ANONYMOUS}. */
export class AnonymousChecker implements CredentialsChecker<Anonymous, typeof ANONYMOUS> {
  readonly kinds = ['anonymous'] as const;

  requestAvatarId(): typeof ANONYMOUS {
    return ANONYMOUS;
  }
}

/** Tokens in memory, of which it keeps only the hashes: looking one up reveals nothing about the others. */
export class TokenChecker implements CredentialsChecker<BearerToken> {
  readonly kinds = ['bearer'] as const;
  readonly #ids: Map<string, string> = new Map();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(tokens: Iterable<readonly [token: string, avatarId: string]> = []) {
    for (const [token, avatarId] of tokens) this.addToken(token, avatarId);
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError the token is empty or has a lone surrogate. */
  addToken(token: string, avatarId: string): void {
    if (checkSecretString('token', token) === '') {
      throw new InvalidArgumentValueError('token', 'a text that is not empty', '');
    }
    if (!isWellFormed(token)) {
      throw new InvalidArgumentValueError('token', 'a text without lone surrogates', '');
    }
    this.#ids.set(tokenHash(token), checkString('avatarId', avatarId));
  }

  removeToken(token: string): boolean {
    return this.#ids.delete(tokenHash(token));
  }

  requestAvatarId({ token }: BearerToken): string {
    const id = isWellFormed(token) ? this.#ids.get(tokenHash(token)) : undefined;
    if (id === undefined) throw new UnauthorizedLoginError();
    return id;
  }

  toString(): string {
    return `<TokenChecker, ${this.#ids.size} tokens>`;
  }
}

function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** Avatar ids by the fingerprint of a certificate, or by a function of the certificate. */
export class CertificateChecker implements CredentialsChecker<ClientCertificate> {
  readonly kinds = ['certificate'] as const;
  readonly #idOf: (certificate: X509Certificate) => string | undefined;

  /**
   * @param ids SHA-256 fingerprints in hexadecimal, colons allowed, with the avatar id of each; or a function that returns the
   * id, by the names in the certificate for example, or undefined. A name proves something only if the certificate was verified
   * with `trustRoots` that issue to nobody else.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  constructor(
    ids: Readonly<Record<string, string>> | ((certificate: X509Certificate) => string | undefined),
  ) {
    if (typeof ids === 'function') {
      this.#idOf = ids;
      return;
    }
    checkPlainObject('ids', ids);
    const byFingerprint = new Map<string, string>();
    for (const [fingerprint, id] of Object.entries(ids)) {
      const hex = fingerprint.replaceAll(':', '').toLowerCase();
      if (!/^[0-9a-f]{64}$/.test(hex)) {
        const expected = 'SHA-256 fingerprints of 64 hexadecimal digits';
        throw new InvalidArgumentValueError('ids', expected, fingerprint);
      }
      byFingerprint.set(hex, checkString('an avatar id', id));
    }
    this.#idOf = ({ raw }) => byFingerprint.get(createHash('sha256').update(raw).digest('hex'));
  }

  requestAvatarId({ certificate }: ClientCertificate): string {
    const id = this.#idOf(certificate);
    if (id === undefined) throw new UnauthorizedLoginError();
    return id;
  }
}

showAsText(MemoryChecker, TokenChecker);

/** Users and passwords in clear, in memory. */
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
import type { HashedPasswordCredentials, UsernamePassword } from './credentials.js';
import { UnauthorizedLoginError } from './errors.js';
import { exactName, type Preparation } from './names.js';
import { RANDOM_BYTES, type RandomBytes } from './secrets.js';

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

showAsText(MemoryChecker);

/** Checkers of passwords in files: htpasswd files, and the shadow file of a UNIX system. */
import { createHmac } from 'node:crypto';
import { Deferred } from '../../defer/deferred.js';
import { checkFunction, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { CredentialsChecker } from '../checker.js';
import type { UsernamePassword } from '../credentials.js';
import { type CredentialsFileError, UnauthorizedLoginError } from '../errors.js';
import { exactName, type Preparation } from '../names.js';
import { checkHasher, PasswordHasher } from '../passwords/password-hasher.js';
import { RANDOM_BYTES } from '../secrets.js';
import { parseHtpasswd, parseShadow, type Users } from './parse-users.js';
import { MAX_FILE_BYTES, ReloadedFile } from './reloaded-file.js';

export interface FileCheckerOptions {
  /** Computes the hashes; share one among checkers to share its limits. Default: one of its own. */
  readonly hasher?: PasswordHasher;
  /** How the peer's name is prepared before it is looked up. Names in the file are taken as they are. Default `exactName`. */
  readonly prepareName?: Preparation;
  /** Largest file. Default 16,777,216. */
  readonly maxBytes?: number;
  /**
   * Called for each problem of a new version of the file: a malformed line, an unsupported hash, a file that everybody can read. At
   * most ten for a version. Default: they are reported as the errors of callbacks are.
   */
  readonly onProblem?: (error: CredentialsFileError) => void;
}

const OPTIONS: OptionNames<FileCheckerOptions> = {
  hasher: true,
  prepareName: true,
  maxBytes: true,
  onProblem: true,
};

interface Entries {
  readonly users: Users;
  /** The hashes, from which a user who does not exist gets one. */
  readonly hashes: readonly string[];
}

/**
 * Users of an htpasswd file: `name:hash` by line. It reads bcrypt, apr1, `{SHA}`, MD5-crypt, SHA-crypt, scrypt and Argon2id; bcrypt
 * needs the package bcryptjs. The file is read again when it has changed. Logins fail with CredentialsFileError if it cannot be
 * read, is no regular file, or everybody can write it.
 *
 * For an unknown user, the hash of another user is computed, always the same for the same name: attackers cannot measure who exists, even
 * if the file has several schemes and costs.
 *
 * @example new Portal(realm, [new FileChecker('/etc/ropewalk/users')]);
 */
export class FileChecker implements CredentialsChecker<UsernamePassword> {
  readonly kinds = ['password'] as const;
  readonly path: string;
  /** The hasher of this checker. */
  readonly hasher: PasswordHasher;
  readonly #prepare: Preparation;
  readonly #file: ReloadedFile<Entries>;
  readonly #key: Uint8Array = RANDOM_BYTES(32);

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(path: string, options: FileCheckerOptions = {}, parse: ParseUsers = parseHtpasswd) {
    checkOptions('FileChecker', options, OPTIONS);
    this.path = checkString('path', path);
    const { hasher, prepareName = exactName, maxBytes = MAX_FILE_BYTES, onProblem } = options;
    checkFunction('prepareName', prepareName);
    checkInteger('maxBytes', maxBytes, 1, 2 ** 30);
    if (onProblem !== undefined) checkFunction('onProblem', onProblem);
    this.hasher = hasher === undefined ? new PasswordHasher() : checkHasher(hasher);
    this.#prepare = prepareName;
    const settings = { path, maxBytes, secret: true, onProblem };
    this.#file = new ReloadedFile(settings, (text, problem) => {
      const users = parse(text, problem, (hash) => void this.hasher.check(hash));
      return {
        users,
        hashes: users.size === 0 ? [this.hasher.nobodysHash()] : [...users.values()],
      };
    });
  }

  /** How often the file was read. */
  get loads(): number {
    return this.#file.loads;
  }

  requestAvatarId({ username, password }: UsernamePassword): Deferred<string> {
    const name = this.#prepare(username);
    return Deferred.fromPromise(this.#file.get()).addCallback(({ users, hashes }) => {
      const hash = name === undefined ? undefined : users.get(name);
      const verified = this.hasher.verify(
        password,
        hash ?? this.#nobodysHash(name ?? username, hashes),
      );
      return verified.addCallback((equal) => {
        if (hash === undefined || !equal) throw new UnauthorizedLoginError();
        return name as string;
      });
    }) as Deferred<string>;
  }

  toString(): string {
    return `<FileChecker ${this.path}>`;
  }

  #nobodysHash(username: string, hashes: readonly string[]): string {
    const digest = createHmac('sha256', this.#key).update(username).digest();
    return hashes[digest.readUInt32BE(0) % hashes.length] as string;
  }
}

showAsText(FileChecker);

type ParseUsers = typeof parseHtpasswd;

export interface UnixCheckerOptions extends FileCheckerOptions {
  /** Default `/etc/shadow`, which usually only root and the group shadow can read. */
  readonly path?: string;
  /** The date, as days since 1 January 1970, UTC: accounts and passwords expire. Default: the system's. */
  readonly today?: () => number;
}

const UNIX_OPTIONS: OptionNames<UnixCheckerOptions> = { ...OPTIONS, path: true, today: true };
const DAY_MS = 86_400_000;

/**
 * Users of this UNIX system with a password that this process can read: `$1$`, `$5$` and `$6$` are computed here, `$2b$` by bcryptjs.
 * yescrypt (`$y$`), Debian's default, needs libcrypt and is not supported: such users are reported as problems and cannot log in. Neither PAM
 * nor directories of users (NIS, LDAP) are asked; users who are locked or expired are refused.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function unixChecker(options: UnixCheckerOptions = {}): FileChecker {
  checkOptions('unixChecker', options, UNIX_OPTIONS);
  const { path = '/etc/shadow', today = () => Math.floor(Date.now() / DAY_MS), ...rest } = options;
  checkFunction('today', today);
  return new FileChecker(path, rest, (text, problem, check) =>
    parseShadow(text, problem, check, today()),
  );
}

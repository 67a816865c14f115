/** SSH public keys as credentials (RFC 4252 section 7), and a checker for files of authorised keys. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { Deferred } from '../../defer/deferred.js';
import { checkFunction, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { CredentialsChecker, LoginContext } from '../checker.js';
import { type Credentials, shownName } from '../credentials.js';
import {
  CredentialsFileError,
  InvalidCredentialsError,
  UnauthorizedLoginError,
} from '../errors.js';
import { ReloadedFile } from '../files/reloaded-file.js';
import { exactName } from '../names.js';
import { type AuthorizedKey, parseAuthorizedKeys } from './authorized-keys.js';
import { isInFuture, matchesFrom } from './key-options.js';
import { isAlgorithmOf, parseSSHKey, verifySSHSignature } from './public-key.js';

export interface SSHSignature {
  /** The algorithm that the client announced, such as `ssh-ed25519` or `rsa-sha2-512`. */
  readonly algorithm: string;
  /** The public key in the format of SSH. */
  readonly blob: Uint8Array;
  /** The octets that the client has signed: the session identifier and the request. */
  readonly signed: Uint8Array;
  /** The signature in the format of SSH. */
  readonly signature: Uint8Array;
}

/** A user name, and a signature by a key. */
export class SSHPublicKey implements Credentials {
  readonly kind = 'ssh-key' as const;
  readonly username: string;
  readonly algorithm: string;
  readonly blob: Uint8Array;
  readonly #signed: Uint8Array;
  readonly #signature: Uint8Array;

  /** @throws InvalidArgumentTypeError */
  constructor(username: string, { algorithm, blob, signed, signature }: SSHSignature) {
    this.username = checkString('username', username);
    this.algorithm = checkString('algorithm', algorithm);
    for (const [name, octets] of Object.entries({ blob, signed, signature })) {
      if (!(octets instanceof Uint8Array)) {
        throw new InvalidArgumentTypeError(name, 'a Uint8Array', octets);
      }
    }
    this.blob = blob;
    this.#signed = signed;
    this.#signature = signature;
  }

  /** Whether the signature is right. Malformed keys and signatures are wrong. */
  verify(): boolean {
    try {
      return verifySSHSignature(
        parseSSHKey(this.blob),
        this.algorithm,
        this.#signed,
        this.#signature,
      );
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    }
  }

  toString(): string {
    return `<SSHPublicKey ${shownName(this.username)}>`;
  }
}

showAsText(SSHPublicKey);

export interface SSHKeyCheckerOptions {
  /** The only user, if the path has no `%u`. */
  readonly username?: string;
  /**
   * Decides about a key with options other than `from` and `expiry-time`, such as `command`: a caller that returns true enforces them.
   * Default: such keys are refused.
   */
  readonly acceptOptions?: (key: AuthorizedKey, username: string) => boolean;
  /** Milliseconds since 1970, for `expiry-time`. Default `Date.now`. */
  readonly now?: () => number;
  /** Largest file. Default 1,048,576. */
  readonly maxBytes?: number;
  /** Files of users that are kept in memory. Default 1,000. */
  readonly maxFiles?: number;
  /** Called for problems of a file, as that of FileChecker. */
  readonly onProblem?: (error: CredentialsFileError) => void;
}

const OPTIONS: OptionNames<SSHKeyCheckerOptions> = {
  username: true,
  acceptOptions: true,
  now: true,
  maxBytes: true,
  maxFiles: true,
  onProblem: true,
};
const MAX_BYTES = 2 ** 20;
const MAX_FILES = 1_000;
/** There is no file for this name, which the peer has chosen. */
const ABSENT: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];

/**
 * Users whose keys are in files in the format of OpenSSH. The options `from` and `expiry-time` are enforced; keys with `cert-authority`
 * are never accepted. The signature is verified also if the user or the key is unknown.
 *
 * @example new SSHKeyChecker('/etc/ropewalk/keys/%u');
 */
export class SSHKeyChecker implements CredentialsChecker<SSHPublicKey> {
  readonly kinds = ['ssh-key'] as const;
  readonly #path: string;
  readonly #options: SSHKeyCheckerOptions;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #files: Map<string, ReloadedFile<AuthorizedKey[]>> = new Map();

  /**
   * @param path `%u` is the name of the user, which must not contain a slash.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(path: string, options: SSHKeyCheckerOptions = {}) {
    checkOptions('SSHKeyChecker', options, OPTIONS);
    const { username, acceptOptions, now, onProblem, maxBytes = MAX_BYTES } = options;
    for (const [name, callback] of Object.entries({ acceptOptions, now, onProblem })) {
      if (callback !== undefined) checkFunction(name, callback);
    }
    if (username !== undefined) checkString('username', username);
    if (!checkString('path', path).includes('%u') && username === undefined) {
      const expected = 'a path with %u, unless the option username is set';
      throw new InvalidArgumentValueError('path', expected, path);
    }
    this.#path = path;
    this.#options = options;
    this.#maxBytes = checkInteger('maxBytes', maxBytes, 1, 2 ** 30);
    this.#maxFiles = checkInteger('maxFiles', options.maxFiles ?? MAX_FILES, 1, 2 ** 31 - 1);
  }

  requestAvatarId(credentials: SSHPublicKey, { peer }: LoginContext): Deferred<string> {
    const { username, algorithm, blob } = credentials;
    const verified = credentials.verify();
    return this.accepts(username, algorithm, blob, peer).addCallback((accepted) => {
      if (!accepted || !verified) throw new UnauthorizedLoginError();
      return username;
    }) as Deferred<string>;
  }

  /**
   * Whether a signature by this key would be accepted, for clients that ask before they sign (RFC 4252 section 7). Fails with
   * CredentialsFileError.
   */
  accepts(username: string, algorithm: string, blob: Uint8Array, peer?: string): Deferred<boolean> {
    return Deferred.fromPromise(this.#keysOf(username)).addCallback((keys) =>
      keys.some(
        (key) =>
          isAlgorithmOf(key.type, algorithm) &&
          key.blob.equals(blob) &&
          this.#permits(key, username, peer),
      ),
    ) as Deferred<boolean>;
  }

  async #keysOf(username: string): Promise<readonly AuthorizedKey[]> {
    const path = this.#pathOf(username);
    if (path === undefined) return [];
    try {
      return await this.#fileAt(path).get();
    } catch (error) {
      const { cause } = error as { cause?: { code?: unknown } };
      this.#files.delete(path);
      if (error instanceof CredentialsFileError && ABSENT.includes(cause?.code)) return [];
      throw error;
    }
  }

  #pathOf(username: string): string | undefined {
    const name = exactName(username);
    const only = this.#options.username;
    if (name === undefined || (only !== undefined && only !== name)) return undefined;
    if (!this.#path.includes('%u')) return this.#path;
    if (/[/\\]/.test(name) || name === '.' || name === '..') return undefined;
    return this.#path.replaceAll('%u', () => name);
  }

  #fileAt(path: string): ReloadedFile<AuthorizedKey[]> {
    const { onProblem } = this.#options;
    const settings = { path, maxBytes: this.#maxBytes, secret: false, onProblem };
    const file = this.#files.get(path) ?? new ReloadedFile(settings, parseAuthorizedKeys);
    this.#files.delete(path);
    const [oldest] = this.#files.keys();
    if (oldest !== undefined && this.#files.size >= this.#maxFiles) this.#files.delete(oldest);
    this.#files.set(path, file);
    return file;
  }

  #permits(key: AuthorizedKey, username: string, peer: string | undefined): boolean {
    const { acceptOptions, now = Date.now } = this.#options;
    let others = false;
    for (const [name, values] of key.options) {
      if (name === 'cert-authority') return false;
      if (name === 'from') {
        if (!values.every((list) => matchesFrom(list, peer))) return false;
      } else if (name === 'expiry-time') {
        if (!values.every((time) => isInFuture(time, now()))) return false;
      } else others = true;
    }
    return !others || acceptOptions?.(key, username) === true;
  }
}

/** SCRAM secrets in memory, as a checker. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkChoice, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import type { CredentialsChecker } from '../checker.js';
import { UnauthorizedLoginError } from '../errors.js';
import { saslprep } from '../names.js';
import { RANDOM_BYTES } from '../secrets.js';
import type { ScramCredentials } from './scram-credentials.js';
import {
  mac,
  SCRAM_HASHES,
  SCRAM_ITERATIONS,
  type ScramHash,
  ScramSecret,
} from './scram-secret.js';

export interface ScramSecretsOptions {
  /** The hash of the secrets. Default SHA-256. */
  readonly hash?: ScramHash;
  /** The iterations of invented secrets: use those of the real ones. Default 15,000. */
  readonly iterations?: number;
  /** For the key of invented secrets. Keep it over restarts, otherwise their salts change. Default: random. */
  readonly key?: Uint8Array;
}

const SECRETS_OPTIONS: OptionNames<ScramSecretsOptions> = {
  hash: true,
  iterations: true,
  key: true,
};

/**
 * Secrets in memory, as a checker. An unknown user gets an invented secret, whose salt depends on the name: without it, a challenge
 * would show who exists.
 */
export class ScramSecrets implements CredentialsChecker<ScramCredentials> {
  readonly kinds = ['scram'] as const;
  readonly #secrets: Map<string, ScramSecret> = new Map();
  readonly #hash: ScramHash;
  readonly #iterations: number;
  readonly #key: Uint8Array;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ScramSecretsOptions = {}) {
    checkOptions('ScramSecrets', options, SECRETS_OPTIONS);
    const { hash = 'SHA-256', iterations = SCRAM_ITERATIONS, key = RANDOM_BYTES(32) } = options;
    this.#hash = checkChoice('hash', hash, SCRAM_HASHES);
    this.#iterations = checkInteger('iterations', iterations, 1, 2 ** 31 - 1);
    if (!(key instanceof Uint8Array)) {
      // Its class only: it is a secret.
      throw new InvalidArgumentTypeError('key', 'a Uint8Array', Object(key));
    }
    this.#key = key;
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError the secret has another hash, or SASLprep forbids the name. */
  set(username: string, secret: ScramSecret): void {
    const name = saslprep(checkString('username', username));
    if (name === undefined) {
      throw new InvalidArgumentValueError('username', 'a name that SASLprep allows', username);
    }
    if (!(secret instanceof ScramSecret) || secret.hash !== this.#hash) {
      throw new InvalidArgumentTypeError('secret', `a ScramSecret of SCRAM-${this.#hash}`, secret);
    }
    this.#secrets.set(name, secret);
  }

  delete(username: string): boolean {
    return this.#secrets.delete(saslprep(username) ?? '');
  }

  /** The secret of a user, or an invented one. @param username After SASLprep, as `start` returns it. */
  secretOf(username: string): ScramSecret {
    const invented = this.#invented(username);
    return this.#secrets.get(username) ?? invented;
  }

  requestAvatarId(credentials: ScramCredentials): string {
    const { username, authzid } = credentials;
    const known = this.#secrets.has(username);
    const proven = credentials.checkSecret(this.secretOf(username));
    const own = authzid === undefined || authzid === username;
    if (!known || !proven || !own) throw new UnauthorizedLoginError();
    return username;
  }

  toString(): string {
    return `<ScramSecrets, ${this.#secrets.size} users>`;
  }

  #invented(username: string): ScramSecret {
    const part = (name: string): Buffer => mac(this.#hash, this.#key, `${name} ${username}`);
    return new ScramSecret(this.#hash, this.#iterations, {
      salt: part('salt').subarray(0, 16),
      storedKey: part('stored key'),
      serverKey: part('server key'),
    });
  }
}

showAsText(ScramSecrets);

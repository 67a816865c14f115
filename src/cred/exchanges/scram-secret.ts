/** The keys that a SCRAM server stores for a user instead of the password (RFC 5802 section 3), and their derivation. */
import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkSecretString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { UnsuitablePasswordError } from '../errors.js';
import { saslprep } from '../names.js';
import { RANDOM_BYTES, type RandomBytes } from '../secrets.js';

/** The hash of SCRAM-SHA-1 (RFC 5802) or SCRAM-SHA-256 (RFC 7677). */
export type ScramHash = 'SHA-1' | 'SHA-256';

export const SCRAM_HASHES: readonly ScramHash[] = ['SHA-1', 'SHA-256'];

/** Iterations of new secrets. */
export const SCRAM_ITERATIONS = 15_000;
const MIN_ITERATIONS = 4_096;
const MAX_ITERATIONS = 10_000_000;
const SALT_BYTES = 16;

/** The hashes by their names in node:crypto, and the octets of their results. */
const HASHES = {
  'SHA-1': { name: 'sha1', bytes: 20 },
  'SHA-256': { name: 'sha256', bytes: 32 },
} as const;

/** Salt, iterations and keys of a user. Knowing them does not permit to log in, but to guess the password. */
export class ScramSecret {
  readonly hash: ScramHash;
  readonly iterations: number;
  readonly #salt: Uint8Array;
  readonly #storedKey: Uint8Array;
  readonly #serverKey: Uint8Array;

  /** @internal Use {@link makeScramSecret} or {@link ScramSecret.parse}. */
  constructor(
    hash: ScramHash,
    iterations: number,
    keys: { salt: Uint8Array; storedKey: Uint8Array; serverKey: Uint8Array },
  ) {
    this.hash = hash;
    this.iterations = iterations;
    this.#salt = keys.salt;
    this.#storedKey = keys.storedKey;
    this.#serverKey = keys.serverKey;
  }

  /**
   * Reads the format of RFC 5803, which PostgreSQL uses too: `SCRAM-SHA-256$iterations:salt$storedKey:serverKey`.
   * @returns Undefined if it is malformed.
   */
  static parse(text: string): ScramSecret | undefined {
    const found =
      /^SCRAM-(SHA-1|SHA-256)\$(\d{1,8}):([+/=0-9A-Za-z]{1,1024})\$([+/=0-9A-Za-z]+):([+/=0-9A-Za-z]+)$/.exec(
        checkSecretString('text', text),
      );
    if (found === null) return undefined;
    const hash = found[1] as ScramHash;
    const iterations = Number(found[2]);
    const [salt, storedKey, serverKey] = found.slice(3).map((one) => Buffer.from(one, 'base64'));
    if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined;
    const { bytes } = HASHES[hash];
    if (storedKey.length !== bytes || serverKey.length !== bytes) return undefined;
    if (salt.length === 0) return undefined;
    if (iterations < 1 || iterations > MAX_ITERATIONS) return undefined;
    return new ScramSecret(hash, iterations, { salt, storedKey, serverKey });
  }

  get salt(): Uint8Array {
    return this.#salt;
  }

  get storedKey(): Uint8Array {
    return this.#storedKey;
  }

  get serverKey(): Uint8Array {
    return this.#serverKey;
  }

  /** The text to store: see {@link ScramSecret.parse}. */
  serialize(): string {
    const [salt, stored, server] = [this.#salt, this.#storedKey, this.#serverKey].map((octets) =>
      Buffer.from(octets).toString('base64'),
    );
    return `SCRAM-${this.hash}$${this.iterations}:${salt}$${stored}:${server}`;
  }

  toString(): string {
    return `<ScramSecret SCRAM-${this.hash}, ${this.iterations} iterations>`;
  }
}

showAsText(ScramSecret);

export interface ScramSecretOptions {
  /** Default SHA-256. */
  readonly hash?: ScramHash;
  /** 4,096 to 10,000,000. Default 15,000. */
  readonly iterations?: number;
  /** For the salt. Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<ScramSecretOptions> = {
  hash: true,
  iterations: true,
  randomBytes: true,
};

/**
 * The secret of a password. The keys are derived in the thread pool of libuv. Fails with UnsuitablePasswordError if SASLprep refuses the
 * password.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function makeScramSecret(
  password: string,
  options: ScramSecretOptions = {},
): Deferred<ScramSecret> {
  checkSecretString('password', password);
  checkOptions('makeScramSecret', options, OPTIONS);
  const { hash = 'SHA-256', iterations = SCRAM_ITERATIONS, randomBytes = RANDOM_BYTES } = options;
  checkChoice('hash', hash, SCRAM_HASHES);
  checkInteger('iterations', iterations, MIN_ITERATIONS, MAX_ITERATIONS);
  checkFunction('randomBytes', randomBytes);
  let prepared: string;
  try {
    prepared = preparedPassword(password);
  } catch (error) {
    return fail(error);
  }
  const salt = randomBytes(SALT_BYTES);
  return saltedPassword(hash, prepared, salt, iterations).addCallback((salted) => {
    const { storedKey, serverKey } = keysOf(hash, salted);
    return new ScramSecret(hash, iterations, { salt, storedKey, serverKey });
  });
}

/** @throws UnsuitablePasswordError SASLprep refuses the password. */
export function preparedPassword(password: string): string {
  const prepared = saslprep(password);
  if (prepared !== undefined) return prepared;
  throw new UnsuitablePasswordError(
    'the password is empty or has characters that SASLprep forbids',
  );
}

/** Hi() of RFC 5802. A derivation that has begun cannot be stopped; its result is dropped if it is cancelled. */
export function saltedPassword(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Deferred<Buffer> {
  const { name, bytes } = HASHES[hash];
  const result = new Deferred<Buffer>();
  pbkdf2(password, salt, iterations, bytes, name, (error, key) => {
    if (error === null) result.callback(key);
    else result.errback(error);
  });
  return result;
}

export interface ScramKeys {
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export function keysOf(hash: ScramHash, salted: Uint8Array): ScramKeys {
  const clientKey = mac(hash, salted, 'Client Key');
  const serverKey = mac(hash, salted, 'Server Key');
  return { clientKey, storedKey: storedKeyOf(hash, clientKey), serverKey };
}

/** H() of RFC 5802. */
export function storedKeyOf(hash: ScramHash, clientKey: Uint8Array): Buffer {
  return createHash(HASHES[hash].name).update(clientKey).digest();
}

/** HMAC() of RFC 5802. */
export function mac(hash: ScramHash, key: Uint8Array, text: string): Buffer {
  return createHmac(HASHES[hash].name, key).update(text).digest();
}

/**
 * Makes and verifies hashes of passwords, never in the reactor's thread: scrypt and Argon2 run in the thread pool of libuv, the others
 * in threads of `ropewalk/threads`. Both share one limit.
 */
import { createHash } from 'node:crypto';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { MissingPackageError } from '../../core/errors/tls.js';
import type { ThreadModule } from '../../core/thread-functions.js';
import type { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import {
  checkChoice,
  checkFunction,
  checkInteger,
  checkSecretString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { ThreadPool, threadModule } from '../../threads/index.js';
import { UnsuitablePasswordError } from '../errors.js';
import { equalSecrets, isWellFormed, RANDOM_BYTES, type RandomBytes } from '../secrets.js';
import { argon2, argon2Key, scryptKey } from './derive-key.js';
import type * as HashThread from './hash-thread.js';
import { HASH_LIMITS, type HashScheme, type ParsedHash, parseHash } from './parse-hash.js';
import { WorkLimit } from './work-limit.js';

/** The schemes that can be written. */
export type NewHashScheme = 'scrypt' | 'argon2id' | 'bcrypt';

export interface PasswordHasherOptions {
  /**
   * The scheme of new hashes. `argon2id` needs a Node whose node:crypto has it (24.7 or later), `bcrypt` the package bcryptjs. Default `scrypt`.
   */
  readonly scheme?: NewHashScheme;
  /** log2 of the cost N of new scrypt hashes (r = 8, p = 3), 10 to 20, within `maxMemory`. Default 15: 32 MiB. */
  readonly scryptLogN?: number;
  /** Cost of new bcrypt hashes, 4 to 15. Default 12. */
  readonly bcryptCost?: number;
  /** Hashes that are computed at the same time. Default 2: libuv has four threads, which also serve files and names. */
  readonly maxConcurrent?: number;
  /** Computations that wait; further ones fail with TooManyLoginsError. Default 64. */
  readonly maxQueued?: number;
  /** Memory of one scrypt or Argon2 hash, in bytes. Hashes that need more are refused. Default 268,435,456. */
  readonly maxMemory?: number;
  /** Highest cost of bcrypt hashes that are verified. Default 15. */
  readonly maxBcryptCost?: number;
  /** Highest number of rounds of SHA-crypt hashes that are verified. Default 1,000,000. */
  readonly maxRounds?: number;
  /** For salts. Default: those of node:crypto. */
  readonly randomBytes?: RandomBytes;
  /** Flags of Node for the threads. Default: those of the process. */
  readonly execArgv?: readonly string[];
}

const OPTIONS: OptionNames<PasswordHasherOptions> = {
  scheme: true,
  scryptLogN: true,
  bcryptCost: true,
  maxConcurrent: true,
  maxQueued: true,
  maxMemory: true,
  maxBcryptCost: true,
  maxRounds: true,
  randomBytes: true,
  execArgv: true,
};

/** Longest password, in octets of UTF-8: SHA-crypt takes time in proportion to the square of it. */
export const MAX_PASSWORD_BYTES = 1_024;
/** bcrypt ignores the octets after these. */
export const MAX_BCRYPT_BYTES = 72;

const SCRYPT_R = 8;
const SCRYPT_P = 3;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const ARGON2 = { memoryKiB: 65_536, passes: 3, parallelism: 1 } as const;
const SCHEMES: readonly NewHashScheme[] = ['scrypt', 'argon2id', 'bcrypt'];

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
/** @internal */
export type HashModule = ThreadModule<typeof HashThread>;

/** @internal */
export const HASH_MODULE: HashModule = threadModule(
  new URL(`./hash-thread${EXTENSION}`, import.meta.url),
  { errors: [MissingPackageError] },
);

/** The work of a hasher. */
export interface HashStatistics {
  readonly running: number;
  readonly queued: number;
  /** Calls that failed because the queue was full. */
  readonly refused: number;
  /** Completed computations by scheme. */
  readonly computed: Readonly<Partial<Record<HashScheme, number>>>;
}

/**
 * @example
 * const hasher = new PasswordHasher();
 * const hash = await hasher.hash('correct horse'); // $scrypt$ln=15,r=8,p=3$...
 * await hasher.verify('correct horse', hash); // true
 */
export class PasswordHasher implements AsyncDisposable {
  readonly #settings: Required<Omit<PasswordHasherOptions, 'execArgv'>>;
  readonly #flags: { readonly execArgv?: readonly string[] };
  readonly #work: WorkLimit;
  readonly #computed: Partial<Record<HashScheme, number>> = {};
  readonly #module: HashModule;
  #pool: ThreadPool | undefined;

  /**
   * @param module The module of the threads, for tests.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: PasswordHasherOptions = {}, module: HashModule = HASH_MODULE) {
    checkOptions('PasswordHasher', options, OPTIONS);
    this.#module = module;
    const { scheme = 'scrypt', randomBytes = RANDOM_BYTES } = options;
    const { execArgv } = options;
    this.#flags = execArgv === undefined ? {} : { execArgv };
    checkChoice('scheme', scheme, SCHEMES);
    checkFunction('randomBytes', randomBytes);
    const whole = (name: WholeOption, fallback: number, min: number, max: number): number =>
      checkInteger(name, options[name] ?? fallback, min, max);
    this.#settings = {
      scheme,
      randomBytes,
      scryptLogN: whole('scryptLogN', 15, 10, 20),
      bcryptCost: whole('bcryptCost', 12, 4, HASH_LIMITS.maxBcryptCost),
      maxConcurrent: whole('maxConcurrent', 2, 1, 1_024),
      maxQueued: whole('maxQueued', 64, 0, 2 ** 31 - 1),
      maxMemory: whole('maxMemory', HASH_LIMITS.maxMemory, 2 ** 20, 2 ** 34),
      maxBcryptCost: whole('maxBcryptCost', HASH_LIMITS.maxBcryptCost, 4, 31),
      maxRounds: whole('maxRounds', HASH_LIMITS.maxRounds, 1_000, 999_999_999),
    };
    checkOwnCost(this.#settings);
    const { maxConcurrent, maxQueued } = this.#settings;
    this.#work = new WorkLimit(maxConcurrent, maxQueued);
  }

  statistics(): HashStatistics {
    const { running, queued, refused } = this.#work;
    return { running, queued, refused, computed: { ...this.#computed } };
  }

  /**
   * Whether this hasher can verify a hash: its scheme is known, and its cost within the limits.
   * @throws UnsupportedHashError
   */
  check(hash: string): HashScheme {
    return this.#parse(hash).scheme;
  }

  /**
   * Whether `hash` is one of `password`. A password that the scheme would truncate, or that contains a NUL, is wrong after the same
   * amount of work. Fails with UnsupportedHashError, TooManyLoginsError, or MissingPackageError (bcryptjs).
   *
   * @throws InvalidArgumentTypeError
   */
  verify(password: string, hash: string): Deferred<boolean> {
    checkSecretString('password', password);
    checkSecretString('hash', hash);
    let parsed: ParsedHash;
    try {
      parsed = this.#parse(hash);
    } catch (error) {
      return fail(error);
    }
    const suitable = unsuitability(password, parsed.scheme) === undefined;
    const compared = suitable ? password : '';
    return this.#work.run(async () => {
      const equal = await this.#compute(compared, parsed);
      this.#count(parsed.scheme);
      return equal && suitable;
    });
  }

  /**
   * A new hash with a random salt. Fails with UnsuitablePasswordError: the password is empty, longer than 1,024 octets of UTF-8 (72 for
   * bcrypt), or contains a NUL.
   *
   * @throws InvalidArgumentTypeError
   */
  hash(password: string): Deferred<string> {
    checkSecretString('password', password);
    const { scheme } = this.#settings;
    const problem = password === '' ? 'it is empty' : unsuitability(password, scheme);
    if (problem !== undefined) return fail(new UnsuitablePasswordError(`the password: ${problem}`));
    return this.#work.run(async () => {
      const text = await this.#make(password);
      this.#count(scheme);
      return text;
    });
  }

  /** A hash that no password has, which costs as much as a new one: for users who do not exist. */
  nobodysHash(): string {
    const { randomBytes, scryptLogN } = this.#settings;
    return scryptText(scryptLogN, randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));
  }

  /** Ends the threads. Calls afterwards start new ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.terminate();
  }

  toString(): string {
    const { running, queued } = this.#work;
    return `<PasswordHasher, ${running} running, ${queued} queued>`;
  }

  #parse(hash: string): ParsedHash {
    const parsed = parseHash(hash, this.#settings);
    if (parsed.scheme === 'argon2id') argon2();
    return parsed;
  }

  #count(scheme: HashScheme): void {
    this.#computed[scheme] = (this.#computed[scheme] ?? 0) + 1;
  }

  async #compute(password: string, hash: ParsedHash): Promise<boolean> {
    if (hash.scheme === 'scrypt') {
      return equalSecrets(await scryptKey(password, hash.salt, hash.key.length, hash), hash.key);
    }
    if (hash.scheme === 'argon2id') {
      return equalSecrets(await argon2Key(password, hash.salt, hash.key.length, hash), hash.key);
    }
    if (hash.scheme === 'sha1') {
      const digest = createHash('sha1').update(password).digest('base64');
      return equalSecrets(`{SHA}${digest}`, hash.text);
    }
    return this.#threads().call(this.#module, 'verifyInThread', [password, hash.text]);
  }

  async #make(password: string): Promise<string> {
    const { scheme, scryptLogN, bcryptCost, randomBytes } = this.#settings;
    if (scheme === 'bcrypt') {
      return this.#threads().call(this.#module, 'bcryptInThread', [password, bcryptCost]);
    }
    const salt = randomBytes(SALT_BYTES);
    if (scheme === 'scrypt') {
      const costs = { logN: scryptLogN, r: SCRYPT_R, p: SCRYPT_P };
      return scryptText(scryptLogN, salt, await scryptKey(password, salt, KEY_BYTES, costs));
    }
    const { memoryKiB, passes, parallelism } = ARGON2;
    const key = await argon2Key(password, salt, KEY_BYTES, ARGON2);
    const costs = `m=${memoryKiB},t=${passes},p=${parallelism}`;
    return `$argon2id$v=19$${costs}$${base64(salt)}$${base64(key)}`;
  }

  #threads(): ThreadPool {
    const { maxConcurrent } = this.#settings;
    this.#pool ??= new ThreadPool({
      name: 'ropewalk passwords',
      maximum: maxConcurrent,
      ...this.#flags,
    });
    return this.#pool;
  }
}

showAsText(PasswordHasher);

type WholeOption = Exclude<keyof PasswordHasherOptions, 'scheme' | 'randomBytes' | 'execArgv'>;

/** A hasher must be able to verify its own hashes. */
function checkOwnCost({ scryptLogN, maxMemory }: { scryptLogN: number; maxMemory: number }): void {
  const memory = 128 * 2 ** scryptLogN * SCRYPT_R;
  if (memory <= maxMemory) return;
  const expected = `so low that a hash needs no more than maxMemory, ${maxMemory} bytes`;
  throw new InvalidArgumentValueError('scryptLogN', expected, scryptLogN);
}

/** Why a scheme cannot hash a password completely. */
function unsuitability(password: string, scheme: HashScheme): string | undefined {
  const max = scheme === 'bcrypt' ? MAX_BCRYPT_BYTES : MAX_PASSWORD_BYTES;
  if (Buffer.byteLength(password) > max) return `it is longer than ${max} octets of UTF-8`;
  if (password.includes('\0')) return 'it contains a NUL';
  return isWellFormed(password) ? undefined : 'it is not well-formed Unicode';
}

function scryptText(logN: number, salt: Uint8Array, key: Uint8Array): string {
  return `$scrypt$ln=${logN},r=${SCRYPT_R},p=${SCRYPT_P}$${base64(salt)}$${base64(key)}`;
}

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64').replaceAll('=', '');
}

/** @throws InvalidArgumentTypeError */
export function checkHasher(hasher: unknown): PasswordHasher {
  if (hasher instanceof PasswordHasher) return hasher;
  throw new InvalidArgumentTypeError('hasher', 'a PasswordHasher', hasher);
}

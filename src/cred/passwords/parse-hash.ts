/** Reads hashes of passwords, as htpasswd(1) and crypt(5) write them: the scheme, its parameters, and whether they are affordable. */
import { UnsupportedHashError } from '../errors.js';

/** The schemes that can be verified. */
export type HashScheme =
  | 'scrypt'
  | 'argon2id'
  | 'bcrypt'
  | 'sha512-crypt'
  | 'sha256-crypt'
  | 'md5-crypt'
  | 'apr1'
  | 'sha1';

/** Highest costs of hashes that are verified. Otherwise, a user who can write the file could stop the logins of all users. */
export interface HashLimits {
  /** Memory of scrypt and Argon2, in bytes. Default 268,435,456. */
  readonly maxMemory: number;
  /** log2 of the rounds of bcrypt. Default 15. */
  readonly maxBcryptCost: number;
  /** Rounds of SHA-crypt. Default 1,000,000. */
  readonly maxRounds: number;
}

export const HASH_LIMITS: HashLimits = {
  maxMemory: 2 ** 28,
  maxBcryptCost: 15,
  maxRounds: 1_000_000,
};

/** Longest hash, in characters. */
export const MAX_HASH_LENGTH = 512;
const MAX_PARALLELISM = 16;
/** Time is proportional to memory and `p`: this many times the most memory. */
const MAX_SCRYPT_WORK = 4;
const MAX_PASSES = 16;
const MIN_ROUNDS = 1_000;

export type ParsedHash = { readonly text: string } & (
  | { readonly scheme: 'bcrypt'; readonly cost: number }
  | { readonly scheme: 'md5-crypt' | 'apr1'; readonly salt: string }
  | {
      readonly scheme: 'sha256-crypt' | 'sha512-crypt';
      readonly salt: string;
      readonly rounds: number | undefined;
    }
  | { readonly scheme: 'sha1' }
  | {
      readonly scheme: 'scrypt';
      readonly logN: number;
      readonly r: number;
      readonly p: number;
      readonly salt: Buffer;
      readonly key: Buffer;
    }
  | {
      readonly scheme: 'argon2id';
      readonly memoryKiB: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly salt: Buffer;
      readonly key: Buffer;
    }
);

/** Schemes of crypt(5) that only libcrypt computes. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  $y$: 'yescrypt',
  $gy$: 'gost-yescrypt',
  $7$: 'scrypt of crypt(5)',
  $sha1$: 'sha1-crypt',
  $md5: 'SunMD5',
  $3$: 'NT hash',
  $2x$: 'bcrypt with the error of crypt_blowfish',
  $argon2i$: 'argon2i',
  $argon2d$: 'argon2d',
  '{SSHA}': 'salted SHA-1 of LDAP',
};

// The salts of crypt(3), visible ASCII, end at the next `$`; `:` ends the field of a file.
const SHA_CRYPT =
  /^\$([56])\$(?:rounds=([0-9]{1,9})\$)?([!-#%-9;-~]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./0-9A-Za-z]{53}$/;
const MD5_CRYPT = /^\$(1|apr1)\$([!-#%-9;-~]{0,8})\$[./0-9A-Za-z]{22}$/;
const SCRYPT =
  /^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([+/0-9A-Za-z]{11,86})\$([+/0-9A-Za-z]{22,86})$/;
const ARGON2 =
  /^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$([+/0-9A-Za-z]{11,86})\$([+/0-9A-Za-z]{22,86})$/;

/** @throws UnsupportedHashError its message does not contain the hash. */
export function parseHash(text: string, limits: HashLimits = HASH_LIMITS): ParsedHash {
  if (text.length > MAX_HASH_LENGTH)
    throw new UnsupportedHashError(undefined, 'the hash is too long');
  const parsed =
    parseBcrypt(text, limits) ??
    parseShaCrypt(text, limits) ??
    parseScrypt(text, limits) ??
    parseArgon2(text, limits);
  if (parsed !== undefined) return parsed;
  const md5 = MD5_CRYPT.exec(text);
  if (md5 !== null) {
    return { text, scheme: md5[1] === '1' ? 'md5-crypt' : 'apr1', salt: md5[2] as string };
  }
  if (/^\{SHA\}[+/0-9A-Za-z]{27}=$/.test(text)) return { text, scheme: 'sha1' };
  for (const [prefix, name] of Object.entries(UNSUPPORTED)) {
    if (text.startsWith(prefix)) {
      throw new UnsupportedHashError(name, 'this scheme is not supported');
    }
  }
  throw new UnsupportedHashError(
    undefined,
    'the hash is malformed, or has an unknown scheme; DES crypt and passwords in clear are not supported',
  );
}

function parseBcrypt(text: string, limits: HashLimits): ParsedHash | undefined {
  const found = BCRYPT.exec(text);
  if (found === null) return undefined;
  const cost = Number(found[1]);
  if (cost < 4 || cost > limits.maxBcryptCost) throw tooCostly('bcrypt', 'cost', cost);
  return { text, scheme: 'bcrypt', cost };
}

function parseShaCrypt(text: string, limits: HashLimits): ParsedHash | undefined {
  const found = SHA_CRYPT.exec(text);
  if (found === null) return undefined;
  const scheme = found[1] === '5' ? 'sha256-crypt' : 'sha512-crypt';
  if (found[4]?.length !== (scheme === 'sha256-crypt' ? 43 : 86)) return undefined;
  const rounds = found[2] === undefined ? undefined : Number(found[2]);
  if (rounds !== undefined && (rounds < MIN_ROUNDS || rounds > limits.maxRounds)) {
    throw tooCostly(scheme, 'number of rounds', rounds);
  }
  return { text, scheme, salt: found[3] as string, rounds };
}

function parseScrypt(text: string, limits: HashLimits): ParsedHash | undefined {
  const found = SCRYPT.exec(text);
  if (found === null) return undefined;
  const [logN, r, p] = found.slice(1, 4).map(Number) as [number, number, number];
  // RFC 7914 section 6: N is less than 2^(128 * r / 8).
  if (logN < 1 || logN > 24 || r < 1 || p < 1 || logN >= 16 * r) {
    throw tooCostly('scrypt', 'ln', logN);
  }
  const memory = 128 * 2 ** logN * r;
  if (memory > limits.maxMemory) throw tooCostly('scrypt', 'memory', memory);
  if (p > MAX_PARALLELISM || memory * p > MAX_SCRYPT_WORK * limits.maxMemory) {
    throw tooCostly('scrypt', 'p', p);
  }
  const [salt, key] = found.slice(4).map(fromBase64) as [Buffer, Buffer];
  return { text, scheme: 'scrypt', logN, r, p, salt, key };
}

function parseArgon2(text: string, limits: HashLimits): ParsedHash | undefined {
  const found = ARGON2.exec(text);
  if (found === null) return undefined;
  const [memoryKiB, passes, parallelism] = found.slice(1, 4).map(Number) as [
    number,
    number,
    number,
  ];
  if (parallelism < 1 || parallelism > MAX_PARALLELISM)
    throw tooCostly('argon2id', 'p', parallelism);
  if (passes < 1 || passes > MAX_PASSES) throw tooCostly('argon2id', 't', passes);
  const memory = memoryKiB * 1024;
  if (memoryKiB < 8 * parallelism || memory > limits.maxMemory) {
    throw tooCostly('argon2id', 'memory', memory);
  }
  const [salt, key] = found.slice(4).map(fromBase64) as [Buffer, Buffer];
  return { text, scheme: 'argon2id', memoryKiB, passes, parallelism, salt, key };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function tooCostly(scheme: HashScheme, what: string, value: number): UnsupportedHashError {
  return new UnsupportedHashError(scheme, `the ${what}, ${value}, is outside of the limits`);
}

/** Makes commands of checked arguments: what cannot be sent throws here, so that a value or a key never becomes a command. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkData, checkInteger, checkString } from '../../internal/check.js';
import { InvalidMemcacheRequestError } from './errors.js';
import type { MemcacheReplyKind, MemcacheRequest } from './events.js';
import { MAX_RELATIVE_SECONDS } from './expiry.js';
import { MAX_COMMAND_BYTES, MAX_KEY_BYTES, MAX_KEYS } from './limits.js';

/** Text is stored as UTF-8. */
export type MemcacheData = Uint8Array | string;

/** The commands that store a value. */
export type MemcacheStorageCommand = 'set' | 'add' | 'replace' | 'append' | 'prepend';

/** A key of a meta command: bytes are sent in base64, with the flag `b`. */
export type MemcacheMetaKey = string | Uint8Array;

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;
const NONE: readonly string[] = [];

/** Values by `get`; with their versions by `gets`. */
export function getRequest(keys: readonly string[], withCas: boolean): MemcacheRequest {
  const distinct = distinctKeys(keys);
  const command = withCas ? 'gets' : 'get';
  return request(command, distinct, `${command} ${distinct.join(' ')}\r\n`, 'values');
}

/** Values, whose expiry is set, by `gat`; with their versions by `gats`. */
export function getAndTouchRequest(
  keys: readonly string[],
  exptime: number,
  withCas: boolean,
): MemcacheRequest {
  const distinct = distinctKeys(keys);
  const command = withCas ? 'gats' : 'gat';
  const line = limited(`${command} ${exptime} ${distinct.join(' ')}\r\n`);
  return request(command, distinct, line, 'values');
}

export interface MemcacheStorage {
  readonly flags: number;
  readonly exptime: number;
}

export function storageRequest(
  command: MemcacheStorageCommand,
  key: string,
  value: MemcacheData,
  { flags, exptime }: MemcacheStorage,
): MemcacheRequest {
  const data = dataOf(value);
  checkKey(key);
  checkInteger('flags', flags, 0, MAX_UINT32);
  const line = `${command} ${key} ${flags} ${exptime} ${data.length}\r\n`;
  return { ...request(command, [key], line, 'storage'), data };
}

/** @param cas The version from `gets`. */
export function casRequest(
  key: string,
  value: MemcacheData,
  cas: string,
  { flags, exptime }: MemcacheStorage,
): MemcacheRequest {
  const data = dataOf(value);
  checkKey(key);
  checkInteger('flags', flags, 0, MAX_UINT32);
  // memcached takes the value of a cas that it cannot read for commands.
  if (!/^\d{1,20}$/.test(checkString('cas', cas)) || BigInt(cas) > MAX_UINT64) {
    throw new InvalidArgumentValueError('cas', 'that of a value from gets', cas);
  }
  const line = `cas ${key} ${flags} ${exptime} ${data.length} ${cas}\r\n`;
  return { ...request('cas', [key], line, 'storage'), data };
}

export function deleteRequest(key: string): MemcacheRequest {
  return request('delete', [checkKey(key)], `delete ${key}\r\n`, 'delete');
}

export function arithmeticRequest(
  command: 'incr' | 'decr',
  key: string,
  delta: number | bigint,
): MemcacheRequest {
  checkKey(key);
  return request(command, [key], `${command} ${key} ${checkDelta(delta)}\r\n`, 'number');
}

export function touchRequest(key: string, exptime: number): MemcacheRequest {
  return request('touch', [checkKey(key)], `touch ${key} ${exptime}\r\n`, 'touch');
}

/** @param delaySeconds Values stored until then expire at that time. */
export function flushAllRequest(delaySeconds: number): MemcacheRequest {
  checkInteger('delaySeconds', delaySeconds, 0, MAX_RELATIVE_SECONDS);
  const line = delaySeconds === 0 ? 'flush_all\r\n' : `flush_all ${delaySeconds}\r\n`;
  return request('flush_all', NONE, line, 'ok');
}

const STATS = ['conns', 'extstore', 'items', 'proxy', 'reset', 'settings', 'sizes', 'slabs'];

/** @param topic Undefined: general figures. Topics whose answers have another form, such as `cachedump`, are refused. */
export function statsRequest(topic: string | undefined): MemcacheRequest {
  if (topic === undefined) return request('stats', NONE, 'stats\r\n', 'stats');
  if (!STATS.includes(checkString('topic', topic))) {
    throw new InvalidArgumentValueError('topic', `one of ${STATS.join(', ')}`, topic);
  }
  return request('stats', NONE, `stats ${topic}\r\n`, 'stats');
}

export function versionRequest(): MemcacheRequest {
  return request('version', NONE, 'version\r\n', 'version');
}

/** @param level What the server logs: 0 errors, 1 and more also commands. */
export function verbosityRequest(level: number): MemcacheRequest {
  checkInteger('level', level, 0, MAX_UINT32);
  return request('verbosity', NONE, `verbosity ${level}\r\n`, 'ok');
}

/**
 * The first command on a connection to a server with the option `--auth-file`. The password is not in `line`, which may appear in
 * messages.
 */
export function authenticationRequest(username: string, password: string): MemcacheRequest {
  const data = Buffer.from(`${username} ${password}`);
  const line = `set auth 0 0 ${data.length}\r\n`;
  return { ...request('set', ['auth'], line, 'storage'), data };
}

/** `mg`, `md` and `ma`. */
export function metaRequest(
  command: 'mg' | 'md' | 'ma',
  key: MemcacheMetaKey,
  flags: readonly string[],
): MemcacheRequest {
  const { name, encoded } = metaKey(key);
  const { text, opaque } = metaFlags(flags, encoded);
  const line = limited(`${command} ${name}${text}\r\n`);
  return { ...request(command, [name], line, 'meta'), opaque, hashed: key };
}

export function metaSetRequest(
  key: MemcacheMetaKey,
  value: MemcacheData,
  flags: readonly string[],
): MemcacheRequest {
  const data = dataOf(value);
  const { name, encoded } = metaKey(key);
  const { text, opaque } = metaFlags(flags, encoded);
  const line = limited(`ms ${name} ${data.length}${text}\r\n`);
  return { ...request('ms', [name], line, 'meta'), data, opaque, hashed: key };
}

export function metaNoopRequest(): MemcacheRequest {
  return request('mn', NONE, 'mn\r\n', 'noop');
}

export function metaDebugRequest(key: MemcacheMetaKey): MemcacheRequest {
  const { name, encoded } = metaKey(key);
  const line = `me ${name}${encoded ? ' b' : ''}\r\n`;
  return { ...request('me', [name], line, 'debug'), hashed: key };
}

function request(
  command: string,
  keys: readonly string[],
  line: string,
  reply: MemcacheReplyKind,
): MemcacheRequest {
  return { command, keys, hashed: keys[0], line, data: undefined, reply, opaque: undefined };
}

/** Spaces, control characters, and halves of surrogate pairs, which have no UTF-8. */
const NOT_IN_KEYS = /[ \p{Cc}\p{Cs}]/u;

/** @throws InvalidArgumentTypeError, InvalidMemcacheRequestError Messages do not contain the key. */
export function checkKey(key: string): string {
  if (typeof key !== 'string') throw new InvalidArgumentTypeError('key', 'a string', key);
  if (key === '') throw new InvalidMemcacheRequestError('a memcache key must not be empty');
  const at = key.search(NOT_IN_KEYS);
  if (at !== -1) {
    const what = 'space, control character or half of a surrogate pair';
    const advice = 'encode the key, or use a meta command with the key as bytes';
    throw new InvalidMemcacheRequestError(
      `a memcache key contains a ${what} at index ${at}: ${advice}`,
    );
  }
  // A character of UTF-16 has at most three bytes in UTF-8.
  if (key.length * 3 > MAX_KEY_BYTES) checkKeyLength(Buffer.byteLength(key));
  return key;
}

function checkKeyLength(length: number): void {
  if (length <= MAX_KEY_BYTES) return;
  throw new InvalidMemcacheRequestError(
    `a memcache key has ${length} bytes; the limit is ${MAX_KEY_BYTES}: hash longer keys`,
  );
}

function distinctKeys(keys: readonly string[]): readonly string[] {
  if (keys.length === 0 || keys.length > MAX_KEYS) {
    throw new InvalidArgumentValueError('keys', `1 to ${MAX_KEYS} keys`, keys.length);
  }
  for (const key of keys) checkKey(key);
  return keys.length === 1 ? keys : [...new Set(keys)];
}

function metaKey(key: MemcacheMetaKey): { readonly name: string; readonly encoded: boolean } {
  if (typeof key === 'string') return { name: checkKey(key), encoded: false };
  if (!(key instanceof Uint8Array)) {
    throw new InvalidArgumentTypeError('key', 'a string or a Uint8Array', key);
  }
  if (key.length === 0) throw new InvalidMemcacheRequestError('a memcache key must not be empty');
  const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
  checkKeyLength(name.length);
  return { name, encoded: true };
}

/** A letter, and its token. */
const META_FLAG = /^[A-Za-z][!-~]*$/;
const MAX_OPAQUE_BYTES = 32;
/** memcached takes the value of a command with more flags for commands. */
const MAX_META_FLAGS = 16;

function metaFlags(
  flags: readonly string[],
  encoded: boolean,
): { readonly text: string; readonly opaque: string | undefined } {
  if (!Array.isArray(flags)) throw new InvalidArgumentTypeError('flags', 'an array', flags);
  const letters = new Set<string>();
  let opaque: string | undefined;
  for (const flag of flags) {
    const letter = checkString('a meta flag', flag).slice(0, 1);
    if (!META_FLAG.test(flag)) fault('must be a letter with a token of printable ASCII characters');
    if (letter === 'q') fault('q is not available: commands without an answer break the order');
    if (letter === 'b') fault('b is set for keys that are bytes: pass a Uint8Array');
    if (letters.has(letter)) fault(`${letter} occurs twice`);
    letters.add(letter);
    if (letter === 'O') opaque = flag.slice(1);
  }
  if (opaque !== undefined && (opaque === '' || opaque.length > MAX_OPAQUE_BYTES)) {
    fault(`O has a token of 1 to ${MAX_OPAQUE_BYTES} characters`);
  }
  const all = encoded ? [...flags, 'b'] : flags;
  if (all.length > MAX_META_FLAGS) fault(`there are more than ${MAX_META_FLAGS} flags`);
  return { text: all.map((flag) => ` ${flag}`).join(''), opaque };
}

function fault(problem: string): never {
  throw new InvalidMemcacheRequestError(`a meta flag cannot be sent: ${problem}`);
}

function limited(line: string): string {
  if (Buffer.byteLength(line) <= MAX_COMMAND_BYTES) return line;
  throw new InvalidMemcacheRequestError(
    `a memcache command is longer than ${MAX_COMMAND_BYTES} bytes: use fewer keys or flags`,
  );
}

function checkDelta(delta: number | bigint): bigint {
  if (typeof delta !== 'bigint') {
    return BigInt(checkInteger('delta', delta, 0, Number.MAX_SAFE_INTEGER));
  }
  if (delta >= 0n && delta <= MAX_UINT64) return delta;
  throw new InvalidArgumentValueError('delta', 'from 0 to 2^64 - 1', delta);
}

function dataOf(value: MemcacheData): Uint8Array {
  checkData(value, 'value', 'encode it first, for example by memcacheJSON()');
  return typeof value === 'string' ? Buffer.from(value) : value;
}

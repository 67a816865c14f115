/**
 * Sessions in a Redis server, shared by workers and machines. Each is a hash: the field `:end` is the time of the server at which its
 * lifetime ends, and each value is a field `v:KEY`. Every operation is one command, most of them a script, so it is atomic; times are
 * those of the server, whatever the clocks of the machines are.
 */
import { createHash } from 'node:crypto';
import type { Deferred } from '../../defer/deferred.js';
import { maybeDeferred } from '../../defer/succeed.js';
import { checkFunction, checkObject, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { SessionChanges, SessionStore, SessionTimes, SessionValues } from './session-store.js';

/** The part of a client of Redis that the store uses: `RedisClient` of `ropewalk/redis` has it. */
export interface RedisCaller {
  /** Sends a command. Texts of the answer may be bytes. */
  call(command: readonly [string, ...(string | number)[]]): PromiseLike<unknown>;
}

export interface RedisSessionStoreOptions {
  /** The beginning of the names of keys in Redis. Default `session:`. */
  readonly prefix?: string;
}

const OPTIONS: OptionNames<RedisSessionStoreOptions> = { prefix: true };

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS: the session. ARGV: idle time. */
const LOAD = `${NOW}
local all = redis.call('HGETALL', KEYS[1])
if #all == 0 then return false end
local left = redis.call('HGET', KEYS[1], ':end') - now
if left <= 0 then return false end
redis.call('PEXPIRE', KEYS[1], math.min(left, tonumber(ARGV[1])))
return all`;

/** KEYS: the session. ARGV: idle time, lifetime, then names of fields and values. */
const CREATE = `${NOW}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], ':end', string.format('%.0f', now + ARGV[2]))
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[1]), tonumber(ARGV[2])))
return 1`;

/** KEYS: the session. ARGV: the number of arguments with fields to set, those, then fields to delete. */
const UPDATE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local sets = tonumber(ARGV[1])
for i = 2, sets, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = sets + 2, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1`;

/** KEYS: the session, its new name. ARGV: nothing, or idle time and lifetime. */
const RENAME = `${NOW}
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
if #ARGV > 0 then
  redis.call('HSET', KEYS[2], ':end', string.format('%.0f', now + ARGV[2]))
  redis.call('PEXPIRE', KEYS[2], math.min(tonumber(ARGV[1]), tonumber(ARGV[2])))
end
return 1`;

/**
 * Needs Redis 6 or a server with the same commands, not a cluster. If Redis may evict keys (`maxmemory-policy`), sessions can end early.
 *
 * @example
 * const client = new RedisClient(clientFromString(reactor, 'tcp:127.0.0.1:6379'), { clock: reactor });
 * client.startService();
 * const store = new RedisSessionStore(client);
 */
export class RedisSessionStore implements SessionStore {
  readonly #client: RedisCaller;
  readonly #prefix: string;

  /** @throws InvalidArgumentTypeError, UnknownOptionError */
  constructor(client: RedisCaller, options: RedisSessionStoreOptions = {}) {
    checkObject('client', client);
    checkFunction('call of the client', client.call);
    checkOptions('RedisSessionStore', options, OPTIONS);
    const { prefix = 'session:' } = options;
    this.#client = client;
    this.#prefix = checkString('prefix', prefix);
  }

  load(name: string, idleMs: number): Deferred<SessionValues | undefined> {
    return this.#run(LOAD, [name], [whole(idleMs)]).addCallback((answer) =>
      Array.isArray(answer) ? valuesOf(answer) : undefined,
    );
  }

  create(name: string, values: SessionValues, times: SessionTimes): Deferred<void> {
    const fields = [...values].flatMap(([key, text]) => [`v:${key}`, text]);
    return this.#run(CREATE, [name], [...timesOf(times), ...fields]).addCallback(() => undefined);
  }

  update(name: string, changes: SessionChanges): Deferred<boolean> {
    const set: string[] = [];
    const deleted: string[] = [];
    for (const [key, text] of changes) {
      if (text === undefined) deleted.push(`v:${key}`);
      else set.push(`v:${key}`, text);
    }
    const args = [set.length, ...set, ...deleted];
    return this.#run(UPDATE, [name], args).addCallback((answer) => answer === 1);
  }

  rename(name: string, newName: string, times: SessionTimes | undefined): Deferred<boolean> {
    const args = times === undefined ? [] : timesOf(times);
    return this.#run(RENAME, [name, newName], args).addCallback((answer) => answer === 1);
  }

  delete(name: string): Deferred<void> {
    return this.#call(['DEL', this.#prefix + name]).addCallback(() => undefined);
  }

  /** Servers keep scripts until they restart. */
  #run(script: string, names: string[], args: readonly (string | number)[]): Deferred<unknown> {
    const keys = names.map((name) => this.#prefix + name);
    return this.#call(['EVALSHA', hashOf(script), keys.length, ...keys, ...args]).addErrback(
      (failure) => {
        if (!isMissingScript(failure.value)) return failure;
        return this.#call(['EVAL', script, keys.length, ...keys, ...args]);
      },
    );
  }

  #call(command: readonly [string, ...(string | number)[]]): Deferred<unknown> {
    return maybeDeferred<[], unknown>(() => this.#client.call(command));
  }
}

const hashes = new Map<string, string>();

function hashOf(script: string): string {
  const known = hashes.get(script) ?? createHash('sha1').update(script).digest('hex');
  hashes.set(script, known);
  return known;
}

function isMissingScript(error: Error): boolean {
  return /\bNOSCRIPT\b/.test(error.message);
}

function timesOf({ idleMs, lifetimeMs }: SessionTimes): [number, number] {
  return [whole(idleMs), whole(lifetimeMs)];
}

/** Redis counts whole milliseconds, of which there must be one. */
function whole(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}

function valuesOf(fields: readonly unknown[]): SessionValues {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const field = String(fields[at]);
    if (field.startsWith('v:')) values.set(field.slice(2), String(fields[at + 1]));
  }
  return values;
}

/** Commands and answers of Redis. */
import type { RedisServerError } from './errors.js';

/** One word of a command: bytes are sent as they are, text as UTF-8, numbers as decimals. */
export type RedisArgument = string | number | Uint8Array;

/** A command: its name, then its arguments, such as `['SET', 'key', bytes, 'EX', 60]`. */
export type RedisCommand = readonly [string, ...RedisArgument[]];

/**
 * A value of an answer. Strings of the database ("bulk") are Buffers with memory of their own; status lines such as `OK` are text.
 * Integers are numbers, or bigints from 2^53 on. Sets are arrays. Keys of maps are text. An error inside an array, as in the
 * answer to EXEC, is a RedisServerError.
 */
export type RedisValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Buffer
  | RedisServerError
  | readonly RedisValue[]
  | ReadonlyMap<string, RedisValue>;

/** One item that a server sends: an answer, or a message that answers no command ("push"), such as `['message', channel, data]`. */
export type RedisEvent =
  | { readonly type: 'reply'; readonly value: RedisValue }
  | { readonly type: 'push'; readonly values: readonly RedisValue[] };

/** The limits of a memcache connection. */
import { checkInteger } from '../../internal/check.js';
import type { OptionNames } from '../../internal/options.js';

/** Limits of one connection. */
export interface MemcacheLimits {
  /** Longest value that is sent or accepted, in bytes: 0 to 2^30. Default 1,048,576, the limit of memcached's option `-I`. */
  readonly maxValueBytes?: number;
  /** Longest line of an answer, in bytes, without CRLF: 64 to 2^20. Default 8,192. */
  readonly maxLineBytes?: number;
  /** Most commands that may be unanswered, 1 or more; cancelled ones count until they are answered. Default 10,000. */
  readonly maxUnanswered?: number;
  /** Most lines of an answer to `stats`, 1 or more. Default 10,000. */
  readonly maxStats?: number;
}

/** @internal */
export const LIMITS: OptionNames<MemcacheLimits> = {
  maxValueBytes: true,
  maxLineBytes: true,
  maxUnanswered: true,
  maxStats: true,
};

export type ResolvedLimits = Required<MemcacheLimits>;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function resolveLimits(limits: MemcacheLimits): ResolvedLimits {
  const { maxValueBytes = 2 ** 20, maxLineBytes = 8_192 } = limits;
  const { maxUnanswered = 10_000, maxStats = 10_000 } = limits;
  checkInteger('maxValueBytes', maxValueBytes, 0, 2 ** 30);
  checkInteger('maxLineBytes', maxLineBytes, 64, 2 ** 20);
  checkInteger('maxUnanswered', maxUnanswered, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('maxStats', maxStats, 1, Number.MAX_SAFE_INTEGER);
  return { maxValueBytes, maxLineBytes, maxUnanswered, maxStats };
}

/** Longest key in bytes (protocol.txt, "Keys"). */
export const MAX_KEY_BYTES = 250;
/** Longest line that memcached accepts for commands other than `get` and `gets`. */
export const MAX_COMMAND_BYTES = 2_048;
/** Keys of one `get` command. More keys are requested by several commands. */
export const MAX_KEYS = 100;

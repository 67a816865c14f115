/** The limits of a Redis connection. */
import { checkInteger } from '../../internal/check.js';
import type { OptionNames } from '../../internal/options.js';

/** Limits of one connection. */
export interface RedisLimits {
  /** Longest string of an answer, in bytes: 0 to 2^29, the limit of Redis. Default 67,108,864. */
  readonly maxBulkBytes?: number;
  /** Longest line of an answer, in bytes, without CRLF: 64 to 2^20. Default 65,536. */
  readonly maxLineBytes?: number;
  /** Most values in one answer, nested ones included: 1 to 2^31 - 1. Default 1,000,000. */
  readonly maxElements?: number;
  /** Most levels of arrays and maps in one answer: 1 to 1,000. Default 32. */
  readonly maxDepth?: number;
  /** Most commands that may be unanswered, 1 or more; cancelled ones count until they are answered. Default 10,000. */
  readonly maxUnanswered?: number;
}

/** @internal */
export const LIMITS: OptionNames<RedisLimits> = {
  maxBulkBytes: true,
  maxLineBytes: true,
  maxElements: true,
  maxDepth: true,
  maxUnanswered: true,
};

export type ResolvedLimits = Required<RedisLimits>;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function resolveLimits(limits: RedisLimits): ResolvedLimits {
  const { maxBulkBytes = 2 ** 26, maxLineBytes = 2 ** 16, maxElements = 1_000_000 } = limits;
  const { maxDepth = 32, maxUnanswered = 10_000 } = limits;
  checkInteger('maxBulkBytes', maxBulkBytes, 0, 2 ** 29);
  checkInteger('maxLineBytes', maxLineBytes, 64, 2 ** 20);
  checkInteger('maxElements', maxElements, 1, 2 ** 31 - 1);
  checkInteger('maxDepth', maxDepth, 1, 1_000);
  checkInteger('maxUnanswered', maxUnanswered, 1, Number.MAX_SAFE_INTEGER);
  return { maxBulkBytes, maxLineBytes, maxElements, maxDepth, maxUnanswered };
}

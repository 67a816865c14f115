/** Limits of JSON-RPC messages. */
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

export interface JSONRPCLimits {
  /** Longest text in bytes, or in UTF-16 code units: 64 to 2^29. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Most arrays and objects inside each other, those of the message included: 2 to 10,000. Default 64. */
  readonly maxDepth?: number;
  /** Most messages of a batch: 0 or more; 0 refuses batches. Default 50. */
  readonly maxBatch?: number;
}

/** @internal */
export const LIMITS: OptionNames<JSONRPCLimits> = {
  maxBytes: true,
  maxDepth: true,
  maxBatch: true,
};

export type ResolvedLimits = Required<JSONRPCLimits>;

const DEFAULTS: ResolvedLimits = { maxBytes: 2 ** 20, maxDepth: 64, maxBatch: 50 };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function resolveLimits(limits: JSONRPCLimits | undefined): ResolvedLimits {
  if (limits === undefined) return DEFAULTS;
  checkOptions('limits of JSON-RPC', limits, LIMITS);
  const { maxBytes = DEFAULTS.maxBytes, maxDepth = DEFAULTS.maxDepth } = limits;
  const { maxBatch = DEFAULTS.maxBatch } = limits;
  checkInteger('maxBytes', maxBytes, 64, 2 ** 29);
  checkInteger('maxDepth', maxDepth, 2, 10_000);
  checkInteger('maxBatch', maxBatch, 0, Number.MAX_SAFE_INTEGER);
  return { maxBytes, maxDepth, maxBatch };
}

/** Longest method name and longest id, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 255;

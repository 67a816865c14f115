/** Limits of XML-RPC messages. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

export interface XMLRPCLimits {
  /** Longest message in bytes, or in UTF-16 code units of text: 64 to 2^30. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Most arrays and structs inside each other: 1 to 1,024. Default 64. */
  readonly maxDepth?: number;
  /** Most values of a message, those inside arrays and structs included, 1 or more. Default 100,000. */
  readonly maxValues?: number;
}

/** @internal */
export const LIMITS: OptionNames<XMLRPCLimits> = {
  maxBytes: true,
  maxDepth: true,
  maxValues: true,
};

export type ResolvedLimits = Required<XMLRPCLimits>;

const DEFAULTS: ResolvedLimits = { maxBytes: 2 ** 20, maxDepth: 64, maxValues: 100_000 };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function resolveLimits(limits: XMLRPCLimits | undefined): ResolvedLimits {
  if (limits === undefined) return DEFAULTS;
  checkOptions('limits of XML-RPC', limits, LIMITS);
  const { maxBytes = DEFAULTS.maxBytes, maxDepth = DEFAULTS.maxDepth } = limits;
  const { maxValues = DEFAULTS.maxValues } = limits;
  checkInteger('maxBytes', maxBytes, 64, 2 ** 30);
  checkInteger('maxDepth', maxDepth, 1, 1_024);
  checkInteger('maxValues', maxValues, 1, Number.MAX_SAFE_INTEGER);
  return { maxBytes, maxDepth, maxValues };
}

/** Method names, as the specification has them. */
export const METHOD_NAME: RegExp = /^[\w.:/]{1,255}$/;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkMethodName(what: string, name: unknown): void {
  if (METHOD_NAME.test(checkString(what, name))) return;
  const expected = 'a name of letters, digits and _.:/, at most 255';
  throw new InvalidArgumentValueError(what, expected, name);
}

/** Of the text of one number or time. */
export const MAX_SCALAR_LENGTH = 1_024;

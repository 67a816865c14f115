/** The options of a resolution, checked and with their defaults. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { AddressFamily, ResolveOptions } from '../core/name-resolver.js';
import { checkAbortSignal, checkChoice, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

const BOTH: readonly AddressFamily[] = ['IPv4', 'IPv6'];
const DEFAULT_TIMEOUT_MS = 30_000;
const OPTIONS: OptionNames<ResolveOptions> = { families: true, timeoutMs: true, signal: true };

export interface ResolveSettings {
  readonly families: readonly AddressFamily[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function resolveSettings(options: ResolveOptions): ResolveSettings {
  checkOptions('resolveHostName', options, OPTIONS);
  const { families = BOTH, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  if (!Array.isArray(families)) {
    throw new InvalidArgumentTypeError('families', 'a list of families', families);
  }
  for (const family of families) checkChoice('families', family, BOTH);
  if (families.length === 0) {
    throw new InvalidArgumentValueError('families', 'one family or more', families);
  }
  checkMilliseconds('timeoutMs', timeoutMs);
  if (signal !== undefined) checkAbortSignal('signal', signal);
  return { families, timeoutMs, signal };
}

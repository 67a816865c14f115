/** The kind of reactor that a command uses. */
import { UsageError } from './usage-error.js';

export type ReactorChoice = 'auto' | 'native' | 'node';

export const REACTOR_CHOICES: readonly [ReactorChoice, ...ReactorChoice[]] = [
  'auto',
  'native',
  'node',
];

/**
 * The choice of the environment variable `ROPEWALK_REACTOR`; unset or empty: `auto`.
 * @throws UsageError
 */
export function environmentReactor(value: string | undefined): ReactorChoice {
  return choice('ROPEWALK_REACTOR', value || undefined, REACTOR_CHOICES);
}

/**
 * Reads the value of a flag or variable.
 * @param name For messages: `--poller`.
 * @param text Undefined: the first choice.
 * @throws UsageError
 */
export function choice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly [T, ...T[]],
): T {
  const value = choices.find((candidate) => candidate === (text ?? choices[0]));
  if (value !== undefined) return value;
  throw new UsageError(`${name} is one of ${choices.join(', ')}, not "${text}"`);
}

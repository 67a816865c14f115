/**
 * The text of values that other code made. Any value can be thrown or passed, and its getters, traps and methods may throw:
 * these functions never do.
 */

const UNREADABLE = 'an object that cannot be read';

/** `String(value)`. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNREADABLE;
  }
}

/** The message of an error, or the text of any other value. */
export function messageOf(value: unknown): string {
  try {
    return value instanceof Error ? String(value.message) : String(value);
  } catch {
    return UNREADABLE;
  }
}

/** `value instanceof type`; false for a proxy whose prototype cannot be read. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** `value` itself if it is an Error, or else an Error with its text. */
export function toError(value: unknown): Error {
  return isInstance(value, Error) ? value : new Error(textOf(value));
}

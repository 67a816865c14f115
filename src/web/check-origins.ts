/** Origins that users list in options. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';

const EXPECTED = 'a scheme, a host and perhaps a port, as browsers send them: https://a.example';

/**
 * The origins of a list, in the form in which browsers send them.
 * @param acceptsNull Whether `null` is one: that of sandboxed pages and files.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function checkOrigins(
  what: string,
  origins: readonly string[],
  acceptsNull = false,
): ReadonlySet<string> {
  if (!Array.isArray(origins)) throw new InvalidArgumentTypeError(what, 'an array', origins);
  for (const origin of origins as readonly unknown[]) {
    const text = checkString(`each of ${what}`, origin);
    if (text === 'null' ? acceptsNull : URL.canParse(text) && new URL(text).origin === text) {
      continue;
    }
    throw new InvalidArgumentValueError(`each of ${what}`, EXPECTED, origin);
  }
  return new Set(origins as readonly string[]);
}

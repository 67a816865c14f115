/** Typed names of the values of sessions. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { checkString } from '../../internal/check.js';

const MAX_LENGTH = 200;

/** See {@link sessionKey}. */
export class SessionKey<T> {
  readonly name: string;
  /** Only for the compiler: the type of the value. */
  declare protected readonly valueType: T;

  /** @internal */
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Makes a key for the values of sessions. Keys with the same name are equal, also in other processes that share the store: a value
 * may have been stored by an earlier version of the program.
 *
 * @example const CART = sessionKey<readonly string[]>('cart');
 * @param name 1 to 200 characters. Those that begin with `$` belong to this package.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function sessionKey<T>(name: string): SessionKey<T> {
  if (checkString('name', name) === '' || name.length > MAX_LENGTH || name.startsWith('$')) {
    const expected = `1 to ${MAX_LENGTH} characters, of which the first is not $`;
    throw new InvalidArgumentValueError('name', expected, name);
  }
  return new SessionKey<T>(name);
}

/** Typed names of values that resources attach to a request. */
import { checkString } from '../internal/check.js';

/** See {@link contextKey}. */
export class ContextKey<T> {
  readonly description: string;
  /** Only for the compiler: the type of the value. */
  declare protected readonly valueType: T;

  /** @internal */
  constructor(description: string) {
    this.description = description;
  }
}

/**
 * Makes a key for `context.get` and `context.set`. Keys are compared by identity, so those of different modules never clash.
 *
 * @example const USER = contextKey<User>('user');
 * @param description For messages of errors.
 * @throws InvalidArgumentTypeError
 */
export function contextKey<T>(description: string): ContextKey<T> {
  return new ContextKey<T>(checkString('description', description));
}

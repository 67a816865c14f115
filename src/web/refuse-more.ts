/** Additional arguments, which JavaScript ignores: in other frameworks they are middleware. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';

/**
 * @param call The whole call, such as `get(pattern, target)`.
 * @param more The arguments behind those.
 * @throws InvalidArgumentTypeError there are some.
 */
export function refuseMore(call: string, more: readonly unknown[]): void {
  if (more.length === 0) return;
  const hint =
    'middleware is a wrapper around a resource, such as limitTime(reactor, resource, options), or one that returns context.delegate(resource)';
  throw new InvalidArgumentTypeError(
    `an additional argument of ${call}`,
    'left out',
    more[0],
    hint,
  );
}

/** Makes of what a look-up failed with what those who asked are told. */
import {
  NameLookupFailedError,
  NameNotFoundError,
  NameResolutionError,
  type SystemError,
  withoutStack,
} from '../core/errors.js';

export function nameErrorFrom(cause: Error, name: string): NameResolutionError {
  if (cause instanceof NameResolutionError) return cause;
  const { code } = cause as Partial<SystemError>;
  return withoutStack(() =>
    code === 'ENOTFOUND'
      ? new NameNotFoundError('no such name', name, { cause })
      : new NameLookupFailedError(`cannot look up (${code ?? cause.message})`, name, { cause }),
  );
}

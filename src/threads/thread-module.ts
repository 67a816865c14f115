/** Names modules for threads. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { ThreadModule } from '../core/thread-functions.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { ErrorType } from '../internal/remote-error.js';

export interface ThreadModuleOptions {
  /**
   * Classes of errors that the functions throw. An error arrives as an instance of the first of its classes that is listed here,
   * by its name, or built into JavaScript. Its constructor is not called, and only fields with simple values arrive.
   */
  readonly errors?: readonly ErrorType[];
}

const OPTIONS: OptionNames<ThreadModuleOptions> = { errors: true };

/**
 * Names a module for threads and the types of its exports, which the compiler then checks in each call.
 *
 * @param module A URL, as text or object, or an absolute path.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @example const sums = threadModule<typeof import('./sums.js')>(new URL('./sums.js', import.meta.url));
 */
export function threadModule<Exports = unknown>(
  module: URL | string,
  options: ThreadModuleOptions = {},
): ThreadModule<Exports> {
  checkOptions('threadModule', options, OPTIONS);
  const { errors = [] } = options;
  if (!Array.isArray(errors) || !errors.every((type) => typeof type === 'function')) {
    throw new InvalidArgumentTypeError('errors', 'an array of classes', errors);
  }
  return { href: urlOf(module), errors: [...errors], exports: undefined };
}

function urlOf(module: unknown): string {
  const expected = 'a URL or an absolute path';
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string') throw new InvalidArgumentTypeError('module', expected, module);
  if (isAbsolute(module)) return pathToFileURL(module).href;
  // A relative URL has no base here.
  if (URL.canParse(module)) return module;
  const hint = 'new URL(path, import.meta.url) makes one of a relative path';
  throw new InvalidArgumentValueError('module', expected, module, hint);
}

/** @throws InvalidArgumentTypeError it is neither a URL nor made by {@link threadModule}. */
export function checkThreadModule(module: unknown): void {
  const { href, errors } = (module ?? {}) as Partial<ThreadModule<unknown>>;
  if (module instanceof URL || (typeof href === 'string' && Array.isArray(errors))) return;
  const hint = typeof module === 'string' ? 'new URL(path, import.meta.url) makes one' : undefined;
  throw new InvalidArgumentTypeError('module', 'a URL or the result of threadModule', module, hint);
}

/** Classes that errors of its functions have again. */
export function errorsOf(module: ThreadModule<unknown> | URL): readonly ErrorType[] {
  return module instanceof URL ? [] : module.errors;
}

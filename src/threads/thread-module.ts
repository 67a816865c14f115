/** The module that a thread loads, with the types of its functions. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { ErrorType } from '../internal/remote-error.js';

/** A module for threads, with the types of its exports. Made by {@link threadModule}. */
export class ThreadModule<Exports> {
  /** The module's URL. */
  readonly href: string;
  /** Classes that errors of the module's functions have again when they arrive. */
  readonly errors: readonly ErrorType[];
  /** @internal Only a type: it is never set. */
  declare readonly exports: Exports | undefined;

  /** @internal */
  constructor(href: string, errors: readonly ErrorType[]) {
    this.href = href;
    this.errors = errors;
  }
}

export interface ThreadModuleOptions {
  /**
   * Classes of errors that the functions throw. An error arrives as an instance of the first of its classes that is listed here,
   * by its name, or built into JavaScript. Its constructor is not called, and only fields with simple values arrive.
   */
  readonly errors?: readonly ErrorType[];
}

const OPTIONS: OptionNames<ThreadModuleOptions> = { errors: true };

/** The names of the functions of a module. */
export type FunctionName<Exports> = unknown extends Exports
  ? string
  : {
      [Name in keyof Exports]: Exports[Name] extends (...args: never[]) => unknown ? Name : never;
    }[keyof Exports] &
      string;

/** The parameters of a function of a module. */
export type FunctionArguments<Exports, Name> = unknown extends Exports
  ? readonly unknown[]
  : Name extends keyof Exports
    ? Exports[Name] extends (...args: infer Args) => unknown
      ? Readonly<Args>
      : never
    : never;

/** The result of a function of a module, after `await`. */
export type FunctionResult<Exports, Name> = unknown extends Exports
  ? unknown
  : Name extends keyof Exports
    ? Exports[Name] extends (...args: never[]) => infer R
      ? Awaited<R>
      : never
    : never;

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
  return new ThreadModule(urlOf(module), [...errors]);
}

function urlOf(module: unknown): string {
  const expected = 'a URL or an absolute path';
  if (module instanceof URL) return module.href;
  if (typeof module !== 'string') throw new InvalidArgumentTypeError('module', expected, module);
  if (isAbsolute(module)) return pathToFileURL(module).href;
  // A relative URL has no base here.
  if (URL.canParse(module)) return module;
  throw new InvalidArgumentValueError('module', expected, module);
}

/** @throws InvalidArgumentTypeError it is neither a URL nor made by {@link threadModule}. */
export function checkThreadModule(module: unknown): void {
  if (module instanceof URL || module instanceof ThreadModule) return;
  throw new InvalidArgumentTypeError('module', 'a URL or the result of threadModule', module);
}

/** Classes that errors of its functions have again. */
export function errorsOf(module: ThreadModule<unknown> | URL): readonly ErrorType[] {
  return module instanceof ThreadModule ? module.errors : [];
}

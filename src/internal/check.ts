/** Checks of arguments and options, each with one clear error. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';

/** A whole number from `min` to `max`. */
export function checkInteger(what: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new InvalidArgumentValueError(what, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}

/** A number of at least `min`, and at most `max` if it is given. */
export function checkNumber(what: string, value: unknown, min: number, max?: number): number {
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  if (!(value >= min && value <= (max ?? Number.MAX_VALUE))) {
    const expected = max === undefined ? `${min} or more` : `a number from ${min} to ${max}`;
    throw new InvalidArgumentValueError(what, expected, value);
  }
  return value;
}

/** A number of milliseconds, fractions allowed. */
export function checkMilliseconds(what: string, value: unknown): number {
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentValueError(what, 'a number of milliseconds, 0 or more', value);
  }
  return value;
}

export function checkBoolean(what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidArgumentTypeError(what, 'a boolean', value);
  return value;
}

export function checkString(what: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidArgumentTypeError(what, 'a string', value);
  return value;
}

/** A secret: errors do not show its value, only its class. */
export function checkSecretString(what: string, value: unknown): string {
  return checkString(what, value == null || typeof value === 'string' ? value : Object(value));
}

export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw new InvalidArgumentTypeError(what, 'a function', value);
}

/** Options, or a record of things by name: no array, Map or instance of another class. */
export function checkPlainObject(what: string, value: unknown): void {
  if (!isPlainObject(value)) throw new InvalidArgumentTypeError(what, 'a plain object', value);
}

/** The first prototype with a `constructor` belongs to a class, or is the root: each realm has one. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  let prototype: unknown = Object.getPrototypeOf(value);
  while (prototype !== null && !Object.hasOwn(prototype as object, 'constructor')) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An object of any class, but no array. */
export function checkObject(what: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentTypeError(what, 'an object', value);
  }
}

/** Accepts signals of this realm, of another, or of a polyfill. */
export function checkAbortSignal(what: string, value: unknown): void {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return;
  throw new InvalidArgumentTypeError(what, 'an AbortSignal', value);
}

/** A clock: a reactor, or the manual clock of a test. */
export function checkClock(what: string, value: unknown): void {
  const { now, callLater } = (value ?? {}) as { now?: unknown; callLater?: unknown };
  if (typeof now === 'function' && typeof callLater === 'function') return;
  throw new InvalidArgumentTypeError(what, 'a clock, such as a reactor', value);
}

/** A reactor, as far as the caller uses it: by one of its methods. */
export function checkReactorWith(method: string, value: unknown): void {
  const found = ((value ?? {}) as Record<string, unknown>)[method];
  if (typeof found !== 'function')
    throw new InvalidArgumentTypeError('reactor', 'a reactor', value);
}

/** A reactor, as far as servers use it: a clock with system events. */
export function checkReactor(what: string, value: unknown): void {
  const { addSystemEventTrigger } = (value ?? {}) as { addSystemEventTrigger?: unknown };
  if (typeof addSystemEventTrigger !== 'function') {
    throw new InvalidArgumentTypeError(what, 'a reactor', value);
  }
  checkClock(what, value);
}

export function checkNameResolver(what: string, value: unknown): void {
  const { resolveHostName } = (value ?? {}) as { resolveHostName?: unknown };
  if (typeof resolveHostName === 'function') return;
  throw new InvalidArgumentTypeError(what, 'a name resolver', value);
}

/** One of a few names. */
export function checkChoice<T extends string>(
  what: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (choices.includes(value as T)) return value as T;
  const expected = `one of ${choices.join(', ')}`;
  if (typeof value !== 'string') throw new InvalidArgumentTypeError(what, expected, value);
  throw new InvalidArgumentValueError(what, expected, value);
}

/** Data that can be written to a transport. */
export function checkData(value: unknown, what = 'data', forObjects?: string): void {
  if (typeof value === 'string' || value instanceof Uint8Array) return;
  const hint = typeof value === 'object' && value !== null ? forObjects : undefined;
  throw new InvalidArgumentTypeError(what, 'a Uint8Array or a string', value, hint);
}

export function checkTLSContext(value: unknown): void {
  const { role, secure } = (value ?? {}) as { role?: unknown; secure?: unknown };
  if (typeof role === 'string' && typeof secure === 'function') return;
  const expected = 'a TLSServerContext or a TLSClientContext';
  const isOptions = typeof value === 'object' && value !== null;
  const why =
    'make one from the options, which do not say whether this is the server or the client';
  throw new InvalidArgumentTypeError('context', expected, value, isOptions ? why : undefined);
}

/** @param Context The class of that role. */
export function checkTLSRole<C>(
  context: unknown,
  Context: abstract new (...args: never[]) => C,
): asserts context is C {
  if (context instanceof Context) return;
  const { role } = (context ?? {}) as { role?: unknown };
  const why = role === undefined ? undefined : `it is the context of a ${role}`;
  throw new InvalidArgumentTypeError('context', `a ${Context.name}`, context, why);
}

/** Errors as plain values that can be sent between threads and processes: class, text, causes and simple fields are kept. */
import { textOf } from '../core/text-of.js';

/** An error as it is sent. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: RemoteError | undefined;
  /** Of an AggregateError. */
  readonly errors: readonly RemoteError[] | undefined;
  /** The names of its class and of the classes above it, up to Error. */
  readonly classes: readonly string[];
  /** Fields such as `code`, `errno`, `port`. */
  readonly fields: Readonly<Record<string, string | number | bigint | boolean>>;
}

/** A class of errors, whose constructor is not called. */
export type ErrorType = abstract new (...args: never[]) => Error;

/** A chain of causes may contain a cycle. */
const MAX_CAUSES = 8;
const MAX_CLASSES = 16;
/** The members of an AggregateError that are sent. */
const MAX_ERRORS = 64;

const BUILT_IN: readonly ErrorType[] = [
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];
/** Set separately, or inherited. */
const NOT_FIELDS: readonly string[] = ['name', 'message', 'stack', 'cause', 'errors'];

/** Converts an error or any other thrown value. Never throws. */
export function packError(error: unknown, depth = 0): RemoteError {
  try {
    if (!(error instanceof Error)) return plain(`thrown: ${textOf(error)}`);
    const { name, message, stack, cause } = error;
    const deeper = depth < MAX_CAUSES;
    const errors: unknown = 'errors' in error ? error.errors : undefined;
    return {
      name: String(name),
      message: String(message),
      stack: stack === undefined ? undefined : String(stack),
      cause: cause === undefined || !deeper ? undefined : packError(cause, depth + 1),
      errors:
        Array.isArray(errors) && deeper
          ? errors.slice(0, MAX_ERRORS).map((member) => packError(member, depth + 1))
          : undefined,
      classes: classesOf(error),
      fields: fieldsOf(error),
    };
  } catch {
    return plain('an error that cannot be read');
  }
}

/**
 * Converts it back into an Error. It has the class of the first name in `classes` that belongs to one of `types` or to
 * JavaScript; the constructor is not called, so private fields do not exist.
 */
export function unpackError(remote: RemoteError, types: readonly ErrorType[] = []): Error {
  const { name, message, stack, cause, errors, fields } = remote;
  const error = new Error(message, cause && { cause: unpackError(cause, types) });
  Object.setPrototypeOf(error, typeOf(remote, types).prototype);
  Object.assign(error, fields);
  define(error, 'name', name);
  define(error, 'stack', stack);
  if (errors !== undefined) {
    const members = errors.map((member) => unpackError(member, types));
    define(error, 'errors', members);
  }
  return error;
}

function typeOf({ classes }: RemoteError, types: readonly ErrorType[]): ErrorType {
  for (const name of classes) {
    const found = types.find((type) => type.name === name) ?? builtIn(name);
    if (found !== undefined) return found;
  }
  return Error;
}

function builtIn(name: string): ErrorType | undefined {
  return BUILT_IN.find((type) => type.name === name);
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function plain(message: string): RemoteError {
  return {
    name: 'Error',
    message,
    stack: undefined,
    cause: undefined,
    errors: undefined,
    classes: [],
    fields: {},
  };
}

function classesOf(error: Error): string[] {
  const classes: string[] = [];
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype instanceof Error || prototype === Error.prototype) {
    if (classes.length === MAX_CLASSES) break;
    classes.push(String((prototype as Error).constructor.name));
    prototype = Object.getPrototypeOf(prototype);
  }
  return classes;
}

function fieldsOf(error: Error): RemoteError['fields'] {
  const fields: Record<string, string | number | bigint | boolean> = {};
  for (const [key, value] of Object.entries(error)) {
    if (NOT_FIELDS.includes(key)) continue;
    if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) fields[key] = value;
  }
  return fields;
}

/** Errors as plain values that can be sent from a worker to its parent: name, text and fields are kept, the class is not. */
import { textOf } from '../core/text-of.js';

/** An error as it is sent. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: RemoteError | undefined;
  /** Fields such as `code`, `errno`, `port`. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** A chain of causes may contain a cycle. */
const MAX_CAUSES = 8;

/** Converts an error or any other thrown value. Never throws. */
export function packError(error: unknown, depth = 0): RemoteError {
  try {
    if (!(error instanceof Error)) return plain(`thrown: ${textOf(error)}`);
    const { name, message, stack, cause } = error;
    const inner = cause === undefined || depth === MAX_CAUSES ? undefined : cause;
    return {
      name: String(name),
      message: String(message),
      stack: stack === undefined ? undefined : String(stack),
      cause: inner === undefined ? undefined : packError(inner, depth + 1),
      fields: fieldsOf(error),
    };
  } catch {
    return plain('an error that cannot be read');
  }
}

/** Converts it back into an Error. */
export function unpackError(remote: RemoteError): Error {
  const { name, message, stack, cause, fields } = remote;
  const error = new Error(message, cause && { cause: unpackError(cause) });
  Object.assign(error, fields);
  for (const [key, value] of [
    ['name', name],
    ['stack', stack],
  ] as const) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
}

function plain(message: string): RemoteError {
  return { name: 'Error', message, stack: undefined, cause: undefined, fields: {} };
}

function fieldsOf(error: Error): Record<string, string | number | boolean> {
  const fields: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(error)) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause') continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      fields[key] = value;
    }
  }
  return fields;
}

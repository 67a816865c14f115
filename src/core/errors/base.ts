/** Root of the errors that this package raises. Compare the `code`, not the message: docs/errors.md lists all codes. */

/** Base of all errors of Ropewalk. */
export abstract class RopewalkError extends Error {
  abstract override readonly name: string;
  /** Stable across releases: `ERR_...`. */
  abstract readonly code: string;
}

/**
 * The peer violated the protocol. The connection is no longer usable: close it, and do not send the same data again.
 */
export abstract class RemoteProtocolError extends RopewalkError {}

/** The caller violated the rules or limits of a protocol. Thrown at the call; nothing was sent. */
export abstract class LocalProtocolError extends RopewalkError {}

/** An error of the operating system, in the form of Node's own system errors. It is the `cause` of other errors. */
export interface SystemError extends Error {
  /** The errno's name, such as `ECONNRESET`. */
  readonly code: string;
  /** The negative errno, as in Node's errors. */
  readonly errno: number;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;
}

/**
 * Makes an error without the cost of a stack trace that would show only the reactor. If `Error` is frozen
 * (`node --frozen-intrinsics`), `Reflect.set` does nothing, and the error has its trace.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

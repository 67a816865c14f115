/** Root of the errors this package raises on purpose. Match on `code`, not on the message: docs/errors.md lists all codes. */

/** Base of all of Ropewalk's errors. */
export abstract class RopewalkError extends Error {
  abstract override readonly name: string;
  /** Stable across releases: `ERR_...`. */
  abstract readonly code: string;
}

/**
 * The peer broke the rules of the protocol. The connection is of no further use: close it, and don't send the same again.
 */
export abstract class RemoteProtocolError extends RopewalkError {}

/** The caller asked a protocol for something that its rules or limits don't allow. Thrown at the call; nothing was sent. */
export abstract class LocalProtocolError extends RopewalkError {}

/** What the operating system said: the shape of Node's own system errors, found as `cause`. */
export interface SystemError extends Error {
  /** The errno's name, such as `ECONNRESET`. */
  readonly code: string;
  /** The negative errno, as Node gives it. */
  readonly errno: number;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;
}

/**
 * Makes an error without paying for a stack trace that would show the reactor only. Where `Error` is frozen
 * (`node --frozen-intrinsics`), `Reflect.set` does nothing: the error then has its trace.
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

/** The argument of an errback: an error on its way down a chain. Its text forms never throw, whatever the error is. */
import { isNativeError } from 'node:util/types';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { messageOf, textOf } from '../core/text-of.js';
import { ownFrames } from '../internal/own-frames.js';
import { NotAnErrorError } from './not-an-error.js';

/** A class of errors, abstract ones included. */
export type ErrorClass<E extends Error = Error> = abstract new (...args: never[]) => E;

/** The argument of {@link Failure.check}: a class, or the `code` of an error. */
export type ErrorKind = ErrorClass | string;

/** The errors of a kind. */
export type ErrorOf<K extends ErrorKind> =
  K extends ErrorClass<infer E> ? E : Error & { readonly code: K };

/** Frames of these files show how the error travelled, not where it originated. */
const isOwn: (frame: string) => boolean = ownFrames(import.meta.url, 'defer');

/** An error that was thrown, rejected with, or given to `errback`. */
export class Failure<E extends Error = Error> {
  readonly value: E;

  /** @throws InvalidArgumentTypeError it is not an Error. */
  constructor(value: E) {
    if (!isError(value)) throw new InvalidArgumentTypeError('value', 'an Error', value);
    this.value = value;
  }

  /** `thrown` as a failure: itself if it is one; a value that is not an `Error` becomes a {@link NotAnErrorError}. */
  static from(thrown: unknown): Failure {
    if (isError(thrown)) return new Failure(thrown);
    return isFailure(thrown) ? thrown : new Failure(new NotAnErrorError(thrown));
  }

  get message(): string {
    return messageOf(this.value);
  }

  /** The error's stack without the frames of Deferreds and of Node itself. */
  get stack(): string {
    const stack = stackOf(this.value);
    if (typeof stack !== 'string') return String(this);
    return stack
      .split('\n')
      .filter((line) => !/^\s+at /.test(line) || !isPlumbing(line))
      .join('\n');
  }

  /**
   * Whether the error is of one of these kinds; if so, `value` has that type.
   *
   * @throws InvalidArgumentTypeError a kind is neither a class nor a code.
   * @example if (failure.check(ConnectionRefusedError, 'ECONNRESET')) retry();
   */
  check<const K extends readonly ErrorKind[]>(...kinds: K): this is Failure<ErrorOf<K[number]>> {
    return kinds.some((kind) => isOfKind(this.value, kind));
  }

  /**
   * The error, if it is of one of these kinds. Any other continues down the chain.
   *
   * @throws the error, if it is of none of them.
   * @example deferred.addErrback((failure) => failure.trap(ConnectionLost).message);
   */
  trap<const K extends readonly ErrorKind[]>(...kinds: K): ErrorOf<K[number]> {
    if (!this.check(...kinds)) this.raise();
    return this.value as ErrorOf<K[number]>;
  }

  /** @throws the error. */
  raise(): never {
    throw this.value;
  }

  toString(): string {
    return `Failure: ${textOf(this.value)}`;
  }
}

/** An Error of another realm, such as a vm context, counts too. Never throws. */
function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || isNativeError(value);
  } catch {
    return false; // a proxy whose prototype cannot be read
  }
}

function isFailure(value: unknown): value is Failure {
  try {
    return value instanceof Failure;
  } catch {
    return false;
  }
}

/** V8 makes the text of a stack when it is first read, which may call a `prepareStackTrace` that throws. */
function stackOf(error: Error): unknown {
  try {
    return error.stack;
  } catch {
    return undefined;
  }
}

/** A getter named `code` may throw. */
function codeOf(error: Error): unknown {
  try {
    return (error as { code?: unknown }).code;
  } catch {
    return undefined;
  }
}

function isOfKind(error: Error, kind: ErrorKind): boolean {
  if (typeof kind === 'string') return codeOf(error) === kind;
  if (typeof kind === 'function') return error instanceof kind;
  throw new InvalidArgumentTypeError('kind', 'a class of errors or a code', kind);
}

function isPlumbing(frame: string): boolean {
  return isOwn(frame) || frame.includes('node:internal/');
}

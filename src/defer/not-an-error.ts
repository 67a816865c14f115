/** The error that represents a thrown value that is not an Error. */
import { RopewalkError } from '../core/errors/base.js';
import { textOf } from '../core/text-of.js';

/** Something that is not an `Error` was thrown, or rejected with: a {@link Failure} carries errors only. */
export class NotAnErrorError extends RopewalkError {
  override readonly name = 'NotAnErrorError';
  override readonly code = 'ERR_NOT_AN_ERROR';
  /** The thrown value. */
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super(`a value that is not an Error was thrown: ${describe(thrown)}`);
    this.thrown = thrown;
  }
}

function describe(thrown: unknown): string {
  return typeof thrown === 'string' ? JSON.stringify(thrown.slice(0, 200)) : textOf(thrown);
}

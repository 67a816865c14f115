/** The error of a call that was given an option that does not exist. */
import { UnknownOptionError } from '../../src/core/errors/arguments.js';

/** @param call Throws, or returns a promise or Deferred that fails. */
export async function unknownOptionOf(call: () => unknown): Promise<UnknownOptionError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof UnknownOptionError) return error;
    throw error;
  }
  throw new Error('an unknown option was accepted');
}

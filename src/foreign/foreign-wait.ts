/** Checks and converts what a foreign loop returns. */

import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkInteger, checkObject } from '../internal/check.js';
import type { ForeignDescriptor, ForeignReady, ForeignWait } from './foreign-loop.js';

export const READ = 1;
export const WRITE = 2;
const FAILED = 4;
const INVALID = 8;
const MAX_FD = 2 ** 31 - 1;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError the loop has returned something else. */
export function checkWait(wait: ForeignWait): void {
  checkObject('result of prepare()', wait);
  const { until, descriptors } = wait;
  if (typeof until !== 'number') throw new InvalidArgumentTypeError('until', 'a number', until);
  if (Number.isNaN(until)) throw new InvalidArgumentValueError('until', 'a time', until);
  if (!Array.isArray(descriptors)) {
    throw new InvalidArgumentTypeError('descriptors', 'an array', descriptors);
  }
}

/** READ and WRITE as the descriptor says. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function interestOf({ fd, read, write }: ForeignDescriptor): number {
  checkInteger('fd', fd, 0, MAX_FD);
  return (read === true ? READ : 0) | (write === true ? WRITE : 0);
}

/** Milliseconds from `now`, never too early; -1 for never. */
export function timeoutFrom(now: number, until: number): number {
  return until === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(until - now));
}

export function readyFrom(fd: number, bits: number): ForeignReady {
  return {
    fd,
    readable: (bits & READ) !== 0,
    writable: (bits & WRITE) !== 0,
    failed: (bits & FAILED) !== 0,
    invalid: (bits & INVALID) !== 0,
  };
}

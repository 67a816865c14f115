/** Errors of a call whose arguments are wrong. */

/** An option or argument has the wrong type. */
export class InvalidArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';

  constructor(what: string, expected: string, received: unknown) {
    super(`${what} must be ${expected}, not ${describe(received)}`);
  }
}

/** An option or argument has the right type and an impossible value. */
export class InvalidArgumentValueError extends RangeError {
  readonly code = 'ERR_INVALID_ARG_VALUE';

  constructor(what: string, expected: string, received: unknown) {
    super(`${what} must be ${expected}, not ${describe(received)}`);
  }
}

/** Never throws. */
function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
    if (typeof value === 'object' && value !== null) {
      return `an object (${value.constructor?.name})`;
    }
    if (typeof value === 'function') return `a function (${value.name})`;
    return String(value);
  } catch {
    return 'an object that cannot be read';
  }
}

/** Errors of calls with wrong arguments. */

/** An option or argument has the wrong type. */
export class InvalidArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';

  /** @param hint What the caller probably meant. */
  constructor(what: string, expected: string, received: unknown, hint?: string) {
    const meant = hint === undefined ? '' : `: ${hint}`;
    super(`${what} must be ${expected}, not ${describe(received)}${meant}`);
  }
}

/** An option or argument has the right type but an invalid value. */
export class InvalidArgumentValueError extends RangeError {
  readonly code = 'ERR_INVALID_ARG_VALUE';

  /** @param hint What is wrong with it, or what was probably meant. */
  constructor(what: string, expected: string, received: unknown, hint?: string) {
    const meant = hint === undefined ? '' : `: ${hint}`;
    super(`${what} must be ${expected}, not ${describe(received)}${meant}`);
  }
}

/** An options object contains an unknown option. */
export class UnknownOptionError extends TypeError {
  readonly code = 'ERR_UNKNOWN_OPTION';
  readonly option: string;
  /** The options that exist. */
  readonly known: readonly string[];
  /** The option that the caller probably meant. */
  readonly suggestion: string | undefined;

  /** @param advice How to achieve the effect of the option elsewhere. */
  constructor(
    what: string,
    option: string,
    known: readonly string[],
    suggestion?: string,
    advice?: string,
  ) {
    const sentences = [
      `${what} has no option '${option.slice(0, 64)}'`,
      ...(suggestion === undefined ? [] : [`Did you mean '${suggestion}'?`]),
      ...(advice === undefined ? [] : [advice]),
      `Its options: ${known.join(', ') || 'none'}`,
    ];
    super(sentences.join('. ').replaceAll('?.', '?'));
    this.option = option;
    this.known = known;
    this.suggestion = suggestion;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Never throws. */
function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return quoted(value);
    if (Array.isArray(value)) return 'an array';
    if (typeof value === 'object' && value !== null) {
      return `an object (${value.constructor?.name})`;
    }
    if (typeof value === 'function') return functionText(value);
    return String(value);
  } catch {
    return 'an object that cannot be read';
  }
}

/** Omits the source of the function, which `String` returns. */
function functionText(value: { readonly name: unknown }): string {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
  return typeof value.name === 'string' && value.name !== ''
    ? `the ${kind} ${value.name}`
    : `a ${kind}`;
}

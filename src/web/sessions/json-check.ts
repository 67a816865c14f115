/**
 * Checks that a value comes back from JSON as it is: JSON makes `{}` of a Map, text of a Date and null of NaN without a word. The cost is
 * limited by the size that the session may have.
 */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';

/** JSON.stringify and the check call themselves for each level. */
const MAX_DEPTH = 200;
const IDENTIFIER = /^[A-Za-z_$][\w$]{0,99}$/;
const EXPECTED = 'a value that JSON preserves';
const HINTS: Readonly<Record<string, string>> = {
  Date: 'store its getTime() or toISOString()',
  Map: 'store Object.fromEntries(map) or [...map]',
  Set: 'store it as an array: [...set]',
  bigint: 'store it as text',
};

/**
 * Properties whose value is undefined are accepted, and are missing afterwards.
 * @param maxBytes The check ends without a result when the JSON text is certainly longer.
 * @returns A lower bound of the bytes of the JSON text.
 * @throws InvalidArgumentTypeError It names the place in the value, such as `value.items[3].when`.
 */
export function checkJSON(value: unknown, maxBytes: number): number {
  const check = new JSONCheck(maxBytes);
  check.value(value);
  return check.bytes;
}

class JSONCheck {
  bytes = 0;
  readonly #maxBytes: number;
  readonly #ancestors: object[] = [];
  readonly #path: (string | number)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.bytes += value.length + 2;
        return;
      case 'number':
        if (!Number.isFinite(value)) throw this.#fault(value, 'JSON has finite numbers only');
        this.bytes += 1;
        return;
      case 'boolean':
        this.bytes += 4;
        return;
      case 'object':
        if (value === null) this.bytes += 4;
        else this.#object(value);
        return;
      default:
        throw this.#fault(value, HINTS[typeof value]);
    }
  }

  #object(value: object): void {
    const ancestors = this.#ancestors;
    if (ancestors.includes(value)) throw this.#fault(value, 'it contains itself');
    if (ancestors.length === MAX_DEPTH) throw this.#fault(value, `more than ${MAX_DEPTH} levels`);
    this.bytes += 2;
    ancestors.push(value);
    if (Array.isArray(value)) this.#elements(value);
    else this.#properties(value);
    ancestors.pop();
  }

  #elements(array: readonly unknown[]): void {
    if (!isPlainArray(array)) throw this.#fault(array, hintFor(array));
    const { length } = array;
    for (let index = 0; index < length && this.bytes <= this.#maxBytes; index++) {
      this.#path.push(index);
      this.value(array[index]);
      this.#path.pop();
    }
    if (this.bytes > this.#maxBytes) return;
    if (Object.keys(array).length > length) {
      throw this.#fault(array, 'JSON drops the properties of arrays');
    }
  }

  #properties(object: object): void {
    const isPlain = isPlainObject(object) && !('toJSON' in object);
    if (!isPlain) throw this.#fault(object, hintFor(object));
    if (Object.getOwnPropertySymbols(object).length > 0) {
      throw this.#fault(object, 'JSON drops properties whose keys are symbols');
    }
    for (const name of Object.keys(object)) {
      const value = (object as Record<string, unknown>)[name];
      if (value === undefined) continue;
      this.bytes += name.length + 3;
      if (this.bytes > this.#maxBytes) return;
      this.#path.push(name);
      this.value(value);
      this.#path.pop();
    }
  }

  #fault(value: unknown, hint: string | undefined): InvalidArgumentTypeError {
    const place = this.#path.map((step) =>
      typeof step === 'string' && IDENTIFIER.test(step)
        ? `.${step}`
        : `[${JSON.stringify(step).slice(0, 100)}]`,
    );
    // Of a deep value, the end of the way is the best known part.
    const way = place.length > 12 ? ['...', ...place.slice(-10)] : place;
    return new InvalidArgumentTypeError(`value${way.join('')}`, EXPECTED, value, hint);
  }
}

/** Also of another realm. */
function isPlainObject(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isPlainArray(array: object): boolean {
  const prototype = Object.getPrototypeOf(array) as object | null;
  return isPlainObject(prototype ?? {}) && !('toJSON' in array);
}

function hintFor(object: object): string {
  const { name } = (object.constructor ?? {}) as { name?: unknown };
  const hint = typeof name === 'string' ? HINTS[name] : undefined;
  return hint ?? 'store a plain object or array with its parts';
}

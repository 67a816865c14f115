/** The series of one metric: a value for each combination of labels. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkObject, checkString } from '../internal/check.js';
import type { Labels } from './family.js';

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Labels may come from peers: any further combinations count together. */
export const MAX_SERIES = 1000;
/** Longer values of labels are cut: they may come from peers. */
export const MAX_LABEL_CHARACTERS = 256;
/** The value of all labels of the combinations that count together. */
export const OTHER = 'other';

const NO_LABELS: Labels = Object.freeze({});

export class Series<T> {
  readonly #names: readonly string[];
  readonly #make: () => T;
  readonly #byKey = new Map<string, { readonly labels: Labels; readonly state: T }>();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(names: readonly string[], make: () => T) {
    for (const name of names) {
      checkString('a label', name);
      if (!LABEL.test(name) || name === 'le' || name.startsWith('__')) {
        throw new InvalidArgumentValueError('a label', 'letters, digits and underscores', name);
      }
    }
    if (new Set(names).size < names.length) {
      throw new InvalidArgumentValueError('labels', 'names that differ', names.join(', '));
    }
    this.#names = [...names];
    this.#make = make;
    // A metric without labels exists before its first value.
    if (names.length === 0) this.state(NO_LABELS);
  }

  get all(): Iterable<{ readonly labels: Labels; readonly state: T }> {
    return this.#byKey.values();
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError a label is missing or unknown. */
  state(labels: Labels): T {
    checkObject('labels', labels);
    const values = this.#names.map((name) => cut(checkString(`the label ${name}`, labels[name])));
    const unknown = Object.keys(labels).find((name) => !this.#names.includes(name));
    if (unknown !== undefined) {
      throw new InvalidArgumentValueError('labels', `only ${this.#names.join(', ')}`, unknown);
    }
    return this.#stateOf(values);
  }

  #stateOf(values: readonly string[]): T {
    const key = values.map((value) => `${value.length}:${value}`).join('');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known.state;
    if (this.#byKey.size >= MAX_SERIES && values.some((value) => value !== OTHER)) {
      return this.#stateOf(values.map(() => OTHER));
    }
    const labels = Object.fromEntries(this.#names.map((name, i) => [name, values[i] ?? '']));
    const state = this.#make();
    this.#byKey.set(key, { labels, state });
    return state;
  }
}

/** A slice would keep the whole text in memory. */
function cut(value: string): string {
  if (value.length <= MAX_LABEL_CHARACTERS) return value;
  return Buffer.from(value.slice(0, MAX_LABEL_CHARACTERS)).toString();
}

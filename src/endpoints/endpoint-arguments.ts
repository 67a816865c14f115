/** The arguments of an endpoint string, checked and converted by the type of the endpoint. */
import { nearestName } from '../internal/nearest-name.js';
import type { ParsedEndpoint } from './endpoint-syntax.js';
import { InvalidEndpointError, shown } from './errors.js';

/** Values of the arguments by name. */
export interface EndpointValues {
  has(name: string): boolean;
  /** @throws InvalidEndpointError it is missing and there is no `fallback`; this also applies to the methods that follow. */
  text(name: string, fallback?: string): string;
  /** A whole number. */
  integer(name: string, min: number, max: number, fallback?: number): number;
  /** A number in base 8, such as permissions. */
  octal(name: string, fallback?: number): number;
  /** Seconds, with fractions if need be, as milliseconds. */
  seconds(name: string, fallbackMs?: number): number;
  /** 1 or 0. */
  flag(name: string, fallback?: boolean): boolean;
}

export class EndpointArguments {
  /** The whole string. */
  readonly text: string;
  /** The arguments without a key, after the type. */
  readonly positional: readonly string[];
  readonly #type: string;
  readonly #named = new Map<string, string>();

  /** @internal */
  constructor(text: string, { positional, named }: ParsedEndpoint) {
    const [type = '', ...rest] = positional;
    this.text = text;
    this.#type = type;
    this.positional = rest;
    for (const [key, value] of named) {
      if (this.#named.has(key)) throw this.error(`'${shown(key)}' is given twice`);
      this.#named.set(key, value);
    }
  }

  has(key: string): boolean {
    return this.#named.has(key);
  }

  /**
   * Gives names to the arguments without a key, and refuses keys that the type does not have.
   *
   * @param positional The names of the arguments without a key, in their order; each may also be given by its name.
   * @param named The names of arguments that are only given by name.
   * @throws InvalidEndpointError an argument is unknown, given twice, or one too many.
   */
  bind(positional: readonly string[], named: readonly string[] = []): EndpointValues {
    const values = new Map<string, string>();
    const known = [...positional, ...named];
    for (const [index, value] of this.positional.entries()) {
      const name = positional[index];
      if (name === undefined)
        throw this.error(
          `${quoted(value)} is one argument too many. A colon inside a value is written \\:`,
          known,
        );
      values.set(name, value);
    }
    for (const [name, value] of this.#named) {
      if (!known.includes(name)) {
        const nearest = nearestName(name, known);
        const meant = nearest === undefined ? '' : `, did you mean '${nearest}'?`;
        const hint = name.includes(':')
          ? '. An equals sign inside a value without a key is written \\='
          : '';
        throw this.error(`'${this.#type}' has no argument '${shown(name)}'${meant}${hint}`, known);
      }
      if (values.has(name)) throw this.error(`'${name}' is given twice`);
      values.set(name, value);
    }
    return new BoundArguments(this, values, known);
  }

  /** @param known The names of the type's arguments. */
  error(reason: string, known?: readonly string[]): InvalidEndpointError {
    const names =
      known === undefined ? '' : ` (its arguments: ${[...new Set(known)].join(', ') || 'none'})`;
    return new InvalidEndpointError(this.text, `${reason}${names}`);
  }
}

class BoundArguments implements EndpointValues {
  readonly #given: EndpointArguments;
  readonly #values: ReadonlyMap<string, string>;
  readonly #known: readonly string[];

  constructor(
    given: EndpointArguments,
    values: ReadonlyMap<string, string>,
    known: readonly string[],
  ) {
    this.#given = given;
    this.#values = values;
    this.#known = known;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string, fallback?: string): string {
    const value = this.#values.get(name) ?? fallback;
    if (value === undefined) throw this.#given.error(`'${name}' is missing`, this.#known);
    return value;
  }

  integer(name: string, min: number, max: number, fallback?: number): number {
    const expected = `a whole number from ${min} to ${max}`;
    return this.#number(name, fallback, expected, (text) => {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return number >= min && number <= max ? number : Number.NaN;
    });
  }

  octal(name: string, fallback?: number): number {
    return this.#number(name, fallback, 'an octal number, such as 660', (text) =>
      /^[0-7]{1,6}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN,
    );
  }

  seconds(name: string, fallbackMs?: number): number {
    return this.#number(name, fallbackMs, 'a number of seconds', (text) =>
      /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN,
    );
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.#number(
      name,
      fallback === undefined ? undefined : Number(fallback),
      '1 or 0',
      (text) => (text === '1' || text === '0' ? Number(text) : Number.NaN),
    );
    return value === 1;
  }

  #number(
    name: string,
    fallback: number | undefined,
    expected: string,
    convert: (text: string) => number,
  ): number {
    if (fallback !== undefined && !this.has(name)) return fallback;
    const text = this.text(name);
    const number = convert(text);
    if (!Number.isNaN(number)) return number;
    throw this.#given.error(`'${name}' must be ${expected}, not ${quoted(text)}`);
  }
}

function quoted(text: string): string {
  return JSON.stringify(shown(text));
}

/** Cookie fields of requests (RFC 6265bis section 5.8.3). Sans-I/O. */
import { checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { trimOWS } from './field-values.js';

export interface RequestCookiesOptions {
  /** Most cookies: 1 to 100,000. Further ones are ignored. Default 200. */
  readonly maxCookies?: number | undefined;
}

const OPTIONS: OptionNames<RequestCookiesOptions> = { maxCookies: true };
const DEFAULT_MAX_COOKIES = 200;

/**
 * The cookies of a request, as they were sent: values are not decoded, and quotes are a part of them. Pairs without a name are ignored.
 *
 * A name may occur several times: for several paths or domains. The user agent does not say which attributes they have, so another
 * host of the same site may have set any of them, except those whose name has the prefix `__Host-`.
 */
export class RequestCookies implements Iterable<readonly [name: string, value: string]> {
  readonly #pairs: readonly (readonly [string, string])[];

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(field: string | undefined, options: RequestCookiesOptions = {}) {
    checkOptions('RequestCookies', options, OPTIONS);
    const { maxCookies = DEFAULT_MAX_COOKIES } = options;
    checkInteger('maxCookies', maxCookies, 1, 100_000);
    this.#pairs = field === undefined ? [] : pairsOf(checkString('field', field), maxCookies);
  }

  /** The number of cookies. */
  get size(): number {
    return this.#pairs.length;
  }

  /** The first cookie with this name: that of the longest path, and the oldest among those. */
  get(name: string): string | undefined {
    return this.#pairs.find((pair) => pair[0] === name)?.[1];
  }

  /** All cookies with this name, in order. */
  getAll(name: string): string[] {
    return this.#pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]);
  }

  /** Names and values, in order. */
  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.#pairs[Symbol.iterator]();
  }
}

function pairsOf(field: string, max: number): [string, string][] {
  const pairs: [string, string][] = [];
  let start = 0;
  while (start <= field.length && pairs.length < max) {
    const semicolon = field.indexOf(';', start);
    const end = semicolon === -1 ? field.length : semicolon;
    const pair = field.slice(start, end);
    const equals = pair.indexOf('=');
    const name = trimOWS(pair.slice(0, Math.max(0, equals)));
    if (name !== '') pairs.push([name, trimOWS(pair.slice(equals + 1))]);
    start = end + 1;
  }
  return pairs;
}

/** The URLs of an agent's requests. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { withoutUserText } from '../client/origin.js';

/** Values of a query: a list of values is sent as a parameter for each. */
export type QueryParameters =
  | URLSearchParams
  | Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>;

/**
 * @param base The URL to which `url` is relative.
 * @param what Names it in errors.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError It cannot be parsed, has another scheme than `http` and `https`, or has a user.
 */
export function parseHTTPURL(url: string | URL, base: URL | undefined, what = 'url'): URL {
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw new InvalidArgumentTypeError(what, 'a string or a URL', url);
  }
  if (!URL.canParse(String(url), base?.href)) {
    const expected = base === undefined ? 'an absolute URL' : 'a URL';
    const isRelative = base === undefined && what === 'url' && /^[/?#.]/.test(String(url));
    const hint = isRelative ? 'an agent with the option baseURL accepts relative ones' : undefined;
    throw new InvalidArgumentValueError(what, expected, withoutUserText(url), hint);
  }
  const parsed = new URL(url, base);
  if (!isHTTP(parsed)) {
    const expected = 'a URL with the scheme http or https';
    throw new InvalidArgumentValueError(what, expected, withoutUserText(url));
  }
  if (hasUser(parsed)) {
    const hint = 'give user and password by the option auth';
    throw new InvalidArgumentValueError(what, 'a URL without a user', withoutUser(parsed), hint);
  }
  return parsed;
}

export function isHTTP({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

export function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** A copy that can be shown. */
export function withoutUser(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

/** Adds parameters to a query, whose text stays as it is: it may be signed. */
export function appendQuery(url: URL, parameters: QueryParameters): void {
  const added = new URLSearchParams();
  appendParameters('query', added, parameters);
  if (added.size > 0) url.search = url.search === '' ? `${added}` : `${url.search}&${added}`;
}

/**
 * Adds parameters behind those that there are.
 * @throws InvalidArgumentTypeError
 */
export function appendParameters(
  what: string,
  target: URLSearchParams,
  parameters: QueryParameters,
): void {
  if (parameters instanceof URLSearchParams) {
    for (const [name, value] of parameters) target.append(name, value);
    return;
  }
  if (typeof parameters !== 'object' || parameters === null) {
    throw new InvalidArgumentTypeError(what, 'an object or URLSearchParams', parameters);
  }
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      target.append(name, checkValue(`${name} of ${what}`, value));
    }
  }
}

function checkValue(what: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  throw new InvalidArgumentTypeError(what, 'text, a number or a boolean', value);
}

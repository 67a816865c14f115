/** The URLs of requests that a route of a mock agent answers. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { parseHTTPURL } from '../../http/agent/urls.js';

/**
 * A URL, in whose path `:name` matches a segment and `*` at the end matches the rest; without a query it matches any query, otherwise the same
 * parameters in any order. Or an expression that the whole URL must match, or a function.
 */
export type MockURL = string | URL | RegExp | ((url: URL) => boolean);

/** @returns The parameters of the path; undefined if the URL does not match. */
export type MatchURL = (url: URL) => Readonly<Record<string, string>> | undefined;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function urlMatcher(pattern: MockURL, base: URL | undefined): MatchURL {
  if (pattern instanceof RegExp) {
    const expression = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    return (url) => (expression.test(url.href) ? {} : undefined);
  }
  if (typeof pattern === 'function') return (url) => (pattern(url) ? {} : undefined);
  if (typeof pattern !== 'string' && !(pattern instanceof URL)) {
    const expected = 'a URL, a regular expression or a function';
    throw new InvalidArgumentTypeError('url', expected, pattern);
  }
  const wanted = parseHTTPURL(pattern, base);
  const segments = wanted.pathname.split('/');
  const query = wanted.search === '' ? undefined : sorted(wanted);
  return (url) => {
    if (url.origin !== wanted.origin) return undefined;
    if (query !== undefined && sorted(url) !== query) return undefined;
    return matchPath(segments, url.pathname.split('/'));
  };
}

function sorted({ searchParams }: URL): string {
  const copy = new URLSearchParams(searchParams);
  copy.sort();
  return copy.toString();
}

function matchPath(
  wanted: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (part === '*' && index === wanted.length - 1) return params;
    if (part.length > 1 && part.startsWith(':')) {
      const value = decoded(segment);
      if (segment === '' || value === undefined) return undefined;
      params[part.slice(1)] = value;
    } else if (part !== segment) return undefined;
  }
  return segments.length === wanted.length ? params : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The directives of Cache-Control (RFC 9111 section 5.2). */
import { splitOutsideQuotes, trimOWS, unquoted } from '../../field-values.js';

/** Longer times count as this one: about 68 years (RFC 9111 section 1.2.2). */
const MAX_SECONDS = 2 ** 31;

type Arguments = readonly (string | undefined)[];

/** Directives by name, without case. Unknown ones do no harm. */
export class CacheDirectives {
  readonly #arguments: ReadonlyMap<string, Arguments>;

  /** @param value All lines of the field, joined by commas; undefined if there is none. */
  constructor(value: string | undefined) {
    this.#arguments = value === undefined ? NONE : parse(value);
  }

  has(name: string): boolean {
    return this.#arguments.has(name);
  }

  /**
   * The time of a directive in milliseconds; undefined if there is none. The first of a repeated one counts, and one that is not a number of seconds
   * is 0, which makes a response stale (section 4.2.1).
   */
  timeMs(name: string): number | undefined {
    const given = this.#arguments.get(name);
    return given === undefined ? undefined : 1_000 * secondsOf(given[0]);
  }

  /** The time of `max-stale` in milliseconds, infinite without an argument; undefined if there is none. */
  get maxStaleMs(): number | undefined {
    const given = this.#arguments.get('max-stale');
    if (given === undefined) return undefined;
    return given[0] === undefined ? Number.POSITIVE_INFINITY : 1_000 * secondsOf(given[0]);
  }

  /** Whether the directive is there without names of fields, so that it applies to the whole response. */
  isUnqualified(name: string): boolean {
    return this.#arguments.get(name)?.some((argument) => namesIn(argument).length === 0) === true;
  }

  /** The names of the fields to which the directive applies, in lower case. */
  fieldsOf(name: string): readonly string[] {
    return (this.#arguments.get(name) ?? []).flatMap(namesIn);
  }
}

const NONE: ReadonlyMap<string, Arguments> = new Map();

function parse(value: string): ReadonlyMap<string, Arguments> {
  const directives = new Map<string, (string | undefined)[]>();
  for (const element of elementsOf(value)) {
    const equals = element.indexOf('=');
    const name = trimOWS(equals === -1 ? element : element.slice(0, equals)).toLowerCase();
    const argument = equals === -1 ? undefined : trimOWS(element.slice(equals + 1));
    const known = directives.get(name);
    const text = argument === undefined ? undefined : (unquoted(argument) ?? argument);
    if (known === undefined) directives.set(name, [text]);
    else known.push(text);
  }
  return directives;
}

/** A quoted string that does not end must not hide the directives behind its beginning. */
function elementsOf(value: string): readonly string[] {
  const isBalanced = value.split('"').length % 2 === 1;
  return isBalanced ? splitOutsideQuotes(value, ',') : value.split(',').map(trimOWS);
}

function secondsOf(argument: string | undefined): number {
  if (argument === undefined || !/^\d+$/.test(argument)) return 0;
  return Math.min(Number(argument), MAX_SECONDS);
}

function namesIn(argument: string | undefined): readonly string[] {
  if (argument === undefined) return [];
  return splitOutsideQuotes(argument.toLowerCase(), ',');
}

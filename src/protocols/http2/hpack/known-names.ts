/** How fields with certain names are encoded. */
import { STATIC_TABLE } from './static-table.js';

export interface KnownName {
  /** The first index in the static table; 0 if there is none. */
  readonly index: number;
  /** The indexes in the static table by value. */
  readonly values: ReadonlyMap<string, number>;
  /** Shorter values are credentials that no hop may index; infinite for all values. */
  readonly minIndexedLength: number;
  /** Whether values rarely occur twice, so that indexing them does not pay. */
  readonly isVaried: boolean;
}

/** Fields with credentials, by the length from which a value cannot be guessed as a whole. */
const CREDENTIALS: ReadonlyMap<string, number> = new Map([
  ['authorization', Number.POSITIVE_INFINITY],
  ['cookie', 20],
  ['proxy-authorization', Number.POSITIVE_INFINITY],
  ['set-cookie', Number.POSITIVE_INFINITY],
]);

const VARIED: ReadonlySet<string> = new Set([
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'range',
]);

export const KNOWN_NAMES: ReadonlyMap<string, KnownName> = knownNames();

function knownNames(): Map<string, KnownName> {
  const names = new Map<string, KnownName & { readonly values: Map<string, number> }>();
  STATIC_TABLE.forEach(({ name, value }, at) => {
    const index = at + 1;
    const known = names.get(name);
    if (known !== undefined) {
      known.values.set(value, index);
      return;
    }
    const minIndexedLength = CREDENTIALS.get(name) ?? 0;
    const values = new Map([[value, index]]);
    names.set(name, { index, values, minIndexedLength, isVaried: VARIED.has(name) });
  });
  return names;
}

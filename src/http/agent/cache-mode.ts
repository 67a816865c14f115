/** How a request uses the cache of its agent (https://fetch.spec.whatwg.org/#concept-request-cache-mode). */
import type { FieldList } from './field-list.js';

export const CACHE_MODES = [
  'default',
  'no-store',
  'reload',
  'no-cache',
  'force-cache',
  'only-if-cached',
] as const;

/**
 * - `default`: as the fields of the request say.
 * - `no-store`: the response is neither taken from the cache nor stored.
 * - `reload`: it is not taken from the cache, but stored.
 * - `no-cache`: a stored response is validated before it is used.
 * - `force-cache`: a stored response is used even if it is stale.
 * - `only-if-cached`: the same, and without one the answer is 504.
 */
export type CacheMode = (typeof CACHE_MODES)[number];

const NO_CACHE: FieldList = [
  ['Cache-Control', 'no-cache'],
  ['Pragma', 'no-cache'],
];

/** The fields by which caches on the way learn of the mode, unless the request has them. */
export const MODE_FIELDS: Readonly<Record<CacheMode, FieldList | undefined>> = {
  default: undefined,
  'no-store': NO_CACHE,
  reload: NO_CACHE,
  'no-cache': [['Cache-Control', 'max-age=0']],
  'force-cache': undefined,
  'only-if-cached': undefined,
};

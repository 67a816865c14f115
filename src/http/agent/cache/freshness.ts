/** How old a stored response is, how long it is fresh, and whether a request may be answered with it (RFC 9111 sections 4.2 and 5.2.1). */
import { parseHttpDate } from '../../dates.js';
import type { ResponseFacts } from '../agent-response.js';
import type { CacheDirectives } from './cache-control.js';
import type { StoredHead } from './stored-response.js';

export interface FreshnessSettings {
  readonly isShared: boolean;
  readonly heuristicFraction: number;
  readonly maxHeuristicMs: number;
}

/** Statuses with a lifetime even if the server names none (RFC 9110 section 15.1), except 206. */
export const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/**
 * The age of a response when it is received (section 4.2.3).
 * @param sentMs The time at which the request was sent. @param receivedMs The time now.
 */
export function initialAgeMs(response: ResponseFacts, sentMs: number, receivedMs: number): number {
  const apparent = Math.max(0, receivedMs - dateOf(response, receivedMs));
  return Math.max(apparent, givenAgeMs(response) + Math.max(0, receivedMs - sentMs));
}

/** The first value counts; one that is not a number of seconds is ignored (section 5.1). */
function givenAgeMs(response: ResponseFacts): number {
  const [first = ''] = (response.field('age') ?? '').split(',');
  return /^\s*\d{1,10}\s*$/.test(first) ? 1_000 * Number(first) : 0;
}

/** A response without a valid Date counts as made when it was received. */
function dateOf(response: ResponseFacts, receivedMs: number): number {
  return parseHttpDate(response.field('date') ?? '', receivedMs) ?? receivedMs;
}

/** Section 4.2.1. */
export function lifetimeMs(
  response: ResponseFacts,
  directives: CacheDirectives,
  { isShared, heuristicFraction, maxHeuristicMs }: FreshnessSettings,
  receivedMs: number,
): number {
  const given =
    (isShared ? directives.timeMs('s-maxage') : undefined) ?? directives.timeMs('max-age');
  if (given !== undefined) return given;
  const date = dateOf(response, receivedMs);
  const [expires] = response.fields('expires');
  // A value that is not a date, such as 0, is a time in the past.
  if (expires !== undefined) return Math.max(0, (parseHttpDate(expires, receivedMs) ?? 0) - date);
  if (!HEURISTIC_STATUSES.has(response.status) && !directives.has('public')) return 0;
  const modified = parseHttpDate(response.field('last-modified') ?? '', receivedMs);
  if (modified === undefined) return 0;
  return Math.min(Math.max(0, (date - modified) * heuristicFraction), maxHeuristicMs);
}

/** Infinite if the clock was set back since the response was stored: it has to be validated. */
export function ageMs({ initialAgeMs: initial, receivedMs }: StoredHead, nowMs: number): number {
  return nowMs < receivedMs ? Number.POSITIVE_INFINITY : initial + nowMs - receivedMs;
}

/** The time for which the response is still fresh; negative if it is stale. */
export function remainingMs(head: StoredHead, nowMs: number): number {
  return head.lifetimeMs - ageMs(head, nowMs);
}

/**
 * What may be done with a stored response:
 * - `fresh`, `stale`: it is the answer.
 * - `stale-while-revalidate`: it is the answer, and is validated meanwhile (RFC 5861 section 3).
 * - `validate`: the server must be asked.
 */
export type Usability = 'fresh' | 'stale' | 'stale-while-revalidate' | 'validate';

/** @param asked The directives of the request. */
export function usabilityOf(head: StoredHead, asked: CacheDirectives, nowMs: number): Usability {
  if (head.noCache || asked.has('no-cache')) return 'validate';
  const age = ageMs(head, nowMs);
  const remaining = head.lifetimeMs - age;
  if (age > (asked.timeMs('max-age') ?? Number.POSITIVE_INFINITY)) return 'validate';
  if (remaining < (asked.timeMs('min-fresh') ?? Number.NEGATIVE_INFINITY)) return 'validate';
  if (remaining > 0) return 'fresh';
  if (head.mustRevalidate) return 'validate';
  const { maxStaleMs } = asked;
  if (maxStaleMs !== undefined && -remaining <= maxStaleMs) return 'stale';
  return -remaining < head.staleWhileRevalidateMs ? 'stale-while-revalidate' : 'validate';
}

/** Whether a stored response may answer a request that the server failed to answer (RFC 5861 section 4). */
export function mayReplaceError(head: StoredHead, asked: CacheDirectives, nowMs: number): boolean {
  if (head.mustRevalidate || head.noCache || asked.has('no-cache')) return false;
  const allowed = Math.max(head.staleIfErrorMs, asked.timeMs('stale-if-error') ?? 0);
  return -remainingMs(head, nowMs) < allowed;
}

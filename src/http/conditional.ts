/** Conditional requests (RFC 9110 section 13). */
import { parseHttpDate, secondOf } from './dates.js';
import { parseEntityTags, stronglyEqual, weaklyEqual } from './entity-tags.js';
import type { RequestFields } from './field-values.js';
import type { HTTPRequest } from './http-request.js';

/** The validators of the selected representation. */
export interface Validators {
  /** As in the ETag field. */
  readonly entityTag?: string | undefined;
  /**
   * As in the Last-Modified field. It must be a strong validator (RFC 9110 section 8.8.2.2): give it only if the content can't have
   * changed again in the same second.
   */
  readonly lastModifiedMs?: number | undefined;
}

/**
 * How to answer:
 * - `proceed`: perform the method.
 * - `ignore-range`: perform it as if there were no Range field.
 * - `not-modified`: 304. GET or HEAD, and the client has the current representation.
 * - `precondition-failed`: 412.
 */
export type PreconditionResult =
  | 'proceed'
  | 'ignore-range'
  | 'not-modified'
  | 'precondition-failed';

/**
 * Evaluates the conditions of a request in the order of RFC 9110 section 13.2.2. Call it only if the answer would otherwise have a
 * status of 2xx, or 412. CONNECT, OPTIONS and TRACE have no conditions.
 *
 * @param validators Undefined if there is no current representation, as for the PUT of a new resource.
 * @param nowMs The current time, for dates with a year of two digits.
 */
export function evaluatePreconditions(
  request: RequestFields,
  validators: Validators | undefined,
  nowMs: number,
): PreconditionResult {
  const { method } = request;
  if (method === 'CONNECT' || method === 'OPTIONS' || method === 'TRACE') return 'proceed';
  if (!mayChange(request, validators, nowMs)) return 'precondition-failed';
  const reads = method === 'GET' || method === 'HEAD';
  if (!isNew(request, validators, nowMs, reads)) {
    return reads ? 'not-modified' : 'precondition-failed';
  }
  if (method !== 'GET' || request.field('range') === undefined) return 'proceed';
  return rangeApplies(request.field('if-range'), validators, nowMs) ? 'proceed' : 'ignore-range';
}

/**
 * The status in place of a 200 with these validators: 304 or 412 if the conditions of a GET or HEAD are not met. Other methods have been
 * performed by then.
 */
export function conditionalStatus(
  request: Pick<HTTPRequest, 'method' | 'field' | 'has'>,
  entityTag: string | undefined,
  lastModified: string | undefined,
  nowMs: number,
): 200 | 304 | 412 {
  if (request.method !== 'GET' && request.method !== 'HEAD') return 200;
  if (!CONDITIONS.some((name) => request.has(name))) return 200;
  const lastModifiedMs = dateOf(lastModified, nowMs);
  const result = evaluatePreconditions(request, { entityTag, lastModifiedMs }, nowMs);
  if (result === 'not-modified') return 304;
  return result === 'precondition-failed' ? 412 : 200;
}

const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'];

/** If-Match, and If-Unmodified-Since without it. A malformed If-Match does not match: it protects against lost updates. */
function mayChange(
  request: RequestFields,
  validators: Validators | undefined,
  nowMs: number,
): boolean {
  const ifMatch = request.field('if-match');
  if (ifMatch !== undefined) {
    const tags = parseEntityTags(ifMatch);
    if (tags === '*') return validators !== undefined;
    const own = validators?.entityTag;
    return own !== undefined && tags?.some((tag) => stronglyEqual(tag, own)) === true;
  }
  const since = dateOf(request.field('if-unmodified-since'), nowMs);
  const modified = validators?.lastModifiedMs;
  return since === undefined || modified === undefined || secondOf(modified) <= since;
}

/**
 * If-None-Match, and If-Modified-Since without it. A malformed If-None-Match is ignored by GET and HEAD, which then have the whole
 * answer, and fails other methods, which must not overwrite.
 */
function isNew(
  request: RequestFields,
  validators: Validators | undefined,
  nowMs: number,
  reads: boolean,
): boolean {
  const ifNoneMatch = request.field('if-none-match');
  if (ifNoneMatch !== undefined) {
    const tags = parseEntityTags(ifNoneMatch);
    if (tags === undefined) return reads;
    if (tags === '*') return validators === undefined;
    const own = validators?.entityTag;
    return own === undefined || !tags.some((tag) => weaklyEqual(tag, own));
  }
  const since = reads ? dateOf(request.field('if-modified-since'), nowMs) : undefined;
  const modified = validators?.lastModifiedMs;
  return since === undefined || modified === undefined || secondOf(modified) > since;
}

/** If-Range (RFC 9110 section 13.1.5): a strong entity tag or the exact date. */
function rangeApplies(
  ifRange: string | undefined,
  validators: Validators | undefined,
  nowMs: number,
): boolean {
  if (ifRange === undefined) return true;
  const { entityTag, lastModifiedMs } = validators ?? {};
  if (entityTag !== undefined && stronglyEqual(ifRange, entityTag)) return true;
  return lastModifiedMs !== undefined && dateOf(ifRange, nowMs) === secondOf(lastModifiedMs);
}

/** Malformed dates are ignored. */
function dateOf(text: string | undefined, nowMs: number): number | undefined {
  return text === undefined ? undefined : parseHttpDate(text, nowMs);
}

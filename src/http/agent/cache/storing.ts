/** Which responses are stored, and what of them (RFC 9111 sections 3 and 4.3.4). */

import { CONNECTION_FIELDS } from '../../../protocols/http/connection-fields.js';
import { isToken } from '../../../protocols/http/octets.js';
import { formatHttpDate, isHttpDate } from '../../dates.js';
import { weaklyEqual } from '../../entity-tags.js';
import type { ResponseFacts } from '../agent-response.js';
import { type FieldList, fieldOf } from '../field-list.js';
import { CacheDirectives } from './cache-control.js';
import {
  type FreshnessSettings,
  HEURISTIC_STATUSES,
  initialAgeMs,
  lifetimeMs,
} from './freshness.js';
import { StoredFacts, type StoredHead } from './stored-response.js';

export interface StoringSettings extends FreshnessSettings {
  /** For responses without the directive. */
  readonly staleIfErrorMs: number;
}

/** The facts besides the response on which storing depends. */
export interface StoringContext {
  readonly settings: StoringSettings;
  readonly hasAuthorization: boolean;
  /** The times of the clock at which the request was sent and the response received. */
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** Statuses whose rules the cache knows (section 3, `must-understand`), besides those with a lifetime of their own. */
const OTHER_STATUSES: ReadonlySet<number> = new Set([
  302, 303, 307, 400, 401, 403, 500, 502, 503, 504,
]);

/** Section 3.1; and Age, which is counted, and Set-Cookie, which has had its effect when the response was received. */
const NOT_STORED: readonly string[] = [
  ...CONNECTION_FIELDS,
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'trailer',
  'age',
  'set-cookie',
];

/** A response to validation does not change how the stored content is to be read (section 3.2). */
const NOT_UPDATED: readonly string[] = [
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
];

/** @returns Undefined if the response must not be stored, or would never be used. */
export function headToStore(
  response: ResponseFacts,
  context: StoringContext,
): StoredHead | undefined {
  const directives = new CacheDirectives(response.field('cache-control'));
  if (!isStorable(response, directives, context)) return undefined;
  const { settings, sentMs, receivedMs } = context;
  const noCache = directives.isUnqualified('no-cache');
  const head: StoredHead = {
    kind: 'response',
    status: response.status,
    reason: response.reason,
    version: response.version,
    fields: storedFields(response, directives, context),
    receivedMs,
    initialAgeMs: initialAgeMs(response, sentMs, receivedMs),
    lifetimeMs: lifetimeMs(response, directives, settings, receivedMs),
    staleWhileRevalidateMs: directives.timeMs('stale-while-revalidate') ?? 0,
    staleIfErrorMs: directives.timeMs('stale-if-error') ?? settings.staleIfErrorMs,
    mustRevalidate: mustRevalidate(directives, settings.isShared),
    noCache,
  };
  return isUseful(head) ? head : undefined;
}

function isStorable(
  response: ResponseFacts,
  directives: CacheDirectives,
  { settings: { isShared }, hasAuthorization }: StoringContext,
): boolean {
  const { status } = response;
  if (status < 200 || status === 206 || status === 304) return false;
  const isKnown = HEURISTIC_STATUSES.has(status) || OTHER_STATUSES.has(status);
  const mustUnderstand = directives.has('must-understand');
  if (mustUnderstand ? !isKnown : directives.has('no-store')) return false;
  if (isShared && !mayBeShared(response, directives, hasAuthorization)) return false;
  return (
    HEURISTIC_STATUSES.has(status) ||
    directives.has('public') ||
    (directives.has('private') && !isShared) ||
    directives.has('max-age') ||
    (directives.has('s-maxage') && isShared) ||
    response.has('expires')
  );
}

/** Set-Cookie is for one client: such a response is often stored by mistake, so more is required than in RFC 9111. */
function mayBeShared(
  response: ResponseFacts,
  directives: CacheDirectives,
  hasAuthorization: boolean,
): boolean {
  if (directives.isUnqualified('private')) return false;
  const removed = [...directives.fieldsOf('private'), ...directives.fieldsOf('no-cache')];
  if (response.has('set-cookie') && !removed.includes('set-cookie')) return false;
  // Section 3.5.
  return !hasAuthorization || PERMIT_AUTHORIZATION.some((name) => directives.has(name));
}

const PERMIT_AUTHORIZATION: readonly string[] = ['public', 's-maxage', 'must-revalidate'];

function mustRevalidate(directives: CacheDirectives, isShared: boolean): boolean {
  if (directives.has('must-revalidate')) return true;
  return isShared && (directives.has('proxy-revalidate') || directives.has('s-maxage'));
}

/** Fields to which `private` or `no-cache` applies by name are left out. */
function storedFields(
  response: ResponseFacts,
  directives: CacheDirectives,
  { settings: { isShared }, receivedMs }: StoringContext,
): FieldList {
  const left = new Set([
    ...NOT_STORED,
    ...(response.field('connection') ?? '').toLowerCase().split(/[\s,]+/),
    ...directives.fieldsOf('no-cache'),
    ...(isShared ? directives.fieldsOf('private') : []),
  ]);
  const kept: (readonly [string, string])[] = [];
  for (const [name, value] of response.rawFields()) {
    if (!left.has(name.toLowerCase())) kept.push([name, value]);
  }
  // RFC 9110 section 6.6.1.
  if (!response.has('date') && isHttpDate(receivedMs)) {
    kept.push(['Date', formatHttpDate(receivedMs)]);
  }
  return kept;
}

/** Whether it can answer a request at all: it is fresh for a time, or can be validated, or may be used when it is stale. */
function isUseful(head: StoredHead): boolean {
  const { lifetimeMs: fresh, initialAgeMs: age, staleWhileRevalidateMs, staleIfErrorMs } = head;
  if (hasValidator(head)) return true;
  return !head.noCache && fresh + Math.max(staleWhileRevalidateMs, staleIfErrorMs) > age;
}

export function hasValidator({ fields }: StoredHead): boolean {
  return fieldOf(fields, 'etag') !== undefined || fieldOf(fields, 'last-modified') !== undefined;
}

/**
 * The head of a stored response after 304, or after an answer to HEAD that agrees with it (sections 3.2, 4.3.4 and 4.3.5).
 * @returns The head of the answer, and whether it may be stored.
 */
export function updatedHead(
  stored: StoredHead,
  response: ResponseFacts,
  context: StoringContext,
): { readonly head: StoredHead; readonly isStored: boolean } {
  const fresh = [...response.rawFields()].filter(
    ([name]) => !NOT_UPDATED.includes(name.toLowerCase()),
  );
  // A Date that the answer does not have is the time at which it arrived.
  const names = new Set(['date', ...fresh.map(([name]) => name.toLowerCase())]);
  const kept = stored.fields.filter(([name]) => !names.has(name.toLowerCase()));
  const merged = new StoredFacts(stored, [...kept, ...fresh]);
  const head = headToStore(merged, context);
  if (head !== undefined) return { head, isStored: true };
  const { receivedMs, sentMs } = context;
  const initial = initialAgeMs(merged, sentMs, receivedMs);
  const fields = [...merged.rawFields()].filter(
    ([name]) => !NOT_STORED.includes(name.toLowerCase()),
  );
  return { head: { ...stored, fields, receivedMs, initialAgeMs: initial }, isStored: false };
}

/** Whether the validators of an answer are those of the stored response; an answer that has none agrees. */
export function agrees(stored: StoredHead, response: ResponseFacts): boolean {
  const tag = response.field('etag');
  const own = fieldOf(stored.fields, 'etag');
  if (tag !== undefined) return own !== undefined && weaklyEqual(tag, own);
  const modified = response.field('last-modified');
  return modified === undefined || modified === fieldOf(stored.fields, 'last-modified');
}

/**
 * The names of request fields on which a response depends, in lower case and sorted, with those that it always depends on. Undefined if it
 * depends on other things too: `Vary: *`, or a Vary that is malformed.
 */
export function variedNames(
  response: ResponseFacts,
  implied: readonly string[],
): readonly string[] | undefined {
  const names = new Set(implied);
  for (const element of (response.field('vary') ?? '').split(',')) {
    const name = element.trim().toLowerCase();
    if (name === '') continue;
    if (name === '*' || !isToken(name)) return undefined;
    names.add(name);
  }
  return [...names].sort();
}

/** Whether the server declares that the response does not depend on credentials. */
export function isPublic(response: ResponseFacts): boolean {
  return new CacheDirectives(response.field('cache-control')).has('public');
}

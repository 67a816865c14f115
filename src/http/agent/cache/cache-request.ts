/** A request as a cache sees it: its directives and conditions, read in one pass over its fields. */
import { createHash } from 'node:crypto';
import { evaluatePreconditions } from '../../conditional.js';
import { trimOWS } from '../../field-values.js';
import type { AgentRequest } from '../agent-request.js';
import { CacheDirectives } from './cache-control.js';

/** Requests with these go to the server: parts of content, and conditions that only the server can evaluate. */
const BYPASSING: ReadonlySet<string> = new Set([
  'range',
  'if-range',
  'if-match',
  'if-unmodified-since',
]);

const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since']);

/** Their values are compared without case and whitespace (section 4.1); the order of codings has no meaning. */
const CASELESS: ReadonlySet<string> = new Set(['accept-encoding', 'accept-language']);

export class CacheRequest {
  readonly request: AgentRequest;
  readonly directives: CacheDirectives;
  readonly isHead: boolean;
  /** Whether the cache must neither answer it nor store its response. */
  readonly bypasses: boolean;
  /** Whether the caller has a version of the response and asks for a newer one. */
  readonly isConditional: boolean;
  readonly hasAuthorization: boolean;
  /** Where responses are filed: the URL without its fragment. */
  readonly key: string;
  readonly #secret: ReadonlySet<string>;

  /** @param secret Names of fields whose values must not be found in keys, in lower case. */
  constructor(request: AgentRequest, secret: ReadonlySet<string>) {
    let control: string | undefined;
    let isPragma = false;
    let bypasses = request.content !== undefined || request.trailers !== undefined;
    let isConditional = false;
    let hasAuthorization = false;
    for (const [name, value] of request.fields) {
      const lower = String(name).toLowerCase();
      if (lower === 'cache-control')
        control = control === undefined ? value : `${control}, ${value}`;
      else if (lower === 'pragma') isPragma ||= /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(value);
      else if (lower === 'authorization') hasAuthorization = true;
      else if (BYPASSING.has(lower)) bypasses = true;
      else if (CONDITIONS.has(lower)) isConditional = true;
    }
    // Section 5.4.
    if (control === undefined && isPragma) control = 'no-cache';
    this.request = request;
    this.#secret = secret;
    this.directives = control === undefined ? NO_DIRECTIVES : new CacheDirectives(control);
    this.isHead = request.method === 'HEAD';
    this.bypasses = bypasses || this.directives.has('no-store') || request.cache === 'no-store';
    this.isConditional = isConditional;
    this.hasAuthorization = hasAuthorization;
    this.key = keyOf(request.url);
  }

  /**
   * The part of a key for the values of these fields.
   * @param vary Names in lower case.
   */
  variantKey(vary: readonly string[]): string {
    let values: Map<string, string> | undefined;
    for (const [name, value] of this.request.fields) {
      const lower = String(name).toLowerCase();
      if (!vary.includes(lower)) continue;
      values ??= new Map();
      const before = values.get(lower);
      values.set(lower, before === undefined ? trimOWS(value) : `${before}, ${trimOWS(value)}`);
    }
    if (values === undefined) return '';
    const parts = [...values].map(
      ([name, value]) =>
        [name, this.#secret.has(name) ? hashOf(value) : normalized(name, value)] as const,
    );
    return JSON.stringify(parts.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** Whether the caller has the stored version already, so that the answer is 304 (section 4.3.2). */
  hasCurrent(
    entityTag: string | undefined,
    lastModifiedMs: number | undefined,
    nowMs: number,
  ): boolean {
    const { method, fields } = this.request;
    const field = (wanted: string): string | undefined => {
      const lines = fields.filter(([name]) => String(name).toLowerCase() === wanted);
      return lines.length === 0 ? undefined : lines.map(([, value]) => value).join(', ');
    };
    const validators = { entityTag, lastModifiedMs };
    return evaluatePreconditions({ method, field }, validators, nowMs) === 'not-modified';
  }
}

const NO_DIRECTIVES = new CacheDirectives(undefined);

/** Section 2. User and password are never part of the URL of a request. */
export function keyOf({ href, hash }: URL): string {
  return hash === '' && !href.endsWith('#') ? href : href.slice(0, href.indexOf('#'));
}

function normalized(name: string, value: string): string {
  if (!CASELESS.has(name)) return value.replace(/[ \t]*,[ \t]*/g, ',');
  const elements = value.toLowerCase().replace(/[ \t]/g, '').split(',');
  return (name === 'accept-encoding' ? elements.sort() : elements).join(',');
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

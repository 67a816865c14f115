/**
 * The layer that answers from a cache (RFC 9111). It is below redirections, credentials, cookies and decoding, so that it sees what the server
 * sees: each redirection by its own URL, the fields of credentials, and content as it was coded.
 */
import type { Clock } from '../../../core/clock.js';
import type { Deferred } from '../../../defer/deferred.js';
import { Failure } from '../../../defer/failure.js';
import { succeed } from '../../../defer/succeed.js';
import type { AgentRequest } from '../agent-request.js';
import type { AgentResponse } from '../agent-response.js';
import type { CacheMode } from '../cache-mode.js';
import { withoutFields } from '../field-list.js';
import type { Interceptor, Send } from '../send.js';
import { CacheRequest, keyOf } from './cache-request.js';
import { CacheStatus, type ForwardReason } from './cache-status.js';
import { Forwarding } from './forwarding.js';
import { remainingMs, type Usability, usabilityOf } from './freshness.js';
import type { HTTPCache } from './http-cache.js';
import type { Found } from './response-store.js';
import { answerFrom, unavailable } from './stored-answers.js';
import type { StoredResponse } from './stored-response.js';

export interface CachingSettings {
  readonly cache: HTTPCache | undefined;
  readonly credentialFields: readonly string[];
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Fields whose values belong to a user. */
const CREDENTIALS: readonly string[] = ['authorization', 'cookie'];

/** No layer at all without a cache. */
export function caching(
  clock: Clock,
  { cache, credentialFields }: CachingSettings,
): readonly Interceptor[] {
  if (cache === undefined) return [];
  const names = [...CREDENTIALS, ...credentialFields.map((name) => name.toLowerCase())];
  return [
    (next) => {
      const layer = new Caching(clock, cache, new Set(names), next);
      return (request) => layer.send(request);
    },
  ];
}

class Caching {
  readonly #clock: Clock;
  readonly #cache: HTTPCache;
  readonly #credentials: ReadonlySet<string>;
  readonly #next: Send;
  readonly #forwarding: Forwarding;
  /** Keys of responses that are validated after they were used. */
  readonly #refreshing: Set<string> = new Set();

  constructor(clock: Clock, cache: HTTPCache, credentials: ReadonlySet<string>, next: Send) {
    this.#clock = clock;
    this.#cache = cache;
    this.#credentials = credentials;
    this.#next = next;
    this.#forwarding = new Forwarding(clock, cache, credentials, next);
  }

  send(request: AgentRequest): Deferred<AgentResponse> {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return this.#passOn(request, 'method');
    const asked = new CacheRequest(request, this.#credentials);
    return asked.bypasses ? this.#passOn(request, 'bypass') : this.#answer(asked, false);
  }

  /** @param isCollapsed Whether it has waited for the response to another request. */
  #answer(asked: CacheRequest, isCollapsed: boolean): Deferred<AgentResponse> {
    return this.#cache.responses
      .find(this.#clock, asked)
      .addCallback((found) => this.#decide(asked, found, isCollapsed)) as Deferred<AgentResponse>;
  }

  #decide(
    asked: CacheRequest,
    found: Found,
    isCollapsed: boolean,
  ): Deferred<AgentResponse> | AgentResponse {
    const { response } = found;
    const mode = asked.request.cache;
    const nowMs = this.#cache.settings.wallClock();
    if (response !== undefined) {
      const use = usabilityIn(mode) ?? usabilityOf(response.head, asked.directives, nowMs);
      if (use === 'stale-while-revalidate') this.#refresh(asked, found);
      if (use !== 'validate') return this.#hit(asked, response, nowMs, isCollapsed);
    }
    if (mode === 'only-if-cached' || asked.directives.has('only-if-cached')) {
      return unavailable(asked);
    }
    if (mode === 'reload') {
      const unseen = { ...found, response: undefined };
      return this.#forwarding.send(asked, unseen, reasonFor(found, nowMs), isCollapsed);
    }
    const waited = isCollapsed ? undefined : this.#forwarding.join(asked);
    if (waited !== undefined) {
      return waited.addCallback(() => this.#answer(asked, true)) as Deferred<AgentResponse>;
    }
    return this.#forwarding.send(asked, found, reasonFor(found, nowMs), isCollapsed);
  }

  #hit(
    asked: CacheRequest,
    response: StoredResponse,
    nowMs: number,
    isCollapsed: boolean,
  ): AgentResponse {
    this.#cache.counted.hits += 1;
    const remaining = remainingMs(response.head, nowMs);
    const status = new CacheStatus({
      hit: true,
      stored: true,
      collapsed: isCollapsed,
      remainingMs: remaining,
    });
    return answerFrom(asked, response, nowMs, status);
  }

  /** Validates a response whose stale version was used, once at a time. Its failure shows at the next use. */
  #refresh(asked: CacheRequest, found: Found): void {
    const key = `${asked.key} ${asked.variantKey(found.variants?.vary ?? [])}`;
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    const background = new CacheRequest(inBackground(asked, this.#clock), this.#credentials);
    const { maxEntryBytes } = this.#cache.settings;
    this.#forwarding
      .send(background, found, 'stale', true)
      .addCallback((response) => {
        if (response.cached?.stored === true) return response.drain(maxEntryBytes);
        response.discard();
        return undefined;
      })
      .addBoth((outcome) => {
        this.#refreshing.delete(key);
        return outcome instanceof Failure ? undefined : outcome;
      });
  }

  /** The cache has no part in the answer, but unsafe methods change what it has stored (section 4.4). */
  #passOn(request: AgentRequest, reason: ForwardReason): Deferred<AgentResponse> {
    const status = new CacheStatus({ forwarded: reason });
    return this.#next(request).addCallback((response) => {
      const answer = response.cachedAs(status);
      const isDone = response.status >= 200 && response.status < 400;
      if (SAFE.has(request.method) || !isDone) return answer;
      return this.#invalidate(request, response).addCallback(() => answer);
    }) as Deferred<AgentResponse>;
  }

  #invalidate({ url }: AgentRequest, response: AgentResponse): Deferred<unknown> {
    const keys = new Set([keyOf(url)]);
    for (const name of ['location', 'content-location']) {
      for (const value of response.fields(name)) {
        if (!URL.canParse(value, url.href)) continue;
        const other = new URL(value, url);
        // Others must not be able to remove what they do not own.
        if (other.origin === url.origin) keys.add(keyOf(other));
      }
    }
    let done: Deferred<unknown> = succeed<unknown>(undefined);
    for (const key of keys) {
      done = done.addCallback(() => this.#cache.responses.invalidate(this.#clock, key));
    }
    return done;
  }
}

/** Undefined: directives decide. */
function usabilityIn(mode: CacheMode): Usability | undefined {
  if (mode === 'force-cache' || mode === 'only-if-cached') return 'fresh';
  return mode === 'reload' || mode === 'no-cache' ? 'validate' : undefined;
}

function reasonFor({ variants, response }: Found, nowMs: number): ForwardReason {
  if (response === undefined) return variants === undefined ? 'uri-miss' : 'vary-miss';
  const isFresh = !response.head.noCache && remainingMs(response.head, nowMs) > 0;
  return isFresh ? 'request' : 'stale';
}

/** The request by which a response is validated after it was used: GET, without a caller. */
function inBackground({ request }: CacheRequest, clock: Clock): AgentRequest {
  return {
    ...request,
    method: 'GET',
    fields: withoutFields(request.fields, ['If-None-Match', 'If-Modified-Since']),
    signal: undefined,
    onInformational: undefined,
    startedMs: clock.now(),
  };
}

/** Requests that the cache sends to the server: their responses are stored, confirm stored ones, or are replaced by them. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.js';
import type { Deferred } from '../../../defer/deferred.js';
import { TimeoutError } from '../../../defer/errors.js';
import type { Failure } from '../../../defer/failure.js';
import { succeed } from '../../../defer/succeed.js';
import type { AgentRequest } from '../agent-request.js';
import type { AgentResponse, ResponseFacts } from '../agent-response.js';
import { fieldOf, withField } from '../field-list.js';
import type { Send } from '../send.js';
import type { CacheRequest } from './cache-request.js';
import { CacheStatus, type ForwardReason } from './cache-status.js';
import type { Flight } from './flights.js';
import { mayReplaceError, remainingMs } from './freshness.js';
import type { HTTPCache } from './http-cache.js';
import { RecordedContent } from './recorded-content.js';
import type { Found } from './response-store.js';
import { isServerFailure, SERVER_ERRORS } from './server-failures.js';
import { answerFrom } from './stored-answers.js';
import { StoredFacts, type StoredHead, type StoredResponse } from './stored-response.js';
import {
  agrees,
  headToStore,
  isPublic,
  type StoringContext,
  updatedHead,
  variedNames,
} from './storing.js';

/** One request on its way. */
interface Journey {
  readonly asked: CacheRequest;
  readonly found: Found;
  readonly reason: ForwardReason;
  readonly isCollapsed: boolean;
  /** Equal requests have the same one. Undefined if none may wait for another. */
  readonly key: string | undefined;
  /** Others may wait for it. */
  readonly flight: Flight | undefined;
  /** The epoch of the store, and the time of the clock, when it was sent. */
  readonly since: number;
  readonly sentMs: number;
}

export class Forwarding {
  readonly #clock: Clock;
  readonly #cache: HTTPCache;
  readonly #credentials: ReadonlySet<string>;
  readonly #next: Send;

  constructor(clock: Clock, cache: HTTPCache, credentials: ReadonlySet<string>, next: Send) {
    this.#clock = clock;
    this.#cache = cache;
    this.#credentials = credentials;
    this.#next = next;
  }

  /** Fires when an equal request that is on its way has been answered and stored, or will not be, or takes too long. Undefined if there is none. */
  join(asked: CacheRequest): Deferred<void> | undefined {
    const flight = mayJoin(asked) ? this.#cache.flights.get(flightKey(asked)) : undefined;
    if (flight === undefined) return undefined;
    const { times, startedMs } = asked.request;
    const { totalTimeoutMs = Number.POSITIVE_INFINITY } = times;
    const leftMs = Math.max(0, startedMs + totalTimeoutMs - this.#clock.now());
    const limitMs = Math.min(this.#cache.settings.collapseTimeoutMs, leftMs);
    return flight
      .join()
      .addTimeout(limitMs, this.#clock)
      .addErrback((failure) => failure.trap(TimeoutError) && undefined) as Deferred<void>;
  }

  /** @param isCollapsed Whether the request has waited for another one; no other request waits for it then. */
  send(
    asked: CacheRequest,
    found: Found,
    reason: ForwardReason,
    isCollapsed: boolean,
  ): Deferred<AgentResponse> {
    const { flights, responses, settings } = this.#cache;
    const isJoinable = settings.collapseTimeoutMs > 0 && mayJoin(asked);
    const key = isJoinable ? flightKey(asked) : undefined;
    return this.#travel({
      asked,
      found,
      reason,
      isCollapsed,
      key,
      flight: key === undefined || isCollapsed ? undefined : flights.begin(key),
      since: responses.epoch,
      sentMs: settings.wallClock(),
    });
  }

  #travel(journey: Journey): Deferred<AgentResponse> {
    const { asked, found, flight } = journey;
    try {
      return this.#next(validating(asked, found.response)).addCallbacks(
        (response) => this.#arrived(journey, response),
        (failure) => this.#failed(journey, failure),
      ) as Deferred<AgentResponse>;
    } catch (error) {
      flight?.settle(true);
      throw error;
    }
  }

  #failed(journey: Journey, failure: Failure): AgentResponse | Failure {
    journey.flight?.settle(true);
    const stale = isServerFailure(failure.value) ? this.#replacement(journey) : undefined;
    if (stale === undefined) return failure;
    return this.#answer(journey, stale, undefined, false);
  }

  #arrived(journey: Journey, response: AgentResponse): Deferred<AgentResponse> | AgentResponse {
    const { asked, found, flight } = journey;
    const { status } = response;
    const isOurs = found.response !== undefined && !asked.isConditional;
    if (status === 304 && isOurs) return this.#confirmed(journey, found.response, response);
    const replacement = SERVER_ERRORS.has(status) ? this.#replacement(journey) : undefined;
    if (replacement !== undefined) {
      flight?.settle(true);
      response.discard();
      return this.#answer(journey, replacement, status, false);
    }
    this.#cache.counted.misses += 1;
    return asked.isHead ? this.#headArrived(journey, response) : this.#record(journey, response);
  }

  /** The stale response that may be used in place of an error. */
  #replacement({ asked, found: { response } }: Journey): StoredResponse | undefined {
    if (response === undefined) return undefined;
    const nowMs = this.#cache.settings.wallClock();
    if (!mayReplaceError(response.head, asked.directives, nowMs)) return undefined;
    this.#cache.counted.staleOnError += 1;
    return response;
  }

  /** Stores the response while its content is read, if that is permitted. */
  #record(journey: Journey, response: AgentResponse): Deferred<AgentResponse> | AgentResponse {
    const { flight, reason, isCollapsed } = journey;
    const { settings } = this.#cache;
    const vary = this.#varyOf(response);
    const head = vary === undefined ? undefined : headToStore(response, this.#context(journey));
    const { contentLength } = response;
    if (vary === undefined || head === undefined || (contentLength ?? 0) > settings.maxEntryBytes) {
      flight?.settle(false);
      const answer = response.cachedAs(
        new CacheStatus({ forwarded: reason, collapsed: isCollapsed }),
      );
      // A failure, or a version that the caller has, says nothing about the stored response.
      if (response.status >= 500 || response.status === 304) return answer;
      return this.#drop(journey).addCallback(() => answer) as Deferred<AgentResponse>;
    }
    const status = new CacheStatus({
      forwarded: reason,
      stored: true,
      collapsed: isCollapsed,
      remainingMs: remainingMs(head, settings.wallClock()),
    });
    return response.cachedAs(status, (source) => {
      const content = new RecordedContent(
        source,
        settings.maxEntryBytes,
        contentLength,
        (bytes) => {
          if (bytes === undefined) flight?.settle(true);
          else void this.#put(journey, vary, head, bytes);
        },
      );
      flight?.records(content);
      // It has no content, which the caller need not read.
      if (contentLength === 0 || response.status === 204) content.hurry();
      return content;
    });
  }

  /** The stored response is the one that the server has (section 4.3.4). */
  #confirmed(
    journey: Journey,
    stored: StoredResponse,
    response: AgentResponse,
  ): Deferred<AgentResponse> {
    const { found, flight } = journey;
    response.discard();
    if (!agrees(stored.head, response)) {
      const unconditional = { ...journey, found: { ...found, response: undefined } };
      return this.#drop(journey).addCallback(() =>
        this.#travel(unconditional),
      ) as Deferred<AgentResponse>;
    }
    this.#cache.counted.validated += 1;
    const { head, isStored, done } = this.#update(journey, stored, response);
    return done.addCallback(() => {
      flight?.settle(isStored);
      return this.#answer(journey, { head, content: stored.content }, 304, isStored);
    }) as Deferred<AgentResponse>;
  }

  /** An answer to HEAD shows whether the stored response is still current (section 4.3.5). */
  #headArrived(journey: Journey, response: AgentResponse): Deferred<AgentResponse> | AgentResponse {
    const { found, reason } = journey;
    const answer = response.cachedAs(new CacheStatus({ forwarded: reason }));
    const stored = found.response;
    if (stored === undefined || response.status >= 500 || response.status === 304) return answer;
    const { contentLength } = response;
    const isSame =
      response.status === stored.head.status &&
      agrees(stored.head, response) &&
      (contentLength === undefined || contentLength === stored.content.length);
    if (!isSame) return this.#drop(journey).addCallback(() => answer) as Deferred<AgentResponse>;
    const { done } = this.#update(journey, stored, response);
    return done.addCallback(() => answer) as Deferred<AgentResponse>;
  }

  /** Stores the head of a response that the server has confirmed, unless the server forbids it now. */
  #update(
    journey: Journey,
    stored: StoredResponse,
    response: AgentResponse,
  ): { readonly head: StoredHead; readonly isStored: boolean; readonly done: Deferred<unknown> } {
    const { head, isStored } = updatedHead(stored.head, response, this.#context(journey));
    const vary = isStored ? this.#varyOf(new StoredFacts(head, head.fields)) : undefined;
    const done =
      vary === undefined ? this.#drop(journey) : this.#put(journey, vary, head, stored.content);
    return { head, isStored: vary !== undefined, done };
  }

  /** The stored response is no longer the one that the server has. */
  #drop({ asked, found: { variants, response } }: Journey): Deferred<unknown> {
    if (variants === undefined || response === undefined) return succeed<unknown>(undefined);
    return this.#cache.responses.drop(this.#clock, asked, variants);
  }

  #put(
    { asked, flight, key, since }: Journey,
    vary: readonly string[],
    head: StoredHead,
    content: Buffer,
  ): Deferred<unknown> {
    const { counted, flights, responses } = this.#cache;
    return responses.put(this.#clock, asked, vary, { head, content }, since).addBoth((result) => {
      if (result === true) {
        counted.stored += 1;
        if (key !== undefined) flights.isShareable(key);
      }
      flight?.settle(true);
      return undefined;
    });
  }

  #answer(
    { asked, reason, isCollapsed }: Journey,
    stored: StoredResponse,
    forwardedStatus: number | undefined,
    isStored: boolean,
  ): AgentResponse {
    const nowMs = this.#cache.settings.wallClock();
    const status = new CacheStatus({
      forwarded: reason,
      forwardedStatus,
      stored: isStored,
      collapsed: isCollapsed,
      remainingMs: remainingMs(stored.head, nowMs),
    });
    return answerFrom(asked, stored, nowMs, status);
  }

  #varyOf(response: ResponseFacts): readonly string[] | undefined {
    const { keyFields } = this.#cache.settings;
    const implied = isPublic(response) ? keyFields : [...keyFields, ...this.#credentials];
    return variedNames(response, implied);
  }

  #context({ asked, sentMs }: Journey): StoringContext {
    const { settings } = this.#cache;
    const { hasAuthorization } = asked;
    return { settings, hasAuthorization, sentMs, receivedMs: settings.wallClock() };
  }
}

/** Requests with conditions or demands of their own need an answer of their own. */
function mayJoin({ isHead, isConditional, directives, request: { cache } }: CacheRequest): boolean {
  if (cache === 'reload' || cache === 'no-cache') return false;
  return !isHead && !isConditional && !directives.has('no-cache');
}

/** The same for requests with the same URL and the same fields. They may have credentials, which are hashed. */
function flightKey({ key, request }: CacheRequest): string {
  const fields = createHash('sha256').update(JSON.stringify(request.fields)).digest('base64url');
  return `${key} ${fields}`;
}

/** The request with the validators of a stored response (section 4.3.1), unless it has conditions of its own. */
function validating(
  { request, isConditional }: CacheRequest,
  stored: StoredResponse | undefined,
): AgentRequest {
  if (stored === undefined || isConditional) return request;
  let { fields } = request;
  const tag = fieldOf(stored.head.fields, 'etag');
  const modified = fieldOf(stored.head.fields, 'last-modified');
  if (tag !== undefined) fields = withField(fields, 'If-None-Match', tag);
  if (modified !== undefined) fields = withField(fields, 'If-Modified-Since', modified);
  return fields === request.fields ? request : { ...request, fields };
}

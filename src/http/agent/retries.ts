/**
 * The layer that repeats requests that failed, if that is safe: nothing was sent, or the method is idempotent and no byte of a response
 * arrived, or the server asks for it by Retry-After (RFC 9110 section 10.2.3).
 */
import { ConnectError } from '../../core/errors/connecting.js';
import type { Deferred } from '../../defer/deferred.js';
import { fail } from '../../defer/succeed.js';
import { isConnectFailure } from '../client/client-call.js';
import { isIdempotent } from '../client/client-request.js';
import {
  HTTP2UnprocessedError,
  HTTPResponseTimeoutError,
  NoHTTPResponseError,
} from '../client/errors.js';
import { parseHttpDate } from '../dates.js';
import { type AgentRequest, isReplayable } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';
import { drainBriefly } from './brief-drain.js';
import type { Delays } from './delays.js';
import type { Interceptor, Send } from './send.js';

export interface RetrySettings {
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly random: () => number;
  readonly wallClock: () => number;
}

const ASKING: ReadonlySet<number> = new Set([429, 503]);

export function retries(delays: Delays, settings: RetrySettings): Interceptor {
  const retrying = new Retrying(delays, settings);
  return (next) => (request) =>
    request.retries === 0 || !isReplayable(request)
      ? next(request)
      : retrying.attempt(next, request, 0);
}

class Retrying {
  readonly #delays: Delays;
  readonly #settings: RetrySettings;

  constructor(delays: Delays, settings: RetrySettings) {
    this.#delays = delays;
    this.#settings = settings;
  }

  /** @param count The attempts before this one. */
  attempt(next: Send, request: AgentRequest, count: number): Deferred<AgentResponse> {
    const sent = next(request);
    if (count >= request.retries) return sent;
    return sent.addCallbacks(
      (response) => {
        const delayMs = this.#askedDelayMs(request, response);
        if (delayMs === undefined || !this.#mayWait(request, delayMs)) return response;
        return drainBriefly(this.#delays.clock, response).addCallback(() =>
          this.#afterDrain(next, request, count, delayMs),
        );
      },
      (failure) => {
        const delayMs = this.#backoffMs(count);
        return mayRepeat(failure.value, request) && this.#mayWait(request, delayMs)
          ? this.#later(next, request, count, delayMs)
          : failure;
      },
    ) as Deferred<AgentResponse>;
  }

  /** The time that the content of the refusal took may be missing. */
  #afterDrain(
    next: Send,
    request: AgentRequest,
    count: number,
    delayMs: number,
  ): Deferred<AgentResponse> {
    const { totalTimeoutMs } = request.times;
    if (totalTimeoutMs === undefined || this.#isInTime(request, delayMs)) {
      return this.#later(next, request, count, delayMs);
    }
    return fail(new HTTPResponseTimeoutError('totalTimeoutMs', totalTimeoutMs));
  }

  #later(
    next: Send,
    request: AgentRequest,
    count: number,
    delayMs: number,
  ): Deferred<AgentResponse> {
    return this.#delays
      .wait(delayMs)
      .addCallback(() => this.attempt(next, request, count + 1)) as Deferred<AgentResponse>;
  }

  /** Doubles with each attempt; up to a half of it is random. */
  #backoffMs(count: number): number {
    const { retryDelayMs, maxRetryDelayMs, random } = this.#settings;
    return Math.min(retryDelayMs * 2 ** count, maxRetryDelayMs) * (1 - random() / 2);
  }

  /** Not less than Retry-After demands; undefined if it demands nothing, or too much. */
  #askedDelayMs(request: AgentRequest, response: AgentResponse): number | undefined {
    if (!ASKING.has(response.status) || !isSafe(request)) return undefined;
    const { retryDelayMs, maxRetryDelayMs, random, wallClock } = this.#settings;
    const text = response.field('retry-after') ?? '';
    const now = wallClock();
    const asked = /^\d{1,9}$/.test(text)
      ? Number(text) * 1_000
      : (parseHttpDate(text, now) ?? Number.POSITIVE_INFINITY) - now;
    if (asked > maxRetryDelayMs) return undefined;
    return Math.max(asked, 0) + retryDelayMs * random();
  }

  #mayWait(request: AgentRequest, delayMs: number): boolean {
    return !this.#delays.isClosed && this.#isInTime(request, delayMs);
  }

  /** Whether the total time is not over after the delay. */
  #isInTime({ times, startedMs }: AgentRequest, delayMs: number): boolean {
    const { totalTimeoutMs = Number.POSITIVE_INFINITY } = times;
    return this.#delays.clock.now() + delayMs < startedMs + totalTimeoutMs;
  }
}

function mayRepeat(error: unknown, request: AgentRequest): boolean {
  if (isConnectFailure(error)) {
    return error instanceof ConnectError || error instanceof HTTPResponseTimeoutError;
  }
  if (error instanceof HTTP2UnprocessedError) return true;
  return error instanceof NoHTTPResponseError && isSafe(request);
}

function isSafe({ idempotent, method }: AgentRequest): boolean {
  return idempotent ?? isIdempotent(method);
}

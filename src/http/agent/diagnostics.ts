/**
 * Publishes the requests of agents to `node:diagnostics_channel`, at no cost without subscribers. Each redirection and retry is a request of its
 * own. All messages of a request are the same {@link AgentExchange}.
 *
 * | channel | when |
 * |---|---|
 * | `ropewalk.http.client.request` | a request is about to be sent; `addField` adds fields to it |
 * | `ropewalk.http.client.response` | the head of the response has arrived |
 * | `ropewalk.http.client.end` | the content is complete or dropped, or the request or its response has failed |
 *
 * Subscribers run in the asynchronous context of the caller of the agent's method.
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../defer/failure.js';
import { type AsyncContext, captureContext, ROOT_CONTEXT } from '../../internal/async-context.js';
import type { AgentRequest } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';
import type { Interceptor } from './send.js';

const requestChannel: Channel = channel('ropewalk.http.client.request');
const responseChannel: Channel = channel('ropewalk.http.client.response');
const endChannel: Channel = channel('ropewalk.http.client.end');

/** One call of an agent's method, which may send several requests. */
interface Trip {
  readonly context: AsyncContext;
  requests: number;
}

/** The trip of a request: copies of the request have it too. */
const TRIP: unique symbol = Symbol('trip');

interface TravellingRequest extends AgentRequest {
  readonly [TRIP]?: Trip;
}

/** A request with its response: the message of the channels. */
export class AgentExchange {
  /** The agent. */
  readonly agent: object;
  /** The number of requests that the same call has sent before: redirections and retries. */
  readonly resends: number;
  /** When the request was sent, by the agent's clock, in milliseconds. */
  readonly startedMs: number;
  /** Since the response has arrived. */
  response: AgentResponse | undefined = undefined;
  /** Why the request, or its response, has failed. */
  error: unknown = undefined;
  /** Time from `startedMs` to the head of the response, in milliseconds. */
  headMs: number | undefined = undefined;
  /** Time from `startedMs` to the end, in milliseconds. */
  durationMs: number | undefined = undefined;
  #request: AgentRequest;
  readonly #clock: Clock;
  readonly #context: AsyncContext;

  /** @internal */
  constructor(agent: object, clock: Clock, request: AgentRequest, trip: Trip) {
    this.agent = agent;
    this.resends = trip.requests;
    this.startedMs = clock.now();
    this.#request = request;
    this.#clock = clock;
    this.#context = trip.context;
  }

  /** The request as it is sent. */
  get request(): AgentRequest {
    return this.#request;
  }

  /** Adds a field to the request, before it is sent: for subscribers of `ropewalk.http.client.request`. Later calls have no effect. */
  addField(name: string, value: string): void {
    const fields = [...this.#request.fields, [name, value] as const];
    this.#request = { ...this.#request, fields };
  }

  /** @internal */
  begin(): AgentRequest {
    this.#publish(requestChannel);
    return this.#request;
  }

  /** @internal */
  answered(response: AgentResponse): AgentResponse {
    this.response = response;
    this.headMs = this.#clock.now() - this.startedMs;
    // First: a subscriber may read the content.
    response.whenOver((error) => this.end(error));
    this.#publish(responseChannel);
    return response;
  }

  /** @internal */
  end(error: unknown): void {
    if (this.durationMs !== undefined) return;
    this.durationMs = this.#clock.now() - this.startedMs;
    this.error = error;
    this.#publish(endChannel);
  }

  #publish(to: Channel): void {
    if (!to.hasSubscribers) return;
    (this.#context ?? ROOT_CONTEXT).runInAsyncScope(() => to.publish(this));
  }
}

/** The layer above all others: remembers who called. */
export const departures: Interceptor = (next) => (request) => {
  if (!isWatched()) return next(request);
  const travelling: TravellingRequest = {
    ...request,
    [TRIP]: { context: captureContext(), requests: 0 },
  };
  return next(travelling);
};

/** The layer below all others. */
export function diagnosed(agent: object, clock: Clock): Interceptor {
  return (next) => (request) => {
    if (!isWatched()) return next(request);
    const { [TRIP]: trip = { context: undefined, requests: 0 } } = request as TravellingRequest;
    const exchange = new AgentExchange(agent, clock, request, trip);
    trip.requests += 1;
    try {
      return next(exchange.begin()).addCallbacks(
        (response) => exchange.answered(response),
        (failure: Failure) => {
          exchange.end(failure.value);
          return failure;
        },
      ) as ReturnType<typeof next>;
    } catch (error) {
      exchange.end(error);
      throw error;
    }
  };
}

function isWatched(): boolean {
  return (
    requestChannel.hasSubscribers || responseChannel.hasSubscribers || endChannel.hasSubscribers
  );
}

/** Requests and connections of HTTP agents as metrics. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';
import type { MetricFamily } from './family.js';
import { KNOWN_METHODS } from './http-methods.js';
import type { Counter, Histogram } from './instruments.js';
import type { MetricsRegistry } from './registry.js';

/** The part of an `Agent` of `ropewalk/http` that is used. */
export interface MeteredAgent {
  readonly counts: {
    readonly connections: number;
    readonly idle: number;
    readonly connecting: number;
    readonly queued: number;
    readonly http2: number;
    readonly streams: number;
  };
}

/** The part of a message of `ropewalk.http.client.end` that is used. */
interface Exchange {
  readonly agent: object;
  readonly request: { readonly method: string };
  readonly response: { readonly status: number } | undefined;
  readonly error: unknown;
  readonly headMs: number | undefined;
  readonly durationMs: number;
}

interface AgentInstruments {
  readonly requests: Counter;
  readonly heads: Histogram;
  readonly durations: Histogram;
}

const known = new WeakMap<MetricsRegistry, AgentInstruments>();

function instrumentsOf(registry: MetricsRegistry): AgentInstruments {
  let instruments = known.get(registry);
  if (instruments === undefined) {
    instruments = {
      requests: registry.counter(
        'ropewalk_http_client_requests_total',
        'Requests that were answered or failed; each redirection and retry counts.',
        ['agent', 'method', 'status'],
      ),
      heads: registry.histogram(
        'ropewalk_http_client_head_duration_seconds',
        'Time from the sending of a request to the head of its response.',
        ['agent'],
      ),
      durations: registry.histogram(
        'ropewalk_http_client_request_duration_seconds',
        'Time from the sending of a request to the end of its response.',
        ['agent'],
      ),
    };
    known.set(registry, instruments);
  }
  return instruments;
}

/**
 * Adds `ropewalk_http_client_*` of an `Agent` of `ropewalk/http`: requests by method and class of status (`2xx`, or `failed`), durations to the
 * head and to the end of responses, connections by state, and requests that wait for a connection.
 *
 * @param name The label `agent`.
 * @returns A function that removes the levels and ends the counting.
 * @throws InvalidArgumentTypeError
 */
export function addAgent(registry: MetricsRegistry, agent: MeteredAgent, name: string): () => void {
  const { counts } = (agent ?? {}) as Partial<MeteredAgent>;
  if (typeof counts !== 'object') {
    throw new InvalidArgumentTypeError('agent', 'an agent with counts', agent);
  }
  checkString('name', name);
  const { requests, heads, durations } = instrumentsOf(registry);
  const [head, duration] = [heads.with({ agent: name }), durations.with({ agent: name })];
  const ended = (message: unknown): void => {
    const exchange = message as Exchange;
    if (exchange.agent !== agent) return;
    const method = KNOWN_METHODS.has(exchange.request.method) ? exchange.request.method : 'other';
    requests.add(1, { agent: name, method, status: statusOf(exchange) });
    if (exchange.headMs !== undefined) head.record(exchange.headMs / 1000);
    duration.record(exchange.durationMs / 1000);
  };
  subscribe('ropewalk.http.client.end', ended);
  const removeLevels = registry.addSource(() => levelsOf(agent, name));
  return () => {
    unsubscribe('ropewalk.http.client.end', ended);
    removeLevels();
  };
}

function statusOf({ response, error }: Exchange): string {
  if (response === undefined || error !== undefined) return 'failed';
  return `${Math.floor(response.status / 100)}xx`;
}

function levelsOf({ counts }: MeteredAgent, agent: string): MetricFamily[] {
  const { connections, idle, connecting, queued, http2, streams } = counts;
  const states = Object.entries({ busy: connections - idle, idle, connecting });
  return [
    {
      name: 'ropewalk_http_client_connections',
      help: 'Connections to servers now, by state.',
      type: 'gauge',
      samples: states.map(([state, value]) => ({ labels: { agent, state }, value })),
    },
    {
      name: 'ropewalk_http_client_queued_requests',
      help: 'Requests that wait for a connection now.',
      type: 'gauge',
      samples: [{ labels: { agent }, value: queued }],
    },
    {
      name: 'ropewalk_http_client_http2_connections',
      help: 'Connections of HTTP/2 now, among the others.',
      type: 'gauge',
      samples: [{ labels: { agent }, value: http2 }],
    },
    {
      name: 'ropewalk_http_client_streams',
      help: 'Requests on connections of HTTP/2 now.',
      type: 'gauge',
      samples: [{ labels: { agent }, value: streams }],
    },
  ];
}

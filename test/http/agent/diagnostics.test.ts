/** The diagnostics channels, metrics and spans of agents, in memory. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentCall, AgentExchange, AgentOptions } from '../../../src/http/index.js';
import {
  addAgent,
  MetricsRegistry,
  prometheusText,
  type TraceAgentsOptions,
  traceAgents,
} from '../../../src/metrics/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { response } from '../client/memory-servers.js';
import { Agented, DEFAULTS } from './memory-agent.js';

const CHANNELS = ['request', 'response', 'end'] as const;
const REDIRECT = 'HTTP/1.1 302 F\r\nLocation: /2\r\nContent-Length: 1\r\n\r\nx';

let cleanUp: (() => void)[] = [];

afterEach(() => {
  for (const undo of cleanUp) undo();
  cleanUp = [];
});

function listen(
  channel: (typeof CHANNELS)[number],
  listener: (exchange: AgentExchange) => void,
): void {
  const name = `ropewalk.http.client.${channel}`;
  const called = (message: unknown): void => listener(message as AgentExchange);
  subscribe(name, called);
  cleanUp.push(() => unsubscribe(name, called));
}

/** The messages of all channels, as text. */
function noted(): string[] {
  const notes: string[] = [];
  for (const name of CHANNELS) {
    listen(name, ({ request, resends, response: answer, error, durationMs }) => {
      const { code } = (error ?? {}) as { code?: string };
      notes.push([name, request.url.pathname, resends, answer?.status, code, durationMs].join(' '));
    });
  }
  return notes;
}

const drop = (call: AgentCall): void => {
  call.addErrback(() => undefined);
  call.cancel();
};

describe('the channels of agents', () => {
  it('tell of a request, its response and its end', () => {
    const notes = noted();
    const agented = new Agented();
    const asked = agented.agent.get('http://a/1?q');
    expect(notes).toEqual(['request /1 0   ']);
    agented.advance(250);
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    expect(notes.slice(1)).toEqual(['response /1 0 200  ']);
    const text = successResultOf(asked).text();
    agented.advance(250);
    agented.server.answer('ok');
    expect(successResultOf(text)).toBe('ok');
    expect(notes.slice(2)).toEqual(['end /1 0 200  500']);
  });

  it('tell of each redirection and retry, with the number of those before', () => {
    const notes = noted();
    const agented = new Agented({ retries: 1, retryDelayMs: 1, random: () => 0 });
    const text = agented.agent.get('http://a/1').text();
    agented.server.answer(REDIRECT);
    agented.server.answer('HTTP/1.1 503 B\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n');
    agented.advance(250);
    agented.server.answer(response('x'));
    expect(successResultOf(text)).toBe('x');
    expect(notes.map((note) => note.split(' ').slice(0, 4).join(' '))).toEqual([
      ...['request /1 0 ', 'response /1 0 302', 'end /1 0 302'],
      ...['request /2 1 ', 'response /2 1 503', 'end /2 1 503'],
      ...['request /2 2 ', 'response /2 2 200', 'end /2 2 200'],
    ]);
  });

  it.each<[string, (agented: Agented, call: AgentCall) => void, string]>([
    ['a reset', ({ server }) => server.reset(), 'ERR_NO_HTTP_RESPONSE'],
    [
      'a malformed answer',
      ({ server }) => server.answer('x'.repeat(20)),
      'ERR_INVALID_HTTP_MESSAGE',
    ],
    ['a cancellation', (_agented, call) => drop(call), 'ERR_CANCELLED'],
    ['a time limit', (agented) => agented.advance(2_500), 'ERR_HTTP_RESPONSE_TIMEOUT'],
  ])('tell of %s', (_name, fail, code) => {
    const notes = noted();
    const agented = new Agented({ headTimeoutMs: 1_000 });
    const call = agented.agent.get('http://a/');
    agented.server.sent;
    fail(agented, call);
    if (code !== 'ERR_CANCELLED') failureResultOf(call);
    expect(notes.at(-1)).toMatch(new RegExp(`^end / 0  ${code} [\\d.]+$`));
    expect(notes).toHaveLength(2);
  });

  it.each<[string, (agented: Agented, call: AgentCall) => void, string]>([
    [
      'is dropped',
      ({ server }, call) => {
        successResultOf(call).discard();
        server.answer('o');
      },
      '',
    ],
    ['is aborted', (_agented, call) => successResultOf(call).abort(), 'ERR_CANCELLED'],
    ['is never read', (agented) => agented.advance(2_500), 'ERR_HTTP_RESPONSE_TIMEOUT'],
    [
      'is broken off',
      ({ server }, call) => {
        server.close();
        failureResultOf(call.text());
      },
      'ERR_INCOMPLETE_HTTP_MESSAGE',
    ],
  ])('tell of the end of content that %s', (_name, end, code) => {
    const notes = noted();
    const agented = new Agented({ unreadTimeoutMs: 1_000 });
    const call = agented.agent.get('http://a/');
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nk');
    end(agented, call);
    expect(notes.at(-1)).toMatch(new RegExp(`^end / 0 200 ${code} [\\d.]+$`));
    expect(notes).toHaveLength(3);
  });

  it('tell of the end of responses without content', () => {
    const notes = noted();
    const agented = new Agented();
    agented.agent.head('http://a/1');
    agented.server.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
    agented.agent.get('http://a/2');
    agented.server.answer('HTTP/1.1 204 No\r\n\r\n');
    const ends = notes.filter((note) => note.startsWith('end'));
    expect(ends).toEqual([
      expect.stringMatching(/^end \/1 0 200 {2}\d+$/),
      expect.stringMatching(/^end \/2 0 204 {2}\d+$/),
    ]);
  });

  it('may add fields, which the server gets', () => {
    listen('request', (exchange) => exchange.addField('X-Trace', exchange.request.url.pathname));
    const agented = new Agented();
    agented.agent.get('http://a/1');
    expect(agented.server.sent).toBe(
      `GET /1 HTTP/1.1\r\nHost: a\r\n${DEFAULTS}X-Trace: /1\r\n\r\n`,
    );
    agented.server.answer(REDIRECT);
    expect(agented.server.sent).toBe(
      `GET /2 HTTP/1.1\r\nHost: a\r\n${DEFAULTS}X-Trace: /2\r\n\r\n`,
    );
  });

  it('are called in the context of the caller, also later', () => {
    const storage = new AsyncLocalStorage<string>();
    const contexts: unknown[] = [];
    for (const name of CHANNELS) listen(name, () => contexts.push(storage.getStore()));
    const agented = new Agented();
    for (const name of ['A', undefined]) {
      const call = storage.run(name as string, () => agented.agent.get('http://a/').drain());
      storage.run('another', () => {
        agented.server.answer(REDIRECT);
        agented.server.answer(response(''));
      });
      successResultOf(call);
    }
    const expected = [...Array<string>(6).fill('A'), ...Array<undefined>(6).fill(undefined)];
    expect(contexts).toEqual(expected);
  });

  it('leave requests as they are without subscribers', () => {
    const agented = new Agented();
    agented.agent.get('http://a/');
    expect(agented.server.sent).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`);
  });
});

describe('metrics of an agent', () => {
  it('count requests by outcome, and show connections', () => {
    const registry = new MetricsRegistry();
    const [agented, other] = [new Agented({ maxConnectionsPerOrigin: 1 }), new Agented()];
    const remove = addAgent(registry, agented.agent, 'crawler');
    cleanUp.push(addAgent(registry, other.agent, 'other'));
    const text = agented.agent.request('http://a/', { method: 'BREW' }).text();
    agented.server.answer(response('x'));
    successResultOf(text);
    for (const status of [204, 404]) {
      agented.agent.get('http://a/');
      agented.server.answer(
        `HTTP/1.1 ${status} X\r\n${status === 404 ? 'Content-Length: 0\r\n' : ''}\r\n`,
      );
    }
    const [lost, waiting] = [agented.agent.get('http://a/'), agented.agent.get('http://a/')];
    const now = prometheusText(registry);
    expect(now).toContain('ropewalk_http_client_connections{agent="crawler",state="busy"} 1\n');
    expect(now).toContain('ropewalk_http_client_queued_requests{agent="crawler"} 1\n');
    drop(waiting);
    // The connection was used before, so the pool repeats the request.
    agented.server.reset();
    agented.server.reset();
    failureResultOf(lost);
    const after = prometheusText(registry);
    for (const line of [
      'requests_total{agent="crawler",method="other",status="2xx"} 1',
      'requests_total{agent="crawler",method="GET",status="2xx"} 1',
      'requests_total{agent="crawler",method="GET",status="4xx"} 1',
      'requests_total{agent="crawler",method="GET",status="failed"} 2',
      'request_duration_seconds_count{agent="crawler"} 5',
      'head_duration_seconds_count{agent="crawler"} 3',
      'connections{agent="crawler",state="idle"} 0',
      'http2_connections{agent="crawler"} 0',
      'streams{agent="crawler"} 0',
      'connections{agent="other",state="connecting"} 0',
      'request_duration_seconds_count{agent="other"} 0',
    ]) {
      expect(after).toContain(`ropewalk_http_client_${line}\n`);
    }
    remove();
    drop(agented.agent.get('http://a/'));
    expect(prometheusText(registry)).toContain('request_duration_seconds_count{agent="crawler"} 5');
    expect(prometheusText(registry)).not.toContain('connections{agent="crawler"');
  });

  it('refuse what is no agent', () => {
    expect(() => addAgent(new MetricsRegistry(), {} as never, 'x')).toThrow(TypeError);
  });
});

describe('spans of agents', () => {
  function traced(
    options: TraceAgentsOptions = {},
    settings: AgentOptions = {},
  ): { readonly agented: Agented; readonly tracer: api.Tracer; spans(): ReadableSpan[] } {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new InMemorySpanExporter();
    const processor = new SimpleSpanProcessor(exporter);
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const stop = traceAgents(tracer as never, options);
    cleanUp.push(stop, () => api.context.disable());
    return { agented: new Agented(settings), tracer, spans: () => exporter.getFinishedSpans() };
  }

  it('have the attributes of the conventions, and servers continue their trace', () => {
    const { agented, tracer, spans } = traced();
    const parent = tracer.startSpan('parent');
    const call = api.context.with(api.trace.setSpan(api.context.active(), parent), () =>
      agented.agent.get('http://a:81/1?token=hunter2'),
    );
    const server = agented.at('http://a:81');
    const first = server.last.sent;
    server.last.answer('HTTP/1.1 302 F\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n');
    const second = server.last.sent;
    server.last.answer('HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n');
    successResultOf(call);
    const [redirected, found] = spans();
    expect(redirected).toMatchObject({
      name: 'GET',
      kind: api.SpanKind.CLIENT,
      parentSpanContext: { spanId: parent.spanContext().spanId },
      attributes: {
        'http.request.method': 'GET',
        'url.full': 'http://a:81/1',
        'server.address': 'a',
        'server.port': 81,
        'http.response.status_code': 302,
        'network.protocol.version': '1.1',
      },
      status: { code: api.SpanStatusCode.UNSET },
    });
    expect(found).toMatchObject({
      parentSpanContext: { spanId: parent.spanContext().spanId },
      attributes: { 'http.request.resend_count': 1, 'error.type': '404' },
      status: { code: api.SpanStatusCode.ERROR },
    });
    for (const [text, span] of [
      [first, redirected],
      [second, found],
    ] as const) {
      const { traceId, spanId } = (span as ReadableSpan).spanContext();
      expect(text).toContain(`\r\ntraceparent: 00-${traceId}-${spanId}-01\r\n`);
      expect(traceId).toBe(parent.spanContext().traceId);
    }
    expect(JSON.stringify(spans().map(({ attributes }) => attributes))).not.toContain('hunter2');
  });

  it('have the code of an error', () => {
    const { agented, spans } = traced();
    const call = agented.agent.get('http://a/');
    agented.server.reset();
    failureResultOf(call);
    expect(spans()[0]).toMatchObject({
      attributes: { 'error.type': 'ERR_NO_HTTP_RESPONSE' },
      status: { code: api.SpanStatusCode.ERROR },
    });
  });

  it('are shown to the servers that propagateTo names, unless the request names a trace', () => {
    const { agented } = traced({ propagateTo: ({ hostname }) => hostname === 'a' });
    agented.agent.get('http://b/');
    expect(agented.at('http://b').last.sent).not.toContain('traceparent');
    agented.agent.get('http://a/', { fields: { Traceparent: 'mine' } });
    expect(agented.server.sent.match(/traceparent/gi)).toHaveLength(1);
  });
});

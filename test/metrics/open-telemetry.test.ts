/** Spans and metrics with the SDK of OpenTelemetry. */
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serverFromString } from '../../src/endpoints/from-string.js';
import { type HTTPHandler, serveHttp } from '../../src/http/index.js';
import { createReactor } from '../../src/index.js';
import {
  exportToMeter,
  MetricsRegistry,
  parseTraceParent,
  type TraceRequestsOptions,
  traceConnections,
  traceRequests,
} from '../../src/metrics/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { RawPeer } from '../support/raw-peer.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;

beforeAll(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => api.context.disable());

/** A server with traced requests. `ask` sends a request over a connection of its own. */
async function traced(
  handler: HTTPHandler,
  use: (server: {
    port: number;
    ask(head: string): Promise<string>;
    spans(count: number): Promise<ReadableSpan[]>;
    tracer: api.Tracer;
  }) => Promise<void>,
  options: TraceRequestsOptions = {},
): Promise<void> {
  await using reactor = createReactor();
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  const tracedHandling = traceRequests(tracer as never, api as never, handler, options);
  const endpoint = serverFromString(reactor, 'tcp:0:interface=127.0.0.1');
  await using server = await serveHttp(reactor, endpoint, tracedHandling.handler, {
    accessLog: tracedHandling.accessLog,
  });
  const { port } = server.getHost() as { port: number };
  await use({
    port,
    tracer,
    ask: async (head) => {
      await using peer = await RawPeer.connect(port);
      peer.write(`${head}Connection: close\r\n\r\n`);
      await peer.until(() => peer.ended || peer.closed, 'the answer');
      return peer.text;
    },
    spans: async (count) => {
      await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(count));
      return exporter.getFinishedSpans();
    },
  });
  await provider.shutdown();
}

const get = (fields: string): string => `GET /a/b?token=hunter2 HTTP/1.1\r\nHost: h\r\n${fields}`;

describe('spans of requests', () => {
  it('begin with the request, continue its trace, and are the parents of the spans of the handler', async () => {
    let activeTracer: api.Tracer | undefined;
    const handler: HTTPHandler = async (_request, response) => {
      await Promise.resolve();
      activeTracer?.startSpan('query').end();
      response.send('hello');
    };
    await traced(handler, async ({ ask, spans, tracer }) => {
      activeTracer = tracer;
      await ask(get(`traceparent: ${TRACEPARENT}\r\ntracestate: a=1,b=2\r\nUser-Agent: test\r\n`));
      const [query, request] = await spans(2);
      expect(request?.spanContext().traceId).toBe(TRACE);
      expect(request?.spanContext().traceState?.serialize()).toBe('a=1,b=2');
      expect(request?.parentSpanContext).toMatchObject({ spanId: PARENT, isRemote: true });
      expect(query?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
      expect(request).toMatchObject({
        name: 'GET',
        kind: api.SpanKind.SERVER,
        status: { code: api.SpanStatusCode.UNSET },
        attributes: {
          'http.request.method': 'GET',
          'url.path': '/a/b',
          'http.response.status_code': 200,
          'http.response.body.size': 5,
          'network.protocol.version': '1.1',
          'server.address': 'h',
          'client.address': '127.0.0.1',
          'user_agent.original': 'test',
        },
      });
      expect(JSON.stringify(request?.attributes)).not.toContain('hunter2');
    });
  });

  it('begin a trace if the fields of the request are invalid or too long', async () => {
    await traced(
      (_request, response) => response.send(),
      async ({ ask, spans }) => {
        await ask(get(''));
        await ask(get(`traceparent: ${TRACEPARENT}\r\ntraceparent: ${TRACEPARENT}\r\n`));
        await ask(get(`traceparent: ff-${TRACE}-${PARENT}-01\r\n`));
        await ask(get(`traceparent: ${TRACEPARENT}\r\ntracestate: a=${'1'.repeat(600)}\r\n`));
        const many = Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',');
        await ask(get(`traceparent: ${TRACEPARENT}\r\ntracestate: ${many}\r\n`));
        const all = await spans(5);
        for (const span of all.slice(0, 3)) expect(span.parentSpanContext).toBeUndefined();
        for (const span of all.slice(3)) {
          expect(span.spanContext().traceId).toBe(TRACE);
          expect(span.spanContext().traceState?.serialize() ?? '').toBe('');
        }
      },
    );
  });

  it.each(['link', 'ignore'] as const)(
    'do not continue the traces of clients: %s',
    async (incoming) => {
      await traced(
        (_request, response) => response.send(),
        async ({ ask, spans }) => {
          await ask(get(`traceparent: ${TRACEPARENT}\r\n`));
          const [span] = await spans(1);
          expect(span?.spanContext().traceId).not.toBe(TRACE);
          expect(span?.parentSpanContext).toBeUndefined();
          expect(span?.links.map(({ context }) => context.spanId)).toEqual(
            incoming === 'link' ? [PARENT] : [],
          );
        },
        { incoming },
      );
    },
  );

  it('fail with the request, and exist for those that cannot be read', async () => {
    const records: number[] = [];
    await traced(
      (request) => {
        if (request.path === '/a/b') throw new Error('broken');
      },
      async ({ ask, spans }) => {
        await ask(get(''));
        await ask('BREW / HTTP/9.9\r\n');
        const all = await spans(2);
        expect(flushLoggedErrors()).toMatchObject([{ error: { message: 'broken' } }]);
        expect(all.map(({ name, status }) => [name, status.code])).toEqual([
          ['GET', api.SpanStatusCode.ERROR],
          ['HTTP', expect.any(Number)],
        ]);
        expect(all[0]?.attributes).toMatchObject({ 'http.response.status_code': 500 });
        expect(records).toHaveLength(2);
      },
      { accessLog: ({ status }) => records.push(status ?? 0) },
    );
  });

  it('limit what clients choose: methods and long texts', async () => {
    await traced(
      (_request, response) => response.send(),
      async ({ ask, spans }) => {
        await ask(`BREW /${'x'.repeat(3_000)} HTTP/1.1\r\nHost: h\r\n`);
        const [span] = await spans(1);
        expect(span?.name).toBe('HTTP');
        expect(span?.attributes).toMatchObject({
          'http.request.method': '_OTHER',
          'http.request.method_original': 'BREW',
          'url.path': `/${'x'.repeat(1_023)}`,
        });
      },
    );
  });

  it('refuse wrong arguments', () => {
    const tracer = api.trace.getTracer('test') as never;
    expect(() => traceRequests({} as never, api as never, () => {})).toThrow(/tracer.startSpan/);
    expect(() => traceRequests(tracer, {} as never, () => {})).toThrow(/api.context.with/);
    expect(() => traceRequests(tracer, api as never, 5 as never)).toThrow(/handler/);
    const options = { incoming: 'all' } as never;
    expect(() => traceRequests(tracer, api as never, () => {}, options)).toThrow(/incoming/);
  });
});

describe('parseTraceParent', () => {
  it.each([
    [TRACEPARENT, 1],
    [`00-${TRACE}-${PARENT}-00`, 0],
    [`00-${TRACE}-${PARENT}-ff`, 1],
    [`cc-${TRACE}-${PARENT}-01-later`, 1],
  ])('accepts %s', (text, traceFlags) => {
    expect(parseTraceParent(text)).toEqual({ traceId: TRACE, spanId: PARENT, traceFlags });
  });

  it.each([
    '',
    `00-${TRACE}-${PARENT}-01-later`,
    `cc-${TRACE}-${PARENT}-01later`,
    `cc-${TRACE}-${PARENT}-01-${'x'.repeat(300)}`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${PARENT}-1`,
    ` ${TRACEPARENT}`,
    `${TRACEPARENT}, ${TRACEPARENT}`,
    `${TRACEPARENT}\n`,
  ])('refuses %j', (text) => {
    expect(parseTraceParent(text)).toBeUndefined();
  });
});

describe('spans of connections', () => {
  it('have both addresses and end with the connection', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const stop = traceConnections(provider.getTracer('test') as never);
    await using reactor = createReactor();
    const port = reactor.listenTCP(0, () => ({}), { interface: '127.0.0.1' });
    await (await RawPeer.connect(port.getHost().port))[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(1));
    stop();
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ name: 'connection', kind: api.SpanKind.SERVER });
    expect(span?.attributes['network.local.address']).toContain(String(port.getHost().port));
    await provider.shutdown();
  });
});

describe('a meter of the SDK', () => {
  it('reads counters, gauges and histograms', async () => {
    const metrics = new MetricsRegistry();
    metrics.counter('joins_total', 'Joins.', ['room']).add(2, { room: 'a' });
    metrics.gauge('users', 'Users.').set(3);
    metrics.histogram('size_bytes', 'Sizes.', [], [1, 10]).record(5);
    const reader = new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
      exportIntervalMillis: 1_000_000,
    });
    const provider = new MeterProvider({ readers: [reader] });
    exportToMeter(metrics, provider.getMeter('test') as never);
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    const points = resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) =>
      all.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => [descriptor.name, attributes, value]),
      ),
    );
    expect(points).toEqual([
      ['joins_total', { room: 'a' }, 2],
      ['size_bytes_bucket', { le: '1' }, 0],
      ['size_bytes_bucket', { le: '10' }, 1],
      ['size_bytes_bucket', { le: '+Inf' }, 1],
      ['size_bytes_sum', {}, 5],
      ['size_bytes_count', {}, 1],
      ['users', {}, 3],
    ]);
    await provider.shutdown();
  });
});

/** Metrics and spans by the API of OpenTelemetry, which is no dependency: its meter and tracer are arguments. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { SocketTransport } from '../core/transport.js';
import { checkFunction } from '../internal/check.js';
import { seriesOf } from './prometheus.js';
import type { MetricsRegistry } from './registry.js';

interface BatchResult {
  observe(instrument: never, value: number, attributes?: object): void;
}

/** The part of a meter that is used. */
export interface OpenTelemetryMeter {
  createObservableCounter(name: string, options: { description: string }): object;
  createObservableGauge(name: string, options: { description: string }): object;
  addBatchObservableCallback(callback: (result: never) => void, instruments: never[]): void;
}

/**
 * Makes instruments of a meter that read our metrics: those that exist at the time of this call. The API has no histograms that are read, so each of ours
 * becomes counters with the ends `_bucket` (attribute `le`), `_sum` and `_count`, as in the format of Prometheus.
 *
 * @throws InvalidArgumentTypeError
 */
export function exportToMeter(registry: MetricsRegistry, meter: OpenTelemetryMeter): void {
  checkFunction(
    'meter.addBatchObservableCallback',
    (meter as Partial<OpenTelemetryMeter> | null)?.addBatchObservableCallback,
  );
  const instruments = new Map<string, object>();
  for (const family of registry.collect()) {
    const description = family.help;
    const ends = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const end of ends) {
      const name = `${family.name}${end}`;
      const instrument =
        family.type === 'gauge'
          ? meter.createObservableGauge(name, { description })
          : meter.createObservableCounter(name, { description });
      instruments.set(name, instrument);
    }
  }
  const read = (result: BatchResult): void => {
    for (const family of registry.collect()) {
      for (const { suffix, labels, value } of seriesOf(family)) {
        const instrument = instruments.get(`${family.name}${suffix}`);
        if (instrument !== undefined) result.observe(instrument as never, value, labels);
      }
    }
  };
  meter.addBatchObservableCallback(read as never, [...instruments.values()] as never[]);
}

interface Span {
  setStatus(status: { code: number; message?: string }): unknown;
  end(time?: number): void;
}

/** The part of a tracer that is used. */
export interface OpenTelemetryTracer {
  startSpan(
    name: string,
    options: {
      kind: number;
      startTime?: number;
      attributes: Record<string, string | number>;
      links?: never[];
    },
    context?: never,
  ): object;
}

/** Of the API's SpanKind and SpanStatusCode. */
export const SPAN_SERVER = 1;
export const SPAN_CLIENT = 2;
export const SPAN_ERROR = 2;

type TracedTransport = Pick<SocketTransport, 'getHost' | 'getPeer'>;

/**
 * Makes a span of each connection in this thread: `connection`, with the addresses of both ends, from when it is made until it ends. The reason
 * is the status, unless it ended cleanly.
 *
 * @returns A function that ends this.
 * @throws InvalidArgumentTypeError
 */
export function traceConnections(tracer: OpenTelemetryTracer): () => void {
  checkTracer(tracer);
  // By transport, and by the address of the peer, which the transport of TLS takes over from the one that it replaces.
  const spans = new WeakMap<object, Span>();
  const begin = (kind: number) => (message: unknown) => {
    const { socket } = message as { socket: TracedTransport };
    // Node publishes its own sockets to the same channels.
    if (typeof socket.getPeer !== 'function') return;
    const attributes = {
      'network.peer.address': String(socket.getPeer()),
      'network.local.address': String(socket.getHost()),
    };
    const span = tracer.startSpan('connection', { kind, attributes }) as Span;
    spans.set(socket, span);
    spans.set(socket.getPeer(), span);
  };
  const end = (message: unknown): void => {
    const { transport, reason } = message as { transport: TracedTransport; reason: Error };
    const span = spans.get(transport) ?? spans.get(transport.getPeer());
    const { code } = reason as { code?: unknown };
    if (code !== 'ERR_CONNECTION_DONE')
      span?.setStatus({ code: SPAN_ERROR, message: String(code ?? reason) });
    span?.end();
    spans.delete(transport);
    spans.delete(transport.getPeer());
  };
  const channels = [
    ['net.server.socket', begin(SPAN_SERVER)],
    ['net.client.socket', begin(SPAN_CLIENT)],
    ['ropewalk.connection.lost', end],
  ] as const;
  for (const [name, listener] of channels) subscribe(name, listener);
  return () => {
    for (const [name, listener] of channels) unsubscribe(name, listener);
  };
}

/** @internal @throws InvalidArgumentTypeError */
export function checkTracer(tracer: OpenTelemetryTracer): void {
  checkFunction('tracer.startSpan', (tracer as Partial<OpenTelemetryTracer> | null)?.startSpan);
}

/** A span of OpenTelemetry for each request of HTTP agents. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  checkTracer,
  type OpenTelemetryTracer,
  SPAN_CLIENT,
  SPAN_ERROR,
} from './open-telemetry.js';
import { type Attributes, methodAttributes, spanName, textAttributes } from './span-attributes.js';
import { traceParentText } from './trace-context.js';

export interface TraceAgentsOptions {
  /**
   * Whether a server learns of the trace, by the fields `traceparent` and `tracestate`. Default: each does. Servers of others learn nothing but
   * that two requests belong together.
   */
  readonly propagateTo?: (url: URL) => boolean;
}

const OPTIONS: OptionNames<TraceAgentsOptions> = { propagateTo: true };

interface ClientSpan {
  spanContext(): {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
    readonly traceState?: { serialize(): string } | undefined;
  };
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

/** The part of a message of the agents' channels that is used. */
interface Exchange {
  readonly request: {
    readonly method: string;
    readonly url: URL;
    readonly fields: readonly (readonly [name: string, value: string])[];
  };
  readonly resends: number;
  readonly response: { readonly status: number; readonly version: string } | undefined;
  readonly error: unknown;
  addField(name: string, value: string): void;
}

/**
 * Makes a span of each request of the agents in this thread, each redirection and retry included, from when it is sent to the end of its
 * response, with the attributes of OpenTelemetry's conventions. Its parent is the active span of the caller. The query of the URL is not
 * shown, because it may contain secrets.
 *
 * @returns A function that ends this.
 * @throws InvalidArgumentTypeError, UnknownOptionError
 * @example const stop = traceAgents(api.trace.getTracer('shop'), { propagateTo: ({ hostname }) => hostname.endsWith('.internal') });
 */
export function traceAgents(
  tracer: OpenTelemetryTracer,
  options: TraceAgentsOptions = {},
): () => void {
  checkTracer(tracer);
  checkOptions('traceAgents', options, OPTIONS);
  const { propagateTo = () => true } = options;
  checkFunction('propagateTo', propagateTo);
  const spans = new WeakMap<object, ClientSpan>();
  const begin = (message: unknown): void => {
    const exchange = message as Exchange;
    const span = tracer.startSpan(spanName(exchange.request.method), {
      kind: SPAN_CLIENT,
      attributes: requestAttributes(exchange),
    }) as ClientSpan;
    spans.set(exchange, span);
    if (propagateTo(exchange.request.url)) propagate(exchange, span);
  };
  const end = (message: unknown): void => {
    const span = spans.get(message as object);
    if (span === undefined) return;
    spans.delete(message as object);
    const { response, error } = message as Exchange;
    span.setAttributes(endAttributes(response, error));
    if (error !== undefined || (response?.status ?? 0) >= 400) {
      span.setStatus({ code: SPAN_ERROR });
    }
    span.end();
  };
  subscribe('ropewalk.http.client.request', begin);
  subscribe('ropewalk.http.client.end', end);
  return () => {
    unsubscribe('ropewalk.http.client.request', begin);
    unsubscribe('ropewalk.http.client.end', end);
  };
}

/** A request that names a trace already is left as it is. */
function propagate(exchange: Exchange, span: ClientSpan): void {
  if (exchange.request.fields.some(([name]) => /^traceparent$/i.test(name))) return;
  const context = span.spanContext();
  const text = traceParentText(context);
  if (text === undefined) return;
  exchange.addField('traceparent', text);
  const state = context.traceState?.serialize() ?? '';
  if (state !== '') exchange.addField('tracestate', state);
}

function requestAttributes({ request, resends }: Exchange): Attributes {
  const { origin, hostname, port, protocol, pathname } = request.url;
  return textAttributes({
    ...methodAttributes(request.method),
    'url.full': origin + pathname,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'http.request.resend_count': resends === 0 ? undefined : resends,
  });
}

function endAttributes(response: Exchange['response'], error: unknown): Attributes {
  const status = response?.status;
  const { code } = (error ?? {}) as { code?: unknown };
  const failed = typeof code === 'string' ? code : '_OTHER';
  const isRefused = status !== undefined && status >= 400;
  return textAttributes({
    'http.response.status_code': status,
    'network.protocol.version': response?.version.replace(/^([2-9])\.0$/, '$1'),
    'error.type': error === undefined ? (isRefused ? String(status) : undefined) : failed,
  });
}

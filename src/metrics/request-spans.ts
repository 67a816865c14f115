/** A span of OpenTelemetry for each request of an HTTP server. */
import type { AccessRecord } from '../http/access-log.js';
import { checkChoice, checkFunction } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  checkTracer,
  type OpenTelemetryTracer,
  SPAN_ERROR,
  SPAN_SERVER,
} from './open-telemetry.js';
import { type Attributes, methodAttributes, spanName, textAttributes } from './span-attributes.js';
import { limitedTraceState, parseTraceParent, type TraceParent } from './trace-context.js';

/** The part of the module `@opentelemetry/api` that is used: `import * as api from '@opentelemetry/api'`. */
export interface OpenTelemetryAPI {
  readonly ROOT_CONTEXT: unknown;
  readonly context: {
    active(): unknown;
    with(context: never, callback: () => unknown): unknown;
  };
  readonly trace: {
    setSpan(context: never, span: never): unknown;
    setSpanContext(context: never, spanContext: never): unknown;
  };
  createTraceState(text?: string): unknown;
}

/** The part of a request that is used. */
export interface TracedRequest {
  readonly method: string;
  readonly path: string;
  field(name: string): string | undefined;
}

export interface TraceRequestsOptions {
  /**
   * The trace that a request names (`traceparent`, `tracestate`): the span continues it, is linked to it in a trace of its own, or ignores
   * it. Clients choose these fields, so use `link` or `ignore` for servers that anybody can reach. Default `continue`.
   */
  readonly incoming?: 'continue' | 'link' | 'ignore';
  /** Receives the records too. */
  readonly accessLog?: (record: AccessRecord) => void;
}

const OPTIONS: OptionNames<TraceRequestsOptions> = { incoming: true, accessLog: true };

/** The arguments of `serveHttp` that trace its requests. */
export interface TracedHandling<Request, Response> {
  readonly handler: (request: Request, response: Response) => unknown;
  readonly accessLog: (record: AccessRecord, request?: object) => void;
}

interface RequestSpan {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(time?: number): void;
}

/**
 * Makes a span of each request, from the call of the handler to the end of the answer, with the attributes of OpenTelemetry's conventions.
 * It is the active span while the handler runs, so that spans of the handler are its children. Requests that could not be read
 * have a span at their end.
 *
 * @param api The module `@opentelemetry/api`.
 * @returns Pass both results to `serveHttp`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 * @example
 * const { handler, accessLog } = traceRequests(api.trace.getTracer('shop'), api, shop);
 * await serveHttp(reactor, endpoint, handler, { accessLog });
 */
export function traceRequests<Request extends TracedRequest, Response>(
  tracer: OpenTelemetryTracer,
  api: OpenTelemetryAPI,
  handler: (request: Request, response: Response) => unknown,
  options: TraceRequestsOptions = {},
): TracedHandling<Request, Response> {
  checkTracer(tracer);
  checkFunction('api.context.with', (api as Partial<OpenTelemetryAPI> | null)?.context?.with);
  checkFunction('handler', handler);
  checkOptions('traceRequests', options, OPTIONS);
  const { incoming = 'continue', accessLog } = options;
  if (accessLog !== undefined) checkFunction('accessLog', accessLog);
  const spans = new RequestSpans(
    tracer,
    api,
    checkChoice('incoming', incoming, ['continue', 'link', 'ignore']),
  );
  return {
    handler: (request, response) => {
      const context = spans.begin(request);
      return api.context.with(context as never, () => handler(request, response));
    },
    accessLog: (record, request) => {
      spans.end(record, request);
      accessLog?.(record);
    },
  };
}

class RequestSpans {
  readonly #tracer: OpenTelemetryTracer;
  readonly #api: OpenTelemetryAPI;
  readonly #incoming: 'continue' | 'link' | 'ignore';
  readonly #open = new WeakMap<object, RequestSpan>();

  constructor(
    tracer: OpenTelemetryTracer,
    api: OpenTelemetryAPI,
    incoming: 'continue' | 'link' | 'ignore',
  ) {
    this.#tracer = tracer;
    this.#api = api;
    this.#incoming = incoming;
  }

  /** @returns The context of the handler. */
  begin(request: TracedRequest): unknown {
    const { trace, context, ROOT_CONTEXT } = this.#api;
    const attributes = textAttributes({
      ...methodAttributes(request.method),
      'url.path': request.path,
    });
    const remote = this.#remote(request);
    const continued =
      remote !== undefined && this.#incoming === 'continue'
        ? trace.setSpanContext(ROOT_CONTEXT as never, remote as never)
        : ROOT_CONTEXT;
    const links = remote !== undefined && this.#incoming === 'link' ? [{ context: remote }] : [];
    const span = this.#tracer.startSpan(
      spanName(request.method),
      { kind: SPAN_SERVER, attributes, links: links as never[] },
      continued as never,
    ) as RequestSpan;
    this.#open.set(request, span);
    return trace.setSpan(context.active() as never, span as never);
  }

  end(record: AccessRecord, request: object | undefined): void {
    const { status, timeMs, durationMs = 0, aborted } = record;
    let span = request === undefined ? undefined : this.#open.get(request);
    if (request !== undefined) this.#open.delete(request);
    const isOpen = span !== undefined;
    span ??= this.#tracer.startSpan(spanName(record.method), {
      kind: SPAN_SERVER,
      startTime: timeMs,
      attributes: textAttributes({
        ...methodAttributes(record.method),
        // A query may contain secrets.
        'url.path': record.target?.split('?', 1)[0],
      }),
    }) as RequestSpan;
    span.setAttributes(endAttributes(record));
    if (aborted || (status ?? 500) >= 500) span.setStatus({ code: SPAN_ERROR });
    span.end(isOpen ? undefined : timeMs + durationMs);
  }

  #remote(request: TracedRequest): (TraceParent & { isRemote: true }) | undefined {
    if (this.#incoming === 'ignore') return undefined;
    const parent = parseTraceParent(request.field('traceparent'));
    if (parent === undefined) return undefined;
    const state = limitedTraceState(request.field('tracestate'));
    if (state === undefined) return { ...parent, isRemote: true };
    const traceState = this.#api.createTraceState(state);
    return { ...parent, isRemote: true, ...{ traceState } };
  }
}

function endAttributes(record: AccessRecord): Attributes {
  return textAttributes({
    'http.response.status_code': record.status,
    'http.response.body.size': record.bytes,
    'network.protocol.version': record.version,
    'server.address': record.host,
    'client.address': record.remoteAddress,
    'user_agent.original': record.userAgent,
  });
}

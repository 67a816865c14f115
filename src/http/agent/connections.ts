/**
 * The last layer of an agent: gives each request to a connection of its origin. A protocol that carries requests in another way takes its
 * place in {@link AgentConnections.send}, and answers with an {@link AgentResponse}; the layers above do not know which one it was.
 */
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { FieldBlock } from '../../protocols/http/field-block.js';
import type { TLSClientContext } from '../../tls/client-context.js';
import { ClientCall } from '../client/client-call.js';
import type { ContentPieces, HTTPClientRequest } from '../client/client-request.js';
import type { HTTPConnectionPool } from '../client/connection-pool.js';
import type { HTTP2Choice, HTTPOrigin } from '../client/connection-source.js';
import { leavePieces } from '../client/left-pieces.js';
import { httpOrigin } from '../client/origin.js';
import type { AgentRequest } from './agent-request.js';
import { AgentResponse } from './agent-response.js';
import { type FieldList, fieldOf, withoutFields } from './field-list.js';
import { type ProxyRoute, ProxyRoutes, type ProxySettings } from './proxies.js';

/** Chooses where to connect for a URL, of which only scheme, host and port count. TLS is added for `https:`. */
export type EndpointChoice = (url: URL) => StreamClientEndpoint | undefined;

export interface ConnectionSettings extends ProxySettings {
  readonly tls: TLSClientContext | undefined;
  readonly endpointFor: EndpointChoice | undefined;
  readonly maxOrigins: number;
  readonly http2: HTTP2Choice | undefined;
}

/** An origin with the fields of the last request, serialized: they are often the same list. */
interface KnownOrigin extends HTTPOrigin {
  readonly route: ProxyRoute | undefined;
  /** Whether the agent has proxies, and uses none for this origin: it must not see fields that are for them. */
  readonly bypassesProxies: boolean;
  list: FieldList | undefined;
  block: FieldBlock | undefined;
}

export class AgentConnections {
  readonly pool: HTTPConnectionPool;
  readonly #reactor: Clock & ReactorTCP;
  readonly #settings: ConnectionSettings;
  readonly #routes: ProxyRoutes | undefined;
  /** By scheme, host and port, and the proxy; the one that was made first is the first. */
  readonly #origins: Map<string, KnownOrigin> = new Map();

  constructor(reactor: Clock & ReactorTCP, pool: HTTPConnectionPool, settings: ConnectionSettings) {
    this.#reactor = reactor;
    this.pool = pool;
    this.#settings = settings;
    const { proxy } = settings;
    this.#routes =
      proxy === undefined ? undefined : new ProxyRoutes(reactor, { ...settings, proxy });
  }

  send(request: AgentRequest): Deferred<AgentResponse> {
    const origin = this.#originOf(request.url);
    const spentMs = this.#reactor.now() - request.startedMs;
    return sendOver(this.pool, origin, request, spentMs);
  }

  #originOf(url: URL): KnownOrigin {
    const route = this.#routes?.routeOf(url);
    const key = route === undefined ? url.origin : route.keyOf(url);
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const { tls, endpointFor, maxOrigins, http2 } = this.#settings;
    const endpoint = route === undefined ? endpointFor?.(url) : route.endpointFor(url);
    if (endpoint !== undefined) checkClientEndpoint(endpoint);
    const made = httpOrigin(this.#reactor, url.origin, {
      ...(endpoint === undefined ? {} : { endpoint }),
      // A proxy that gets the whole URL reads HTTP/1.1.
      ...(http2 === undefined || (route?.targetPrefixOf(url) ?? '') !== '' ? {} : { http2 }),
      ...(tls === undefined || url.protocol === 'http:' ? {} : { tls }),
    });
    const bypassesProxies = this.#routes !== undefined && route === undefined;
    const own = { route, bypassesProxies, list: undefined, block: undefined };
    const origin: KnownOrigin = { ...made, ...own };
    const [oldest] = this.#origins.keys();
    if (this.#origins.size >= maxOrigins && oldest !== undefined) this.#origins.delete(oldest);
    this.#origins.set(key, origin);
    return origin;
  }
}

/** Sends a request over a connection by HTTP/1.1 that it shares with no other. */
export function sendAlone(
  pool: HTTPConnectionPool,
  { endpoint, authority }: HTTPOrigin,
  request: AgentRequest,
  spentMs: number,
): Deferred<AgentResponse> {
  const own = { route: undefined, bypassesProxies: false, list: undefined, block: undefined };
  const origin: KnownOrigin = { endpoint, authority, ...own };
  return sendOver(pool, origin, request, spentMs);
}

function sendOver(
  pool: HTTPConnectionPool,
  origin: KnownOrigin,
  request: AgentRequest,
  spentMs: number,
): Deferred<AgentResponse> {
  return callOf(pool, request, origin)
    .start(spentMs)
    .addCallback((response) => new AgentResponse(request.url.href, response, response));
}

/** Pieces that were begun for a request that cannot be sent are left. */
function callOf(pool: HTTPConnectionPool, request: AgentRequest, origin: KnownOrigin): ClientCall {
  const prepared = clientRequest(request, origin);
  try {
    return new ClientCall(pool, origin, prepared);
  } catch (error) {
    if (typeof request.content === 'function') {
      leavePieces(prepared.content as ContentPieces, undefined);
    }
    throw error;
  }
}

function clientRequest(request: AgentRequest, origin: KnownOrigin): HTTPClientRequest {
  const { url, method, content, contentLength, trailers, times } = request;
  const { idempotent, continueTimeoutMs, onInformational, signal } = request;
  const isPlain = continueTimeoutMs === undefined;
  return {
    ...times,
    method,
    target: (origin.route?.targetPrefixOf(url) ?? '') + url.pathname + url.search,
    fields: isPlain ? blockOf(request, origin) : routedFields(request, origin),
    content: typeof content === 'function' ? piecesOf(content()) : (content ?? ''),
    contentLength,
    trailers,
    idempotent,
    continueTimeoutMs,
    onInformational,
    signal,
  } as HTTPClientRequest;
}

function routedFields({ url, fields }: AgentRequest, origin: KnownOrigin): FieldList {
  if (origin.route !== undefined) return origin.route.fieldsOf(url, fields);
  return origin.bypassesProxies ? withoutFields(fields, ['Proxy-Authorization']) : fields;
}

function blockOf(request: AgentRequest, origin: KnownOrigin): FieldBlock {
  const list = request.fields;
  if (origin.block === undefined || origin.list !== list) {
    const fields = routedFields(request, origin);
    const hasHost = fieldOf(fields, 'host') !== undefined;
    origin.block = new FieldBlock(hasHost ? fields : [['Host', origin.authority], ...fields]);
    origin.list = list;
  }
  return origin.block;
}

/** A whole content, which the pool accepts too, would have the length that it should not have here. */
function piecesOf<T>(pieces: T): T {
  if (typeof pieces === 'object' && pieces !== null && !(pieces instanceof Uint8Array)) {
    return pieces;
  }
  throw new InvalidArgumentTypeError('the result of content()', 'an iterable of pieces', pieces);
}

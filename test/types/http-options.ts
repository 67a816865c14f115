/** The options of HTTP, WebSocket, the dashboard and traces. */
import { serveDashboard } from '../../src/dashboard/index.js';
import {
  Agent,
  decodeBody,
  EventStreams,
  HTTPCache,
  HTTPConnectionPool,
  HTTPFactory,
  HTTPTunnelEndpoint,
  httpOrigin,
  MemoryCacheStore,
  partsOf,
  proxyEndpoint,
  serveFetch,
  serveHttp,
  staticFiles,
} from '../../src/http/index.js';
import { HostnameEndpoint, TCPServerEndpoint } from '../../src/index.js';
import { traceAgents, traceRequests } from '../../src/metrics/index.js';
import { ManualClock, MemoryTransport } from '../../src/testing/index.js';
import {
  connectWebSocket,
  serveWebSockets,
  WebSocketAcceptor,
  WebSocketTopics,
} from '../../src/websocket/index.js';
import { and, type Call, memory } from './option-calls.js';

const startSpan = (): object => ({});
const clock = new ManualClock();

const formOf = (text: string): Parameters<typeof partsOf>[0] => ({
  field: () => 'multipart/form-data; boundary=x',
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    yield Buffer.from(text);
  },
});

export const HTTP_CALLS: Readonly<Record<string, readonly Call[]>> = {
  PermessageDeflateOptions: [(o) => new WebSocketAcceptor(clock, { deflate: o })],
  ConnectWebSocketOptions: [
    memory((reactor, o) => connectWebSocket(reactor, 'ws://192.0.2.1/', o)),
  ],
  PublishOptions: [(o) => new WebSocketTopics().publish('topic', 'message', o)],
  ServeWebSocketsOptions: [
    memory((reactor, o) =>
      serveWebSockets(reactor, new TCPServerEndpoint(reactor, 0), () => {}, o),
    ),
  ],
  WebSocketServerOptions: [(o) => new WebSocketAcceptor(clock, o)],
  WebSocketTopicsOptions: [(o) => new WebSocketTopics(o)],
  DrainOptions: [(o) => new HTTPFactory(clock, () => {}).drain(o)],
  HTTPServerOptions: [
    (o) => new HTTPFactory(clock, () => {}, o),
    memory((reactor, o) => serveHttp(reactor, new TCPServerEndpoint(reactor, 0), () => {}, o)),
    memory((reactor, o) =>
      serveFetch(reactor, new TCPServerEndpoint(reactor, 0), () => new Response(), o),
    ),
  ],
  HTTPCacheOptions: [(o) => new HTTPCache(o)],
  MemoryCacheStoreOptions: [(o) => new MemoryCacheStore(o)],
  AgentOptions: [memory((reactor, o) => new Agent(reactor, o))],
  HTTPTunnelOptions: [
    memory((reactor, o) => {
      const proxy = new HostnameEndpoint(reactor, 'p', 1);
      return new HTTPTunnelEndpoint(proxy, 'a', 1, and(o, { clock }));
    }),
  ],
  ProxyEndpointOptions: [memory((reactor, o) => proxyEndpoint(reactor, 'http://p', 'a', 1, o))],
  CookieOptions: [memory((reactor, o) => new Agent(reactor, { cookies: o }))],
  RequestDetails: [memory((reactor, o) => new Agent(reactor).get('http://a', o))],
  AgentCredentials: [memory((reactor, o) => new Agent(reactor).get('http://a', { auth: o }))],
  AgentRequestOptions: [memory((reactor, o) => new Agent(reactor).request('http://a', o))],
  HTTP2ServerOptions: [(http2) => new HTTPFactory(clock, () => {}, { http2 })],
  HTTP2ClientOptions: [(http2Limits) => new HTTPConnectionPool(clock, { http2Limits })],
  HTTPConnectionPoolOptions: [(o) => new HTTPConnectionPool(clock, o)],
  HTTPClientRequest: [
    memory((reactor, o) => {
      const origin = { endpoint: new HostnameEndpoint(reactor, 'a', 1), authority: 'a' };
      return new HTTPConnectionPool(clock).request(origin, o);
    }),
  ],
  HTTPOriginOptions: [memory((reactor, o) => httpOrigin(reactor, 'http://a', o))],
  StaticFilesOptions: [(o) => staticFiles('.', o)],
  CompressionOptions: [(compression) => new HTTPFactory(clock, () => {}, { compression })],
  UrlencodedOptions: [
    (o) => {
      const errors: unknown[] = [];
      const factory = new HTTPFactory(clock, (request) => {
        try {
          void request.form(o);
        } catch (error) {
          errors.push(error);
        }
      });
      const transport = new MemoryTransport();
      transport.connect(factory.buildProtocol());
      transport.receive('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      throw errors[0];
    },
  ],
  DecodeBodyOptions: [(o) => decodeBody([], undefined, o)],
  MultipartOptions: [(o) => partsOf(formOf('--x--'), o)],
  EventStreamsOptions: [(o) => new EventStreams(clock, o)],
  DashboardOptions: [
    memory((reactor, o) => serveDashboard(reactor, new TCPServerEndpoint(reactor, 0), o)),
  ],
  TraceAgentsOptions: [(o) => traceAgents({ startSpan } as never, o)],
  TraceRequestsOptions: [
    (o) =>
      traceRequests(
        { startSpan } as never,
        { context: { with: startSpan } } as never,
        startSpan,
        o,
      ),
  ],
};

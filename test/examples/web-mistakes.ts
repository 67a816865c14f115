/** The mistakes of docs/mistakes.md with HTTP and WebSockets. Each throws, or rejects with the reported error. */
import { fetchHandler, type HTTPHandler, serveHttp } from '../../src/http/index.js';
import { Protocol, TCPServerEndpoint } from '../../src/index.js';
import { flushLoggedErrors, MemoryReactor } from '../../src/testing/index.js';
import {
  connectWebSocket,
  serveWebSockets,
  WebSocketAcceptor,
  WebSocketProtocol,
} from '../../src/websocket/index.js';
import { get, Served } from '../http/served.js';
import { ServedSockets } from '../websocket/served-socket.js';

const reactor = new MemoryReactor();
const endpoint = new TCPServerEndpoint(reactor, 0);
class Chat extends WebSocketProtocol {}

/** Rejects with the error that was reported last. */
function throwReported(): never {
  throw flushLoggedErrors().at(-1)?.error;
}

/** Serves one request, or several. */
async function served(handler: HTTPHandler, requests = 1): Promise<never> {
  for (let i = 0; i < requests; i++) {
    const server = new Served(handler);
    server.transport.receive(get('/'));
    for (let turn = 0; turn < 5; turn++) {
      await server.later();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return throwReported();
}

function session(use: (socket: WebSocketProtocol) => void): never {
  new ServedSockets(use).connect();
  return throwReported();
}

export const WEB_MISTAKES: Readonly<Record<string, () => unknown>> = {
  'A port in place of an endpoint': () => serveHttp(reactor, 8080 as never, () => {}),
  'An option of node:http': () =>
    serveHttp(reactor, endpoint, () => {}, { keepAliveTimeout: 5000 } as never),
  'A handler that returns the answer': () => served(() => 'hello'),
  'A handler that does not wait for its answer': () => served(async () => {}),
  'Two answers to one request': () =>
    served((_request, response) => {
      response.sendStatus(404);
      response.send('text');
    }),
  'An object in place of text': () =>
    served((_request, response) => response.send({ ok: true } as never)),
  'A Response for several requests': () => {
    const page = new Response('hello');
    return served(
      fetchHandler(() => page),
      2,
    );
  },
  'An upgrade that the client did not request': () =>
    new Promise((_resolve, reject) => {
      new Served((request) => {
        try {
          request.upgrade(new Protocol(), 'shout/1');
        } catch (error) {
          reject(error);
          throw error;
        }
      }).receive(get('/'));
    }),
  'An option of ws': () => new WebSocketAcceptor(reactor, { maxPayload: 65536 } as never),
  'A URL of HTTP for a WebSocket': () => connectWebSocket(reactor, 'https://example.com/chat'),
  'An origin with a path': () =>
    serveWebSockets(reactor, endpoint, Chat, { allowedOrigins: ['https://example.com/'] }),
  'One WebSocketProtocol for all connections': () =>
    serveWebSockets(reactor, endpoint, new Chat() as never),
  'An object as a message': () => session((socket) => socket.send({ text: 'hello' } as never)),
  'Messages taken in two ways': () =>
    session((socket) => {
      socket.messageReceived = () => {};
      socket.receive();
    }),
  'Sending before a WebSocket is open': () => new Chat().send('hello'),
};

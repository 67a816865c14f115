/** Mistakes in sessions and arguments. */
import { expect, it } from 'vitest';
import { TCPServerEndpoint } from '../../src/index.js';
import { flushLoggedErrors, ManualClock, MemoryReactor } from '../../src/testing/index.js';
import {
  connectWebSocket,
  serveWebSockets,
  WebSocketAcceptor,
  WebSocketProtocol,
  type WebSocketServerOptions,
  WebSocketTopics,
} from '../../src/websocket/index.js';
import { Recorder } from './recorder.js';
import { ServedSockets } from './served-socket.js';

const reactor = new MemoryReactor();
const endpoint = new TCPServerEndpoint(reactor, 0);
const accepting = (options: object) => () =>
  new WebSocketAcceptor(new ManualClock(), options as WebSocketServerOptions);
const connecting =
  (url: string, options: object = {}) =>
  () =>
    connectWebSocket(reactor, url, options);
const Plain = { Plain: class {} }.Plain;

it.each([
  [accepting({ maxPayload: 5 }), 'WebSockets have the option maxMessageBytes'],
  [accepting({ perMessageDeflate: true }), 'WebSockets have the option deflate'],
  [
    connecting('ws://a/', { headers: {} }),
    'The header fields of requests and responses are fields',
  ],
  [connecting('ws://a/', { handshakeTimeout: 1 }), 'have the option handshakeTimeoutMs'],
  [connecting('http://a/'), 'must be a URL with the scheme ws or wss'],
  [connecting('ws+unix:/a.sock'), 'for UNIX sockets, set the option endpoint'],
  [
    accepting({ deflate: true }),
    'deflate must be an object of options, such as {} for the defaults, not true',
  ],
  [
    () => serveWebSockets(reactor, endpoint, new Recorder() as never),
    'a protocol serves one connection: give the class, Recorder',
  ],
  [
    () => serveWebSockets(reactor, endpoint, Plain as never),
    'it does not extend WebSocketProtocol',
  ],
  [
    () => serveWebSockets(reactor, 8080 as never, Recorder),
    "such as serverFromString(reactor, 'tcp:8080')",
  ],
  [
    () => new WebSocketTopics().publish('a', {} as never),
    'message must be a Uint8Array or a string, not an object (Object): serialize objects, such as by JSON.stringify',
  ],
])('%s', (mistake, message) => {
  expect(mistake).toThrow(message);
});

it.each([
  'example.com',
  'https://example.com/',
  'https://Example.com',
  'https://example.com:443',
  '*',
  5,
])('allowedOrigins cannot contain %s, which matches no origin', (origin) => {
  expect(accepting({ allowedOrigins: ['https://a.example', origin] })).toThrow(
    'each of allowedOrigins must be',
  );
});

it.each([
  'https://a.example',
  'http://a:8080',
  'http://[::1]:8080',
  'null',
  'chrome-extension://abcdef',
])('allowedOrigins may contain %s', (origin) => {
  expect(accepting({ allowedOrigins: [origin] })).not.toThrow();
});

it('shows that a message must be serialized', () => {
  const client = new ServedSockets((socket) => socket.send({ a: 1 } as never)).connect();
  const [reported] = flushLoggedErrors();
  expect(String(reported?.error)).toContain(
    'message must be a Uint8Array or a string, not an object (Object): serialize objects, such as by JSON.stringify',
  );
  expect(client.socket.isOpen).toBe(false);
});

it('leaves a connection open if an asynchronous session has assigned messageReceived', async () => {
  const received: unknown[] = [];
  const client = new ServedSockets(async (socket) => {
    await Promise.resolve();
    socket.messageReceived = (message) => received.push(message);
  }).connect();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  client.sendText('late');
  expect(client.socket.isOpen).toBe(true);
  expect(received).toEqual(['late']);
});

it('cannot subscribe before it is open', () => {
  expect(() => new WebSocketTopics().subscribe('a', new WebSocketProtocol())).toThrow(
    'subscribe is not possible: the WebSocket connection is not open yet',
  );
});

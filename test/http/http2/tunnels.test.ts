/** Streams of the server's HTTP/2 that other protocols take over: tunnels and WebSocket (RFC 8441). */

import { deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { HTTPRequest } from '../../../src/http/index.js';
import { Protocol } from '../../../src/index.js';
import { WebSocketAcceptor, type WebSocketProtocol } from '../../../src/websocket/index.js';
import { Served } from './served.js';

class Echo extends Protocol {
  received = '';
  ended = false;
  reason: Error | undefined;

  override dataReceived(data: Buffer): void {
    this.received += data.toString();
    this.transport.write(data);
  }

  readConnectionLost(): void {
    this.ended = true;
    this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

const SOCKET = { method: 'CONNECT', protocol: 'websocket' } as const;
const HANDSHAKE: [string, string][] = [['sec-websocket-version', '13']];

/** A frame of a client, masked with zeros. */
function frame(opcode: number, payload: Buffer | string, rsv = 0): Buffer {
  const bytes = Buffer.from(payload as string);
  const head = Buffer.from([0x80 | rsv | opcode, 0x80 | bytes.length, 0, 0, 0, 0]);
  return Buffer.concat([head, bytes]);
}

it('gives the stream of an extended CONNECT to a protocol, in both directions', () => {
  const echo = new Echo();
  const served = new Served((request) => request.upgrade(echo, 'echo'));
  const received = served.request('/chat', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  served.settle();
  expect(received.status).toBe(200);
  received.stream.write(Buffer.from('hello'));
  served.advance(1_000);
  expect(received.content).toBe('hello');
  expect(echo.transport.getPeer().toString()).toBe(served.transport.getPeer().toString());
  received.stream.write(Buffer.from(' world'), true);
  served.advance(2_000);
  expect([received.content, received.end]).toEqual(['hello world', 'end']);
  expect(echo.ended).toBe(true);
  expect(echo.reason).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
  expect(served.transport.peerSees).toBe('open');
});

it('keeps bytes that arrive before the handler has decided', async () => {
  const echo = new Echo();
  let decide: (() => void) | undefined;
  const served = new Served(async (request) => {
    await new Promise<void>((resolve) => {
      decide = resolve;
    });
    request.upgrade(echo);
  });
  const received = served.request('/', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  received.stream.write(Buffer.from('early'));
  served.settle();
  decide?.();
  await served.later();
  served.advance(1_000);
  expect(received.content).toBe('early');
});

it('ends the protocol when the client resets the stream, and not the connection', () => {
  const echo = new Echo();
  const served = new Served((request) => request.upgrade(echo));
  const received = served.request('/', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  served.settle();
  received.stream.reset();
  served.advance(1_000);
  expect(echo.reason).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  expect(served.transport.peerSees).toBe('open');
});

it('resets the stream of a protocol that aborts', () => {
  const echo = new Echo();
  const served = new Served((request) => request.upgrade(echo));
  const received = served.request('/', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  served.settle();
  echo.transport.abortConnection();
  served.advance(1_000);
  expect(received.end).toBe(8);
  expect(echo.reason).toMatchObject({ code: 'ERR_CONNECTION_ABORTED' });
});

it('stops the client of a paused protocol, and no other stream', () => {
  const echo = new Echo();
  const served = new Served(
    (request, response) => {
      if (request.path === '/') request.upgrade(echo);
      else response.send('a');
    },
    { http2: { streamWindowBytes: 65_535 } },
  );
  const received = served.request('/', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  served.settle();
  echo.transport.pauseProducing();
  received.stream.write(Buffer.alloc(65_535, 'x'));
  served.advance(1_000);
  expect([echo.received.length, received.stream.sendableBytes]).toEqual([0, 0]);
  expect(served.get('/a').content).toBe('a');
  echo.transport.resumeProducing();
  served.advance(1_000);
  expect(echo.received.length).toBe(65_535);
  expect(received.stream.sendableBytes).toBeGreaterThan(0);
});

it('refuses an upgrade that the request does not ask for', () => {
  const problems: unknown[] = [];
  const served = new Served((request, response) => {
    try {
      request.upgrade(new Echo(), 'other');
    } catch (error) {
      problems.push(error);
      response.send('no');
    }
  });
  expect(served.get('/').content).toBe('no');
  const received = served.request('/', [], undefined, { method: 'CONNECT', protocol: 'echo' });
  served.settle();
  expect([received.status, received.content, received.end]).toEqual([501, '', 'end']);
  expect(problems).toMatchObject([
    { code: 'ERR_HTTP_UPGRADE_REQUIRED' },
    { code: 'ERR_HTTP_UPGRADE_REQUIRED' },
  ]);
});

function serveSockets(
  session: (socket: WebSocketProtocol, request: HTTPRequest) => unknown,
  deflate: boolean,
): Served {
  let acceptor: WebSocketAcceptor | undefined;
  const served: Served = new Served((request, response) => {
    acceptor ??= new WebSocketAcceptor(served.clock, {
      subprotocols: ['chat'],
      ...(deflate ? { deflate: {} } : {}),
    });
    acceptor.accept(request, response, session);
  });
  return served;
}

it('serves WebSocket connections', () => {
  const served = serveSockets((socket) => {
    socket.messageReceived = (message) => void socket.send(`${socket.subprotocol} ${message}`);
  }, false);
  const fields: [string, string][] = [...HANDSHAKE, ['sec-websocket-protocol', 'chat']];
  const received = served.request('/chat', fields, undefined, SOCKET);
  served.settle();
  expect(received.status).toBe(200);
  expect(received.fields['sec-websocket-protocol']).toBe('chat');
  expect(received.fields).not.toHaveProperty('sec-websocket-accept');
  received.stream.write(frame(1, 'hi'));
  served.advance(1_000);
  expect(received.content).toBe('\x81\x07chat hi');
  received.stream.write(frame(8, Buffer.from([0x03, 0xe8])), true);
  served.advance(1_000);
  expect(received.content.slice(9)).toBe('\x88\x02\x03\xe8');
  expect(received.end).toBe('end');
  expect(served.get('/').status).toBe(426);
});

it('compresses messages of WebSocket', () => {
  const messages: unknown[] = [];
  const served = serveSockets((socket) => {
    socket.messageReceived = (message) => void messages.push(message);
  }, true);
  const offer: [string, string] = ['sec-websocket-extensions', 'permessage-deflate'];
  const received = served.request('/', [...HANDSHAKE, offer], undefined, SOCKET);
  served.settle();
  expect(received.fields['sec-websocket-extensions']).toContain('permessage-deflate');
  const text = 'a'.repeat(100);
  const packed = deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4);
  received.stream.write(frame(1, packed, 0x40));
  served.advance(1_000);
  expect(messages).toEqual([text]);
});

it('opens the window of the connection for what a paused tunnel has not taken', () => {
  const tunnels: Echo[] = [];
  const served = new Served(
    (request) => {
      const echo = new Echo();
      tunnels.push(echo);
      request.upgrade(echo, 'echo');
      echo.transport.pauseProducing();
    },
    { http2: { connectionWindowBytes: 65_535 } },
  );
  for (let i = 0; i < 4; i++) {
    const target = { method: 'CONNECT', protocol: 'echo' };
    const { stream } = served.request('/', [], undefined, target);
    served.settle();
    expect(stream.write(Buffer.alloc(40_000), true)).toBe(40_000);
    served.advance(1_000);
    expect(tunnels[i]?.received).toBe('');
    tunnels[i]?.transport.loseConnection();
    served.advance(1_000);
  }
});

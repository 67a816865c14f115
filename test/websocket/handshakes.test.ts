/** WebSocket connections of a server, in memory. */
import { describe, expect, it } from 'vitest';
import { captureLoggedErrors } from '../../src/testing/index.js';
import type { WebSocketServerOptions } from '../../src/websocket/index.js';
import { masked } from '../protocols/websocket/frames.js';
import { Recorder, recorder } from './recorder.js';
import { handshake, ServedClient, ServedSockets } from './served-socket.js';

const UPGRADED = [
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
];

describe('a handshake', () => {
  const answerTo = (request: string, options: WebSocketServerOptions = {}): string =>
    new ServedClient(new ServedSockets(Recorder, options)).send(request);

  it('is accepted, with the messages behind it', () => {
    const served = new ServedSockets(Recorder);
    const client = new ServedClient(served);
    const first = masked({ opcode: 1, payload: 'first' });
    const answer = client.send(Buffer.concat([Buffer.from(handshake()), first]));
    expect(answer.split('\r\n')).toEqual([...UPGRADED, '', '']);
    expect(recorder(client).events).toEqual(['opened', 'text first']);
    client.sendText('second');
    expect(recorder(client).events).toEqual(['opened', 'text first', 'text second']);
  });

  it('is accepted at every split of the request', () => {
    const request = handshake();
    for (let at = 1; at < request.length; at++) {
      const client = new ServedClient(new ServedSockets(Recorder));
      expect(client.send(request.slice(0, at))).toBe('');
      expect(client.send(request.slice(at))).toMatch(/^HTTP\/1.1 101 /);
    }
  });

  it.each([
    [
      405,
      handshake().replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
      'Allow: GET',
    ],
    [426, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'Upgrade: websocket'],
    [426, handshake().replace('13', '8'), 'Sec-WebSocket-Version: 13'],
    [400, handshake().replace('dGhl', '!Ghl'), 'Content-Type: text/plain; charset=utf-8'],
    [403, handshake('Origin: https://other.example'), 'Content-Type: text/plain; charset=utf-8'],
  ])('is refused with %i', (status, request, field) => {
    const answer = answerTo(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.split('\r\n')).toContain(field);
  });

  it('is refused with 426 in a response that names the upgrade', () => {
    const lines = answerTo('GET / HTTP/1.1\r\nHost: a\r\n\r\n').split('\r\n');
    expect(lines).toContain('Connection: Upgrade');
    expect(lines.filter((line) => line.startsWith('Connection:'))).toHaveLength(1);
  });

  it.each<[string, WebSocketServerOptions['allowedOrigins'], boolean]>([
    ['http://example.com', undefined, true],
    ['https://example.com', undefined, true],
    ['http://example.com:81', undefined, false],
    ['null', undefined, false],
    ['null', 'any', true],
    ['https://other.example', ['https://other.example'], true],
    ['https://other.example', (origin) => origin.endsWith('.example'), true],
    ['https://other.example', () => false, false],
  ])('with the Origin %s and allowedOrigins %s: %s', (origin, allowedOrigins, accepted) => {
    const options = allowedOrigins === undefined ? {} : { allowedOrigins };
    const answer = answerTo(handshake(`Origin: ${origin}`), options);
    expect(answer.startsWith('HTTP/1.1 101 ')).toBe(accepted);
  });

  it('compares the Origin with the authority of an absolute target, which replaces Host', () => {
    const request = handshake('Origin: http://site.example').replace(
      '/chat',
      'http://site.example/chat',
    );
    expect(answerTo(request)).toMatch(/^HTTP\/1.1 101 /);
    expect(answerTo(request.replace('Origin: http://site', 'Origin: http://'))).toMatch(/ 403 /);
  });

  it('selects a subprotocol', () => {
    const served = new ServedSockets(Recorder, { subprotocols: ['b', 'a'] });
    const client = served.connect({ fields: ['Sec-WebSocket-Protocol: a, b'] });
    expect(client.socket.subprotocol).toBe('b');
    expect(client.socket.description).toBe('WebSocket b');
    expect(served.connect().socket.subprotocol).toBe(undefined);
  });

  it('negotiates compression only if it is asked for', () => {
    const offer = 'Sec-WebSocket-Extensions: permessage-deflate';
    expect(answerTo(handshake(offer))).not.toContain('permessage-deflate');
    expect(answerTo(handshake(offer), { deflate: {} })).toContain(
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    );
  });

  it('refuses a protocol that had a connection', () => {
    const protocol = new Recorder();
    const served = new ServedSockets(protocol);
    served.connect();
    using errors = captureLoggedErrors();
    expect(new ServedClient(served).send(handshake())).toMatch(/^HTTP\/1.1 500 /);
    expect(errors.flush()).toHaveLength(1);
  });
});

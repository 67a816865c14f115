/** How connections of HTTP/2 end, and calls of the application, also at a wrong time. */
import { describe, expect, it } from 'vitest';
import { HTTPContentLengthError } from '../../../src/protocols/http/errors.js';
import { HTTP2Connection } from '../../../src/protocols/http2/connection.js';
import { HPACKError } from '../../../src/protocols/http2/errors.js';
import { CheckedFields } from '../../../src/protocols/http2/output-fields.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { frame } from './node-peer.js';
import {
  data,
  GET,
  headers,
  number,
  openClient,
  openServer,
  POST,
  requestOf,
  settings,
  TARGET,
} from './peers.js';

const EMPTY = Buffer.alloc(0);

describe('the end', () => {
  it('is graceful: a server accepts requests in progress, then refuses, and drains', () => {
    const server = openServer();
    server.read(headers(1, GET));
    server.connection.goAway();
    server.connection.goAway();
    expect(server.frames()).toEqual(['7 0 0 7fffffff00000000', '6 0 0 647261696e696e67']);
    expect(server.types(headers(3, GET))).toEqual(['request', 'end']);
    expect(server.types(frame(6, 1, 0, Buffer.from('draining')))).toEqual([]);
    expect(server.frames()).toEqual(['7 0 0 0000000300000000']);
    expect(server.types(headers(5, GET))).toEqual([]);
    expect(server.frames()).toEqual(['3 0 5 00000007']);
    for (const stream of [...server.connection.streams]) stream.respond(200, {}, '');
    expect(server.events()).toEqual([{ type: 'drained' }]);
    expect(server.events()).toEqual([]);
  });

  it('does not depend on the answer to PING: two intervals are enough', () => {
    const server = openServer();
    server.connection.goAway();
    server.connection.passInterval();
    server.take();
    expect(server.types(headers(1, GET))).toEqual(['request', 'end']);
    server.connection.passInterval();
    expect(server.frames()).toEqual(['7 0 0 0000000100000000']);
    server.read(headers(3, GET));
    expect(server.frames()).toEqual(['3 0 3 00000007']);
    expect(server.types(frame(6, 1, 0, Buffer.from('draining')))).toEqual([]);
    for (const stream of server.connection.streams) stream.respond(204, {}, '');
    server.take();
    for (let i = 0; i < 3; i++) server.connection.passInterval();
    expect(server.events()).toEqual([{ type: 'drained' }]);
    expect(server.frames()).toEqual([]);
    const answered = openServer();
    answered.connection.goAway();
    answered.read(frame(6, 1, 0, Buffer.from('draining')));
    answered.take();
    for (let i = 0; i < 3; i++) answered.connection.passInterval();
    expect(answered.frames()).toEqual([]);
  });

  it('is never announced with a higher stream than before', () => {
    const server = openServer();
    server.read(headers(1, POST, false));
    server.connection.goAway();
    server.read(frame(6, 1, 0, Buffer.from('draining')));
    server.read(headers(3, GET));
    server.take();
    server.connection.abort();
    expect(server.frames()).toEqual(['7 0 0 0000000100000000']);
  });

  it('tells a client which requests were not processed', () => {
    const client = openClient();
    const [first, second] = [TARGET, TARGET].map((target) => client.connection.request(target));
    const payload = Buffer.from('\0\0\0\x01\0\0\0\x02bye', 'latin1');
    expect(client.read(frame(7, 0, 0, payload))).toEqual([
      { type: 'goaway', lastStreamId: 1, errorCode: 2, debugText: 'bye' },
      { type: 'unprocessed', stream: second },
    ]);
    expect(client.connection.availableStreams).toBe(0);
    expect(() => client.connection.request(TARGET)).toThrow('accepts no request');
    expect(client.types(headers(1, [[':status', '200']]))).toEqual(['response', 'end', 'drained']);
    expect([first?.isClosed, second?.isClosed]).toEqual([true, true]);
  });

  it('is GOAWAY with the code of the fault, and leaves the streams that it cut off', () => {
    const server = openServer();
    const { stream } = requestOf(server, headers(1, POST, false));
    expect(() => server.read(frame(1, 5, 3, Buffer.of(0x80)))).toThrow(HPACKError);
    expect(server.frames()[0]).toMatch(/^7 0 0 0000000100000009/);
    expect([...server.connection.streams]).toEqual([stream]);
    expect(stream.isClosed).toBe(true);
  });

  it('drops all bytes after abort and connectionLost', () => {
    const server = openServer();
    const { stream } = requestOf(server, headers(1, POST, false));
    server.connection.abort(2);
    expect(server.frames()).toEqual(['7 0 0 0000000100000002']);
    server.connection.connectionLost();
    expect(server.types(data(1, 'x'))).toEqual([]);
    stream.reset();
    stream.consume(1);
    expect(() => stream.respond(200, {}, '')).toThrow('closed early');
    expect(() => server.connection.ping(Buffer.alloc(8))).toThrow('not open');
    expect(server.frames()).toEqual([]);
  });

  it('is an event with the code of the peer', () => {
    const server = openServer();
    const { stream } = requestOf(server, headers(1, POST, false));
    expect(server.read(number(3, 1, 8))).toEqual([
      { type: 'reset', stream, errorCode: 8, error: undefined },
    ]);
    expect(() => stream.sendHead(200)).toThrow('closed early');
  });
});

describe('a call of the application', () => {
  const server = (): HTTP2Stream => requestOf(openServer(), headers(1, POST, false)).stream;
  const FAULTS: readonly (readonly [string, (stream: HTTP2Stream) => unknown, string])[] = [
    ['content first', (stream) => stream.write(EMPTY), 'ERR_HTTP2_SEQUENCE'],
    ['trailers first', (stream) => stream.sendTrailers({}), 'ERR_HTTP2_SEQUENCE'],
    ['two heads', (stream) => [stream.sendHead(200), stream.sendHead(200)], 'ERR_HTTP2_SEQUENCE'],
    [
      'a late 103',
      (stream) => [stream.sendHead(200), stream.sendInformational(103)],
      'ERR_HTTP2_SEQUENCE',
    ],
    ['101', (stream) => stream.sendInformational(101), 'ERR_HTTP2_SEQUENCE'],
    [
      'content behind the end',
      (stream) => [stream.respond(200, {}, ''), stream.write(EMPTY)],
      'ERR_HTTP2_SEQUENCE',
    ],
    ['content with 204', (stream) => stream.respond(204, {}, 'x'), 'ERR_HTTP2_SEQUENCE'],
    [
      'Content-Length with 204',
      (stream) => stream.sendHead(204, { 'Content-Length': '0' }),
      'ERR_HTTP2_SEQUENCE',
    ],
    ['status 99', (stream) => stream.sendHead(99), 'ERR_INVALID_ARG_VALUE'],
    ['a line feed', (stream) => stream.sendHead(200, { a: 'b\nc' }), 'ERR_INVALID_HTTP_OUTPUT'],
    [
      'a pseudo-header field',
      (stream) => stream.sendHead(200, { ':status': '200' }),
      'ERR_INVALID_HTTP_OUTPUT',
    ],
    [
      'Connection',
      (stream) => stream.sendHead(200, { Connection: 'close' }),
      'ERR_INVALID_HTTP_OUTPUT',
    ],
    ['TE', (stream) => stream.sendHead(200, { TE: 'gzip' }), 'ERR_INVALID_HTTP_OUTPUT'],
    [
      'Host in trailers',
      (stream) => [stream.sendHead(200), stream.sendTrailers({ Host: 'a' })],
      'ERR_INVALID_HTTP_OUTPUT',
    ],
    [
      'two lengths',
      (stream) => stream.sendHead(200, { 'Content-Length': ['1', '1'] }),
      'ERR_INVALID_HTTP_OUTPUT',
    ],
    [
      'another length',
      (stream) => stream.respond(200, { 'Content-Length': '2' }, 'x'),
      'ERR_HTTP_CONTENT_LENGTH',
    ],
    [
      'too much content',
      (stream) => [stream.sendHead(200, { 'Content-Length': '2' }), stream.write(Buffer.alloc(3))],
      'ERR_HTTP_CONTENT_LENGTH',
    ],
    [
      'an early end',
      (stream) => [
        stream.sendHead(200, { 'Content-Length': '2' }),
        stream.write(Buffer.alloc(1), true),
      ],
      'ERR_HTTP_CONTENT_LENGTH',
    ],
    ['more consumed than received', (stream) => stream.consume(1), 'ERR_INVALID_ARG_VALUE'],
    ['an error code of 33 bits', (stream) => stream.reset(2 ** 32), 'ERR_INVALID_ARG_VALUE'],
  ];

  it.each(FAULTS)('throws for %s', (_what, call, code) => {
    let thrown: unknown;
    try {
      call(server());
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code });
  });

  it('throws for requests that no server accepts', () => {
    const client = openClient();
    const { connection } = client;
    for (const wrong of [
      { method: 'G T' },
      { scheme: '' },
      { scheme: 'Https' },
      { path: 'a' },
      { path: '/a b' },
      { authority: '' },
      { authority: 'a@b' },
      // The low octet is that of a letter.
      { authority: '\u0161' },
      { authority: 'a\u0130' },
      { method: 'CONNECT' },
      { method: 'CONNECT', authority: 'a:' },
    ]) {
      expect(() => connection.request({ ...TARGET, ...wrong })).toThrow('of an HTTP message');
    }
    expect(() => connection.request(TARGET, { Host: 'b' })).toThrow('of an HTTP message');
    expect(client.take()).toHaveLength(0);
    client.read(settings([3, 1]));
    connection.request(TARGET, { Host: 'A' });
    expect(() => connection.request(TARGET)).toThrow('accepts no request');
    for (const options of [{ maxPings: 0 }, { maxPings: '1' }, { streamWindowBytes: 65_534 }]) {
      const wrong = Object.freeze({ role: 'server', ...options }) as never;
      expect(() => new HTTP2Connection(wrong, { write() {} })).toThrow(Object.keys(options)[0]);
    }
    const unknown = { role: 'server', maxStreams: 1 } as never;
    expect(() => new HTTP2Connection(unknown, { write() {} })).toThrow('maxStreams');
  });

  it('sends fields that were checked before, without outer whitespace', () => {
    const server = openServer();
    const client = openClient();
    client.connection.request(TARGET);
    const { stream } = requestOf(server, client.take());
    const fields = new CheckedFields();
    fields.add('x-a', ' b\t');
    fields.add('content-length', '2');
    expect(() => stream.respond(200, fields, 'abc')).toThrow(HTTPContentLengthError);
    expect(stream.respond(200, fields, 'ab')).toBe(2);
    const [response] = client.read(server.take());
    expect(response?.type === 'response' && [...response.head.rawFields()]).toEqual([
      ['x-a', 'b'],
      ['content-length', '2'],
    ]);
  });
});

/** Each rule that a peer can break: what ends, with which error code. */
import { describe, expect, it } from 'vitest';
import {
  HTTP2_RULES,
  HTTP2ProtocolError,
  type HTTP2Rule,
} from '../../../src/protocols/http2/errors.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import { frame } from './node-peer.js';
import {
  data,
  GET,
  headers,
  number,
  openClient,
  openServer,
  Peer,
  POST,
  PREFACE,
  settings,
} from './peers.js';

type Case = readonly [rule: HTTP2Rule, what: string, send: Buffer | Buffer[]];

const EMPTY = Buffer.alloc(0);
const OK: [string, string][] = [[':status', '200']];
const goAway = (last: number): Buffer =>
  frame(7, 0, 0, Buffer.concat([number(0, 0, last).subarray(9), Buffer.alloc(4)]));
const with_ = (...fields: [string, string][]): Buffer => headers(1, [...GET, ...fields]);
const without = (name: string): Buffer =>
  headers(
    1,
    GET.filter(([other]) => other !== name),
  );
const replaced = (name: string, value: string): Buffer =>
  headers(
    1,
    GET.map(([other, old]) => [other, other === name ? value : old]),
  );
const connect = (...fields: [string, string][]): Buffer =>
  headers(1, [[':method', 'CONNECT'], ...fields]);

/** Of clients against a server: the connection ends. */
const OF_CLIENTS: readonly Case[] = [
  ['frame-length', 'PING of 7 bytes', frame(6, 0, 0, Buffer.alloc(7))],
  ['frame-stream', 'DATA on the connection', frame(0, 0, 0, EMPTY)],
  ['frame-too-long', 'DATA of 16,385 bytes', frame(0, 0, 1, Buffer.alloc(16_385))],
  ['padding', 'padding longer than DATA', frame(0, 8, 1, Buffer.of(9))],
  ['continuation-missing', 'DATA in a block', [frame(1, 0, 1, EMPTY), data(1, '')]],
  [
    'continuation-missing',
    'an unknown frame in a block',
    [frame(1, 0, 1, EMPTY), frame(77, 0, 1, EMPTY)],
  ],
  [
    'continuation-missing',
    'another stream in a block',
    [frame(1, 0, 1, EMPTY), frame(9, 4, 3, EMPTY)],
  ],
  ['continuation-unexpected', 'CONTINUATION alone', frame(9, 4, 1, EMPTY)],
  ['idle-stream', 'DATA on an idle stream', data(1, 'x')],
  ['idle-stream', 'RST_STREAM on an idle stream', number(3, 1, 8)],
  ['idle-stream', 'WINDOW_UPDATE on an idle stream', number(8, 1, 1)],
  ['idle-stream', 'WINDOW_UPDATE on a stream of the server', number(8, 2, 1)],
  ['stream-order', 'HEADERS on an even stream', headers(2, GET)],
  ['stream-order', 'HEADERS below an earlier stream', [headers(5, POST, false), headers(3, GET)]],
  [
    'closed-stream',
    'DATA behind RST_STREAM',
    [headers(1, POST, false), number(3, 1, 8), data(1, 'x')],
  ],
  ['setting', 'ENABLE_PUSH of 2', settings([2, 2])],
  ['setting', 'a frame size below 16,384', settings([5, 16_383])],
  ['setting', 'a frame size above 2^24 - 1', settings([5, 2 ** 24])],
  ['setting', 'ENABLE_CONNECT_PROTOCOL of 2', settings([8, 2])],
  ['setting', 'ENABLE_CONNECT_PROTOCOL withdrawn', settings([8, 1], [8, 0])],
  ['setting', 'NO_RFC7540_PRIORITIES of 2', settings([9, 2])],
  ['initial-window', 'a window above 2^31 - 1', settings([4, 2 ** 31])],
  ['settings-acknowledgement', 'a second acknowledgement', frame(4, 1, 0, EMPTY)],
  ['push', 'PUSH_PROMISE of a client', frame(5, 4, 1, Buffer.alloc(4))],
  ['priority-update', 'PRIORITY_UPDATE for stream 0', number(16, 0, 0)],
  ['priority-update', 'PRIORITY_UPDATE for an even stream', number(16, 0, 2)],
  ['window-increment', 'WINDOW_UPDATE of 0', number(8, 0, 0)],
  ['window-overflow', 'a window of the connection above 2^31 - 1', number(8, 0, 2 ** 31 - 1)],
  [
    'window-overflow',
    'a setting that raises the window of a stream above 2^31 - 1',
    [headers(1, POST, false), number(8, 1, 1000), settings([4, 2 ** 31 - 1])],
  ],
  ['goaway-order', 'GOAWAY with a higher stream', [goAway(1), goAway(3)]],
];

/** Of clients against a server: the request is refused, or the stream reset. */
const OF_REQUESTS: readonly Case[] = [
  ['field-name', 'a name in upper case', with_(['X-A', 'b'])],
  ['field-name', 'an empty name', with_(['', 'b'])],
  ['field-name', 'a name with a colon', with_(['a:b', 'b'])],
  ['field-value', 'a line feed in a value', with_(['a', 'b\nc'])],
  ['field-value', 'NUL in a pseudo-header field', replaced(':path', '/\0')],
  ['field-value', 'a space behind a value', with_(['a', 'b '])],
  ['field-value', 'a tab in front of a value', with_(['a', '\tb'])],
  ['connection-field', 'Connection', with_(['connection', 'close'])],
  ['connection-field', 'Keep-Alive', with_(['keep-alive', '1'])],
  ['connection-field', 'Proxy-Connection', with_(['proxy-connection', '1'])],
  ['connection-field', 'Transfer-Encoding', with_(['transfer-encoding', 'chunked'])],
  ['connection-field', 'Upgrade', with_(['upgrade', 'h2c'])],
  ['te', 'TE: gzip', with_(['te', 'gzip'])],
  ['pseudo-field', 'no :method', without(':method')],
  ['pseudo-field', 'no :scheme', without(':scheme')],
  ['pseudo-field', 'no :path', without(':path')],
  ['pseudo-field', 'an unknown one', headers(1, [[':unknown', ''], ...GET])],
  ['pseudo-field', ':status in a request', headers(1, [[':status', '200'], ...GET])],
  ['pseudo-field', ':path twice', headers(1, [...GET, [':path', '/']])],
  ['pseudo-field', ':path in CONNECT', connect([':authority', 'a:1'], [':path', '/'])],
  ['pseudo-field-order', ':path behind a field', headers(1, [['a', 'b'], ...GET])],
  ['method', 'an invalid method', replaced(':method', 'G T')],
  ['scheme', 'an invalid scheme', replaced(':scheme', '1')],
  ['path', 'an empty path', replaced(':path', '')],
  ['path', 'a path without /', replaced(':path', 'a')],
  ['path', 'a path with a space', replaced(':path', '/a b')],
  ['path', '* without OPTIONS', replaced(':path', '*')],
  ['authority', 'no authority', without(':authority')],
  ['authority', 'a user name in the authority', replaced(':authority', 'a@b')],
  ['authority', 'CONNECT without a port', connect([':authority', 'a'])],
  ['host', 'another Host', with_(['host', 'b'])],
  ['host', 'two Hosts', with_(['host', 'a'], ['host', 'a'])],
  ['host', 'an invalid Host', with_(['host', 'a b'])],
  [
    'protocol',
    ':protocol without the setting',
    connect([':protocol', 'x'], ...(GET.slice(1) as [string, string][])),
  ],
  ['content-length', 'two lengths', with_(['content-length', '0'], ['content-length', '0'])],
  ['content-length', 'a length that is no number', with_(['content-length', '+1'])],
  ['content-length-mismatch', 'no content', with_(['content-length', '1'])],
  [
    'content-length-mismatch',
    'too much content',
    [headers(1, [...POST, ['content-length', '1']], false), data(1, 'ab')],
  ],
  [
    'content-length-mismatch',
    'an early end',
    [headers(1, [...POST, ['content-length', '2']], false), data(1, 'a', true)],
  ],
  [
    'content-length-mismatch',
    'an early trailer section',
    [headers(1, [...POST, ['content-length', '2']], false), headers(1, [['a', 'b']])],
  ],
  [
    'trailers-not-last',
    'trailers and more',
    [headers(1, POST, false), headers(1, [['a', 'b']], false)],
  ],
  [
    'pseudo-field-trailer',
    ':path in trailers',
    [headers(1, POST, false), headers(1, [[':path', '/']])],
  ],
  [
    'trailer',
    'Content-Length in trailers',
    [headers(1, POST, false), headers(1, [['content-length', '0']])],
  ],
  ['trailer', 'Host in trailers', [headers(1, POST, false), headers(1, [['host', 'a']])]],
  ['closed-stream', 'DATA behind the end', [headers(1, POST), data(1, 'a')]],
  ['closed-stream', 'a second trailer section', [headers(1, POST), headers(1, [['a', 'b']])]],
  ['window-increment', 'WINDOW_UPDATE of 0', [headers(1, POST, false), number(8, 1, 0)]],
  [
    'window-overflow',
    'a window above 2^31 - 1',
    [headers(1, POST, false), number(8, 1, 2 ** 31 - 1)],
  ],
];

/** Of servers against a client with a request on stream 1. */
const OF_RESPONSES: readonly Case[] = [
  ['pseudo-field', 'no :status', headers(1, [['a', 'b']])],
  ['status', 'a status of two digits', headers(1, [[':status', '99']])],
  ['status', '101', headers(1, [[':status', '101']], false)],
  ['end-of-informational', '100 that ends the stream', headers(1, [[':status', '100']])],
  ['data-before-head', 'DATA first', data(1, 'x')],
  ['data-before-head', 'DATA behind 103', [headers(1, [[':status', '103']], false), data(1, 'x')]],
  ['no-content', 'content with 204', [headers(1, [[':status', '204']], false), data(1, 'x')]],
  ['content-length-mismatch', 'no content', headers(1, [...OK, ['content-length', '3']])],
];

const OF_SERVERS: readonly Case[] = [
  ['push', 'PUSH_PROMISE', frame(5, 4, 1, Buffer.alloc(4))],
  ['setting', 'ENABLE_PUSH of 1', settings([2, 1])],
  ['idle-stream', 'HEADERS on a stream that was not opened', headers(3, OK)],
  ['idle-stream', 'HEADERS on an even stream', headers(2, OK)],
  ['closed-stream', 'HEADERS behind the end', [headers(1, OK), headers(1, OK)]],
  ['priority-update', 'PRIORITY_UPDATE', number(16, 0, 1)],
];

function sent(send: Buffer | Buffer[]): Buffer {
  return Buffer.concat([send].flat());
}

/** The error that ends the connection, and the code in the GOAWAY frame that was sent. */
function connectionError(peer: Peer, bytes: Buffer): HTTP2ProtocolError {
  let thrown: unknown;
  try {
    peer.read(bytes);
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof HTTP2ProtocolError)) throw new Error(`no error: ${String(thrown)}`);
  expect(() => peer.connection.next()).toThrow(thrown);
  expect(peer.connection.phase).toBe('closed');
  const goAwayFrame = peer.frames().at(-1) ?? '';
  expect(goAwayFrame).toMatch(/^7 0 0 /);
  expect(Number.parseInt(goAwayFrame.slice(14, 22), 16)).toBe(thrown.errorCode);
  return thrown;
}

function streamError(peer: Peer, bytes: Buffer): HTTP2ProtocolError {
  const last = peer.read(bytes).at(-1) as Extract<HTTP2Event, { type: 'reset' | 'refused' }>;
  if (!(last.error instanceof HTTP2ProtocolError)) throw new Error(`no error: ${last.type}`);
  const code = last.error.errorCode.toString(16).padStart(8, '0');
  expect(peer.frames().at(-1)).toBe(`3 0 1 ${code}`);
  expect(peer.connection.streamCount).toBe(0);
  // The connection continues.
  expect(peer.types(frame(6, 1, 0, Buffer.alloc(8)))).toEqual(['ping-acknowledged']);
  return last.error;
}

describe('a server', () => {
  it.each(OF_CLIENTS)('ends the connection for %s: %s', (rule, _what, send) => {
    expect(connectionError(openServer(), sent(send))).toMatchObject({ rule, streamId: 0 });
  });

  it.each(OF_REQUESTS)('ends the stream for %s: %s', (rule, _what, send) => {
    expect(streamError(openServer(), sent(send))).toMatchObject({ rule, streamId: 1 });
  });

  it('ends the connection for another preface, and for another first frame than SETTINGS', () => {
    const server = (): Peer => new Peer({ role: 'server' });
    expect(connectionError(server(), Buffer.from('GET / HTTP/1.1\r\n'))).toMatchObject({
      rule: 'preface',
    });
    for (const first of [frame(6, 0, 0, Buffer.alloc(8)), frame(4, 1, 0, EMPTY), headers(1, GET)]) {
      const error = connectionError(server(), Buffer.concat([PREFACE, first]));
      expect(error).toMatchObject({ rule: 'settings-missing' });
    }
  });
});

describe('a client', () => {
  it.each(['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-server\r\n'])(
    'explains that the server does not speak HTTP/2: %j',
    (text) => {
      const error = connectionError(new Peer({ role: 'client' }), Buffer.from(text));
      expect(error).toMatchObject({ rule: 'settings-missing' });
      expect(error?.message).toContain('does not speak HTTP/2');
    },
  );
});

describe('flow control', () => {
  it('ends the stream that exceeds its window', () => {
    const peer = openServer({ streamWindowBytes: 65_535 });
    const full = Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_383)));
    expect(
      streamError(peer, sent([headers(1, POST, false), ...full, data(1, 'abcd')])),
    ).toMatchObject({
      rule: 'window-exceeded',
      streamId: 1,
    });
  });

  it('ends the connection that exceeds its window, before all of its content arrives', () => {
    const peer = openServer({ connectionWindowBytes: 65_535 });
    const full = Array.from({ length: 4 }, () => data(1, Buffer.alloc(16_383)));
    const over = data(1, 'abcd').subarray(0, 10);
    expect(connectionError(peer, sent([headers(1, POST, false), ...full, over]))).toMatchObject({
      rule: 'window-exceeded',
      streamId: 0,
    });
  });
});

describe('a client', () => {
  const withRequest = (): Peer => {
    const peer = openClient();
    peer.connection.request({
      method: 'GET',
      scheme: 'https',
      authority: 'a',
      path: '/',
      protocol: undefined,
    });
    peer.take();
    return peer;
  };

  it.each(OF_RESPONSES)('ends the stream for %s: %s', (rule, _what, send) => {
    expect(streamError(withRequest(), sent(send))).toMatchObject({ rule, streamId: 1 });
  });

  it.each(OF_SERVERS)('ends the connection for %s: %s', (rule, _what, send) => {
    expect(connectionError(withRequest(), sent(send))).toMatchObject({ rule, streamId: 0 });
  });
});

it('has a case for every rule', () => {
  const elsewhere = ['preface', 'settings-missing', 'tunnel', 'window-exceeded'];
  const cases = [...OF_CLIENTS, ...OF_REQUESTS, ...OF_RESPONSES, ...OF_SERVERS];
  const tested = new Set([...cases.map(([rule]) => rule), ...elsewhere]);
  expect([...tested].sort()).toEqual([...HTTP2_RULES].sort());
});

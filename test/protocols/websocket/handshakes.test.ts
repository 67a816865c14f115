import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  UnknownOptionError,
} from '../../../src/core/errors/arguments.js';
import {
  ClientHandshake,
  type ClientHandshakeOptions,
} from '../../../src/protocols/websocket/client-handshake.js';
import {
  WebSocketRequestError,
  WebSocketResponseError,
} from '../../../src/protocols/websocket/errors.js';
import type { HandshakeRequest } from '../../../src/protocols/websocket/handshake-heads.js';
import type { PermessageDeflateOptions } from '../../../src/protocols/websocket/permessage-deflate.js';
import {
  acceptRequest,
  isWebSocketRequest,
  type ServerHandshakeOptions,
} from '../../../src/protocols/websocket/server-handshake.js';
import { ACCEPT, type Fields, KEY, request, response, sent } from './heads.js';

const NONCE = Buffer.from(KEY, 'base64');

function refusal(
  of: HandshakeRequest,
  options?: ServerHandshakeOptions,
): WebSocketRequestError | undefined {
  try {
    acceptRequest(of, options);
    return undefined;
  } catch (error) {
    if (error instanceof WebSocketRequestError) return error;
    throw error;
  }
}

describe('acceptRequest', () => {
  it('accepts the example of RFC 6455', () => {
    expect(acceptRequest(request())).toEqual({
      fields: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', ACCEPT],
      ],
      subprotocol: undefined,
      deflate: undefined,
    });
  });

  it.each<[Fields]>([
    [{ upgrade: 'WebSocket' }],
    [{ upgrade: 'h2c, websocket' }],
    [{ connection: 'keep-alive, upgrade' }],
    [{ connection: ' ,Upgrade ,' }],
    [{ 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' }],
  ])('accepts %j', (fields) => {
    expect(refusal(request(fields))).toBe(undefined);
  });

  it.each<[number, Fields]>([
    [426, { upgrade: undefined }],
    [426, { upgrade: 'websocket2' }],
    [426, { upgrade: `${',a'.repeat(64)},websocket` }],
    [400, { connection: undefined }],
    [400, { connection: 'close' }],
    [400, { connection: 'Upgrade "' }],
    [400, { connection: `Upgrade${' '.repeat(8_192)}` }],
    [426, { 'sec-websocket-version': undefined }],
    [426, { 'sec-websocket-version': '12' }],
    [426, { 'sec-websocket-version': '13, 13' }],
    [426, { 'sec-websocket-version': '013' }],
    [400, { 'sec-websocket-key': undefined }],
    [400, { 'sec-websocket-key': '' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZR==' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZXM=' }],
    [400, { 'sec-websocket-key': `${KEY}, ${KEY}` }],
    [400, { 'sec-websocket-protocol': '' }],
    [400, { 'sec-websocket-protocol': 'a b' }],
    [400, { 'sec-websocket-protocol': 'a, a' }],
    [400, { 'sec-websocket-protocol': Array.from({ length: 65 }, (_, i) => `p${i}`).join() }],
    [403, { origin: 'null' }],
    [403, { origin: '' }],
    [403, { origin: 'https://example.com' }],
  ])('refuses with %i: %j', (status, fields) => {
    expect(refusal(request(fields))?.status).toBe(status);
  });

  it.each([
    [405, { method: 'POST' }],
    [405, { method: 'get' }],
    [505, { version: '1.0' }],
    [505, { version: 'HTTP/2.0' }],
  ])('refuses with %i: %j', (status, line) => {
    expect(refusal(request({}, line))?.status).toBe(status);
  });

  it('says which version and methods it supports', () => {
    expect(refusal(request({ 'sec-websocket-version': '8' }))?.fields).toContainEqual([
      'Sec-WebSocket-Version',
      '13',
    ]);
    expect(refusal(request({}, { method: 'PUT' }))?.fields).toEqual([['Allow', 'GET']]);
    expect(refusal(request({ upgrade: undefined }))?.fields).toContainEqual([
      'Upgrade',
      'websocket',
    ]);
  });

  it('recognizes requests for a WebSocket', () => {
    expect(isWebSocketRequest(request())).toBe(true);
    expect(isWebSocketRequest(request({ upgrade: 'h2c' }))).toBe(false);
    expect(isWebSocketRequest(request({ upgrade: undefined }))).toBe(false);
  });

  it.each([
    [true, 'http://server.example.com', 'server.example.com'],
    [true, 'https://server.example.com', 'server.example.com'],
    [true, 'https://server.example.com', 'SERVER.example.com:443'],
    [true, 'http://localhost:8080', 'localhost:8080'],
    [true, 'http://[::1]:80', '[::1]'],
    [false, 'http://localhost:8080', 'localhost'],
    [false, 'http://localhost', 'localhost:8080'],
    [false, 'https://server.example.com', 'server.example.com:80'],
    [false, 'https://server.example.com.evil.test', 'server.example.com'],
    [false, 'https://evil.test/server.example.com', 'server.example.com'],
    [false, 'https://evil.test#@server.example.com', 'server.example.com'],
    [false, 'https://user@server.example.com', 'server.example.com'],
    [false, 'https://server.example.com', 'evil.test@server.example.com'],
    [false, 'file://', ''],
    [false, 'https://', ''],
    [false, 'chrome-extension://server.example.com', 'server.example.com'],
    [false, 'https://server.example.com', undefined],
  ])('allows pages of the same host: %s: %s to %s', (allowed, origin, host) => {
    expect(refusal(request({ origin, host }))?.status).toBe(allowed ? undefined : 403);
  });

  it('allows only pages over TLS if the request is over TLS', () => {
    const host = 'a.example';
    const status = (origin: string, secure: boolean): number | undefined =>
      refusal(request({ origin, host }, { secure }))?.status;
    expect(status('https://a.example', true)).toBe(undefined);
    expect(status('http://a.example', true)).toBe(403);
    expect(status('http://a.example', false)).toBe(undefined);
    // A proxy may have ended TLS.
    expect(status('https://a.example', false)).toBe(undefined);
  });

  it('compares with the authority of the target, if there is one, instead of Host', () => {
    const of = (origin: string): HandshakeRequest =>
      request({ origin, host: 'a.example' }, { host: 'b.example' });
    expect(refusal(of('https://b.example'))).toBe(undefined);
    expect(refusal(of('https://a.example'))?.status).toBe(403);
  });

  it('allows the origins of a list, or that a function allows', () => {
    const origin = 'https://app.example.org';
    const of = request({ origin });
    expect(refusal(of, { allowedOrigins: [origin] })).toBe(undefined);
    expect(refusal(of, { allowedOrigins: ['https://example.org'] })?.status).toBe(403);
    expect(refusal(request({ origin: 'null' }), { allowedOrigins: 'any' })).toBe(undefined);
    const seen: unknown[] = [];
    const allowedOrigins = (...args: unknown[]): boolean => seen.push(args) === 1;
    expect(refusal(of, { allowedOrigins })).toBe(undefined);
    expect(refusal(of, { allowedOrigins })?.status).toBe(403);
    expect(seen).toEqual([
      [origin, of],
      [origin, of],
    ]);
    const truthy = { allowedOrigins: (() => 'yes') as never };
    expect(refusal(of, truthy)?.status).toBe(403);
  });

  it('chooses the subprotocol that the server prefers', () => {
    const offer = request({ 'sec-websocket-protocol': 'a, b,c' });
    const chosen = (options: ServerHandshakeOptions): unknown =>
      acceptRequest(offer, options).subprotocol;
    expect(chosen({ subprotocols: ['c', 'a'] })).toBe('c');
    expect(chosen({ subprotocols: ['x'] })).toBe(undefined);
    expect(chosen({ subprotocols: (offered) => offered[1] })).toBe('b');
    expect(chosen({ subprotocols: () => undefined })).toBe(undefined);
    expect(() => chosen({ subprotocols: () => 'x' })).toThrow('one of the offered');
    expect(acceptRequest(offer, { subprotocols: ['c'] }).fields).toContainEqual([
      'Sec-WebSocket-Protocol',
      'c',
    ]);
  });

  it('refuses options that it does not know, and wrong ones', () => {
    const accept = (options: object) => () => acceptRequest(request(), options);
    expect(accept({ origins: [] })).toThrow(UnknownOptionError);
    expect(accept({ deflate: { windowBits: 1 } })).toThrow(UnknownOptionError);
    expect(accept({ deflate: { serverMaxWindowBits: 7 } })).toThrow('serverMaxWindowBits');
    expect(accept({ allowedOrigins: 'same-origin' })).toThrow('allowedOrigins');
    expect(accept({ allowedOrigins: 5 })).toThrow('allowedOrigins');
    expect(accept({ subprotocols: 'chat' })).toThrow('subprotocols');
    expect(accept({ subprotocols: ['a b'] })).toThrow('token');
  });
});

describe('permessage-deflate of a server', () => {
  const NO_TAKEOVER = 'server_no_context_takeover; client_no_context_takeover';
  const TAKEOVER = { serverNoContextTakeover: false, clientNoContextTakeover: false };

  it.each<[string, PermessageDeflateOptions, string | undefined]>([
    ['permessage-deflate', {}, `permessage-deflate; ${NO_TAKEOVER}`],
    ['permessage-deflate', TAKEOVER, 'permessage-deflate'],
    [
      'permessage-deflate; server_no_context_takeover',
      TAKEOVER,
      'permessage-deflate; server_no_context_takeover',
    ],
    [
      'permessage-deflate; client_no_context_takeover',
      TAKEOVER,
      'permessage-deflate; client_no_context_takeover',
    ],
    ['permessage-deflate; client_max_window_bits', TAKEOVER, 'permessage-deflate'],
    [
      'permessage-deflate; client_max_window_bits',
      { ...TAKEOVER, clientMaxWindowBits: 10 },
      'permessage-deflate; client_max_window_bits=10',
    ],
    [
      'permessage-deflate; client_max_window_bits=9',
      { ...TAKEOVER, clientMaxWindowBits: 10 },
      'permessage-deflate; client_max_window_bits=9',
    ],
    // Without an offer the client's window cannot be limited.
    ['permessage-deflate', { ...TAKEOVER, clientMaxWindowBits: 10 }, 'permessage-deflate'],
    [
      'permessage-deflate; server_max_window_bits="12"',
      { ...TAKEOVER, serverMaxWindowBits: 15 },
      'permessage-deflate; server_max_window_bits=12',
    ],
    [
      'permessage-deflate; server_max_window_bits=15',
      { ...TAKEOVER, serverMaxWindowBits: 11 },
      'permessage-deflate; server_max_window_bits=11',
    ],
    [
      'permessage-deflate',
      { ...TAKEOVER, serverMaxWindowBits: 11 },
      'permessage-deflate; server_max_window_bits=11',
    ],
    // Invalid offers are declined; the next one counts.
    ['permessage-deflate; x', {}, undefined],
    ['permessage-deflate; server_no_context_takeover=1', {}, undefined],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', {}, undefined],
    ['permessage-deflate; server_max_window_bits', {}, undefined],
    ['permessage-deflate; server_max_window_bits=7', {}, undefined],
    ['permessage-deflate; server_max_window_bits=16', {}, undefined],
    ['permessage-deflate; server_max_window_bits=08', {}, undefined],
    ['permessage-deflate; server_max_window_bits=1e1', {}, undefined],
    ['permessage-deflate; client_max_window_bits=99', {}, undefined],
    ['permessage-deflate; constructor', {}, undefined],
    ['permessage-deflate; x_no_context_takeover', {}, undefined],
    ['permessage-foo', {}, undefined],
    [
      'permessage-deflate; x, permessage-foo, permessage-deflate; server_max_window_bits=10',
      TAKEOVER,
      'permessage-deflate; server_max_window_bits=10',
    ],
  ])('answers %s with options %j: %s', (offer, deflate, answer) => {
    const accepted = acceptRequest(request({ 'sec-websocket-extensions': offer }), { deflate });
    expect(sent(accepted.fields)['sec-websocket-extensions']).toBe(answer);
    expect(accepted.deflate === undefined).toBe(answer === undefined);
  });

  it.each([
    '',
    ',',
    'a,',
    'permessage-deflate;',
    'permessage-deflate; =1',
    'permessage-deflate; a=',
    'permessage-deflate; a=""',
    'permessage-deflate; a="b c"',
    'permessage-deflate; a="b',
    'permessage-deflate a',
    '"permessage-deflate"',
    'a\u00e9',
    Array.from({ length: 65 }, () => 'a').join(),
    `a${'; b'.repeat(65)}`,
    `a${' '.repeat(9_000)}`,
  ])('refuses the malformed or oversized field %j', (offer) => {
    const of = request({ 'sec-websocket-extensions': offer });
    expect(refusal(of, { deflate: {} })?.status).toBe(400);
  });

  it('does not read extensions without the option', () => {
    expect(acceptRequest(request({ 'sec-websocket-extensions': ',' })).deflate).toBe(undefined);
  });
});

describe('ClientHandshake', () => {
  const client = (options: Partial<ClientHandshakeOptions> = {}): ClientHandshake =>
    new ClientHandshake({ nonce: NONCE, ...options });

  it('sends the fields of RFC 6455', () => {
    const { fields } = client({ subprotocols: ['a', 'b'], origin: 'https://x.test', deflate: {} });
    expect(fields).toEqual([
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', KEY],
      ['Sec-WebSocket-Protocol', 'a, b'],
      [
        'Sec-WebSocket-Extensions',
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
      ],
      ['Origin', 'https://x.test'],
    ]);
  });

  it('accepts a response', () => {
    expect(client().check(response())).toEqual({ subprotocol: undefined, deflate: undefined });
    const chosen = response({ 'sec-websocket-protocol': 'b' });
    expect(client({ subprotocols: ['a', 'b'] }).check(chosen).subprotocol).toBe('b');
  });

  it.each<[Fields]>([
    [{ upgrade: undefined }],
    [{ upgrade: 'h2c' }],
    [{ connection: undefined }],
    [{ connection: 'close' }],
    [{ 'sec-websocket-accept': undefined }],
    [{ 'sec-websocket-accept': ACCEPT.toLowerCase() }],
    [{ 'sec-websocket-accept': KEY }],
    [{ 'sec-websocket-protocol': 'c' }],
    [{ 'sec-websocket-protocol': 'a, b' }],
    [{ 'sec-websocket-protocol': '' }],
    [{ 'sec-websocket-extensions': 'permessage-foo' }],
    [{ 'sec-websocket-extensions': 'permessage-deflate, permessage-deflate' }],
    [{ 'sec-websocket-extensions': 'permessage-deflate; x' }],
    [{ 'sec-websocket-extensions': '' }],
  ])('refuses a response with %j', (fields) => {
    const handshake = client({ subprotocols: ['a', 'b'], deflate: {} });
    expect(() => handshake.check(response(fields))).toThrow(WebSocketResponseError);
  });

  it.each([200, 301, 401, 426, 100])('refuses a response with status %i', (status) => {
    expect(() => client().check(response({}, { status }))).toThrow(`its status is ${status}`);
  });

  it('refuses a response of HTTP/1.0, and extensions if it offered none', () => {
    expect(() => client().check(response({}, { version: '1.0' }))).toThrow('HTTP/1.1');
    const answer = response({ 'sec-websocket-extensions': 'permessage-deflate' });
    expect(() => client().check(answer)).toThrow('not offered');
  });

  it.each<[PermessageDeflateOptions, string, object | undefined]>([
    [{}, 'permessage-deflate', undefined],
    [{}, 'permessage-deflate; server_no_context_takeover', { serverNoContextTakeover: true }],
    [
      { serverNoContextTakeover: false },
      'permessage-deflate',
      { serverNoContextTakeover: false, clientNoContextTakeover: true },
    ],
    [
      { serverNoContextTakeover: false, clientNoContextTakeover: false },
      'permessage-deflate; client_no_context_takeover',
      { clientNoContextTakeover: true },
    ],
    [{ serverNoContextTakeover: false, serverMaxWindowBits: 10 }, 'permessage-deflate', undefined],
    [
      { serverNoContextTakeover: false, serverMaxWindowBits: 10 },
      'permessage-deflate; server_max_window_bits=11',
      undefined,
    ],
    [
      { serverNoContextTakeover: false, serverMaxWindowBits: 10 },
      'permessage-deflate; server_max_window_bits=9',
      { serverMaxWindowBits: 9 },
    ],
    [
      { serverNoContextTakeover: false },
      'permessage-deflate; client_max_window_bits=9',
      { clientMaxWindowBits: 9 },
    ],
    [
      { serverNoContextTakeover: false, clientMaxWindowBits: 12 },
      'permessage-deflate; client_max_window_bits=13',
      undefined,
    ],
    [
      { serverNoContextTakeover: false, clientMaxWindowBits: 12 },
      'permessage-deflate',
      { clientMaxWindowBits: 12 },
    ],
    [{ serverNoContextTakeover: false }, 'permessage-deflate; client_max_window_bits', undefined],
  ])('that offers %j reads the answer %s as %j', (deflate, answer, agreed) => {
    const head = response({ 'sec-websocket-extensions': answer });
    const check = () => client({ deflate }).check(head).deflate;
    if (agreed === undefined) expect(check).toThrow('permessage-deflate');
    else expect(check()).toMatchObject(agreed);
  });

  it('refuses options that it does not know, and wrong ones', () => {
    const make = (options: object) => () => client(options);
    expect(make({ protocols: [] })).toThrow(UnknownOptionError);
    expect(make({ nonce: Buffer.alloc(15) })).toThrow(InvalidArgumentTypeError);
    expect(make({ subprotocols: ['a', 'a'] })).toThrow('duplicates');
    expect(make({ subprotocols: ['a\r\nX: y'] })).toThrow('token');
    expect(make({ origin: 'a\r\nX: y' })).toThrow('origin');
    expect(make({ deflate: { clientMaxWindowBits: 16 } })).toThrow('clientMaxWindowBits');
  });

  it('agrees with a server of any options on the same parameters', () => {
    const bits = fc.integer({ min: 8, max: 15 });
    const options = fc.record(
      {
        serverNoContextTakeover: fc.boolean(),
        clientNoContextTakeover: fc.boolean(),
        serverMaxWindowBits: bits,
        clientMaxWindowBits: bits,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, options, (ofClient, ofServer) => {
        const handshake = client({ deflate: ofClient });
        const accepted = acceptRequest(request(sent(handshake.fields)), { deflate: ofServer });
        const agreed = handshake.check(response(sent(accepted.fields)));
        expect(agreed.deflate).toEqual(accepted.deflate);
      }),
    );
  });
});

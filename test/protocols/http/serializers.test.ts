import { describe, expect, it } from 'vitest';
import {
  HTTPContentLengthError,
  HTTPSequenceError,
  InvalidHTTPOutputError,
} from '../../../src/protocols/http/errors.js';
import { FieldBlock, type HTTPFields } from '../../../src/protocols/http/field-block.js';
import { RequestSerializer } from '../../../src/protocols/http/request-serializer.js';
import {
  type AnsweredRequest,
  ResponseSerializer,
} from '../../../src/protocols/http/response-serializer.js';
import { unknownOptionOf } from '../../support/unknown-option.js';
import { Written } from './written.js';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const GET: AnsweredRequest = { method: 'GET', version: '1.1', keepsAlive: true };
const HEAD: AnsweredRequest = { ...GET, method: 'HEAD' };
const CONNECT: AnsweredRequest = { ...GET, method: 'CONNECT' };
const OLD: AnsweredRequest = { ...GET, version: '1.0', keepsAlive: false };
const OLD_ALIVE: AnsweredRequest = { ...OLD, keepsAlive: true };

type Act = (serializer: ResponseSerializer) => void;

function answer(
  request: AnsweredRequest,
  act: Act,
): { text: string; writes: number; keeps: boolean } {
  const written = new Written();
  const serializer = new ResponseSerializer(written);
  serializer.begin(request);
  act(serializer);
  const { text, pieces } = written;
  return { text, writes: pieces.length, keeps: serializer.keepsAlive };
}

function ask(act: (serializer: RequestSerializer) => void): { text: string; writes: number } {
  const written = new Written();
  act(new RequestSerializer(written));
  return { text: written.text, writes: written.pieces.length };
}

/** The lines of a message, joined by `|`. */
function lines(text: string): string {
  return text.replaceAll('\r\n', '|');
}

describe('ResponseSerializer', () => {
  it('sends a complete response in one write', () => {
    const { text, writes } = answer(GET, (response) => {
      response.respond(200, { 'Content-Type': 'text/plain' }, 'Hello, World!', DATE);
    });
    expect(lines(text)).toBe(
      `HTTP/1.1 200 OK|Content-Type: text/plain|Date: ${DATE}|Content-Length: 13||Hello, World!`,
    );
    expect(writes).toBe(1);
  });

  it('counts the bytes of content in UTF-8, and sends fields in Latin-1', () => {
    const { text, writes } = answer(GET, (response) => response.respond(200, { X: 'é' }, 'é'));
    expect(lines(text)).toBe('HTTP/1.1 200 OK|X: \xe9|Content-Length: 2||\xc3\xa9');
    expect(writes).toBe(1);
  });

  it('sends bytes', () => {
    const short = answer(GET, (response) => response.respond(200, [], Buffer.alloc(4096, 'a')));
    expect(short.text.endsWith(`\r\n\r\n${'a'.repeat(4096)}`)).toBe(true);
    expect(short.writes).toBe(1);
    const long = answer(GET, (response) => response.respond(200, [], Buffer.alloc(4097, 'a')));
    expect(long.text.endsWith(`Content-Length: 4097\r\n\r\n${'a'.repeat(4097)}`)).toBe(true);
    expect(long.writes).toBe(2);
  });

  it('takes fields as a list, an object and a block, and keeps their order and spelling', () => {
    const forms: HTTPFields[] = [
      [
        ['sEt-Cookie', 'a'],
        ['sEt-Cookie', 'b'],
      ],
      { 'sEt-Cookie': ['a', 'b'] },
      new FieldBlock({ 'sEt-Cookie': ['a', 'b'] }),
    ];
    for (const fields of forms) {
      const { text } = answer(GET, (response) => response.respond(404, fields, ''));
      expect(lines(text)).toBe(
        'HTTP/1.1 404 Not Found|sEt-Cookie: a|sEt-Cookie: b|Content-Length: 0||',
      );
    }
  });

  it('chunks content of unknown length, with trailers', () => {
    const { text } = answer(GET, (response) => {
      response.head(200, { Trailer: 'X' });
      response.write('hello');
      response.write('');
      response.write(Buffer.from('0123456789'));
      response.write(Buffer.alloc(5000, 'b'));
      response.end('é', [['X', '1']]);
    });
    expect(lines(text)).toBe(
      'HTTP/1.1 200 OK|Trailer: X|Transfer-Encoding: chunked||' +
        `5|hello|a|0123456789|1388|${'b'.repeat(5000)}|2|\xc3\xa9|0|X: 1||`,
    );
  });

  it('sends content with a known length as it is', () => {
    const { text } = answer(GET, (response) => {
      response.head(200, {}, { contentLength: 4, date: DATE, reason: 'Fine' });
      response.write('ab');
      response.end('cd');
    });
    expect(lines(text)).toBe(`HTTP/1.1 200 Fine|Date: ${DATE}|Content-Length: 4||abcd`);
  });

  it('uses Content-Length and Date of the fields', () => {
    const { text } = answer(GET, (response) => {
      response.head(200, { 'content-length': '2', date: 'then' }, { date: DATE });
      response.end('ab');
    });
    expect(lines(text)).toBe('HTTP/1.1 200 OK|content-length: 2|date: then||ab');
  });

  it('ends content with the connection for HTTP/1.0', () => {
    const { text, keeps } = answer(OLD_ALIVE, (response) => {
      response.head(200);
      response.write('ab');
      response.end('', { X: '1' });
    });
    expect(lines(text)).toBe('HTTP/1.1 200 OK|Connection: close||ab');
    expect(keeps).toBe(false);
  });

  it('keeps the connection of HTTP/1.0 if the client does and the length is known', () => {
    const alive = answer(OLD_ALIVE, (response) => response.respond(200, [], 'a'));
    expect(lines(alive.text)).toBe('HTTP/1.1 200 OK|Content-Length: 1|Connection: keep-alive||a');
    expect(alive.keeps).toBe(true);
    const closes = answer(OLD, (response) => response.respond(200, [], 'a'));
    expect(lines(closes.text)).toBe('HTTP/1.1 200 OK|Content-Length: 1|Connection: close||a');
    expect(closes.keeps).toBe(false);
  });

  it('closes if the client, the fields or the caller ask for it', () => {
    const client = { ...GET, keepsAlive: false };
    const expected = 'HTTP/1.1 200 OK|Content-Length: 0|Connection: close||';
    expect(lines(answer(client, (response) => response.respond(200, [], '')).text)).toBe(expected);
    const caller = answer(GET, (response) => {
      response.closeAfterwards();
      response.respond(200, [], '');
    });
    expect(lines(caller.text)).toBe(expected);
    const fields = answer(GET, (response) => response.respond(200, { connection: 'x, Close' }, ''));
    expect(lines(fields.text)).toBe('HTTP/1.1 200 OK|connection: x, Close|Content-Length: 0||');
    expect([caller.keeps, fields.keeps]).toEqual([false, false]);
  });

  it('answers HEAD with the head of GET', () => {
    const whole = answer(HEAD, (response) => response.respond(200, [], 'hello'));
    expect(lines(whole.text)).toBe('HTTP/1.1 200 OK|Content-Length: 5||');
    const pieces = answer(HEAD, (response) => {
      response.head(200);
      response.write('hello');
      response.end('', [['X', '1']]);
    });
    expect(lines(pieces.text)).toBe('HTTP/1.1 200 OK||');
    expect(pieces.keeps).toBe(true);
  });

  it('sends no length with 204, and one with 304 only if it is given', () => {
    const send = (status: number, fields: HTTPFields): string =>
      lines(answer(GET, (response) => response.respond(status, fields, '')).text);
    expect(send(204, [])).toBe('HTTP/1.1 204 No Content||');
    expect(send(304, [])).toBe('HTTP/1.1 304 Not Modified||');
    expect(send(304, { 'Content-Length': '5' })).toBe(
      'HTTP/1.1 304 Not Modified|Content-Length: 5||',
    );
    expect(send(205, [])).toBe('HTTP/1.1 205 Reset Content|Content-Length: 0||');
    expect(() => send(204, { 'Content-Length': '0' })).toThrow(HTTPSequenceError);
  });

  it('sends informational responses before the final one, but not to HTTP/1.0', () => {
    const act: Act = (response) => {
      response.informational(100);
      response.informational(103, { Link: '</a>' });
      response.respond(200, [], '');
    };
    expect(lines(answer(GET, act).text)).toBe(
      'HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: </a>||' +
        'HTTP/1.1 200 OK|Content-Length: 0||',
    );
    expect(lines(answer(OLD, act).text)).toBe(
      'HTTP/1.1 200 OK|Content-Length: 0|Connection: close||',
    );
  });

  it('ends HTTP with 101 and with 2xx to CONNECT', () => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket' };
    const switched = answer(GET, (response) => {
      response.head(101, upgrade);
      response.end();
    });
    expect(lines(switched.text)).toBe(
      'HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||',
    );
    const connected = answer(CONNECT, (response) => response.respond(200, [], ''));
    expect(lines(connected.text)).toBe('HTTP/1.1 200 OK||');
    expect([switched.keeps, connected.keeps]).toEqual([false, false]);
    const refused = answer(CONNECT, (response) => response.respond(403, [], 'no'));
    expect(lines(refused.text)).toBe('HTTP/1.1 403 Forbidden|Content-Length: 2||no');
  });

  it.each<[string, Act]>([
    ['CR LF in a value', (r) => r.respond(200, { X: 'a\r\nb' }, '')],
    ['LF in a value', (r) => r.respond(200, { X: 'a\nb' }, '')],
    ['NUL in a value', (r) => r.respond(200, { X: 'a\0b' }, '')],
    [
      'a character above Latin-1 that is truncated to LF',
      (r) => r.respond(200, { X: '\u010a' }, ''),
    ],
    ['LF in a name', (r) => r.respond(200, { 'X\n': 'a' }, '')],
    ['a colon in a name', (r) => r.respond(200, { 'X:': 'a' }, '')],
    ['an empty name', (r) => r.respond(200, { '': 'a' }, '')],
    ['a name above ASCII', (r) => r.respond(200, { é: 'a' }, '')],
    ['CR in a reason phrase', (r) => r.head(200, {}, { reason: 'O\rK' })],
    ['LF in Date', (r) => r.respond(200, {}, '', 'a\nb')],
    ['Transfer-Encoding', (r) => r.respond(200, { 'transfer-encoding': 'chunked' }, '')],
    ['two lengths', (r) => r.respond(200, { 'Content-Length': ['1', '1'] }, 'a')],
    ['a length with a sign', (r) => r.respond(200, { 'Content-Length': '+1' }, 'a')],
    ['a huge length', (r) => r.head(200, { 'Content-Length': '9007199254740992' })],
    ['LF in an informational response', (r) => r.informational(103, { X: '\n' })],
    ['two Hosts', (r) => r.respond(200, { Host: ['a', 'a'] }, '')],
  ])('refuses %s, and sends nothing', (_what, act) => {
    const written = new Written();
    const response = new ResponseSerializer(written);
    response.begin(GET);
    expect(() => act(response)).toThrow(InvalidHTTPOutputError);
    expect(written.pieces).toEqual([]);
    response.respond(500, [], '');
    expect(lines(written.text)).toBe('HTTP/1.1 500 Internal Server Error|Content-Length: 0||');
  });

  it.each([
    'Content-Length',
    'transfer-encoding',
    'Host',
    'Connection',
    'TE',
    'Trailer',
    'Upgrade',
  ])('refuses %s in the trailers', (name) => {
    const act: Act = (response) => {
      response.head(200);
      response.end('', { [name]: '1' });
    };
    expect(() => answer(GET, act)).toThrow(InvalidHTTPOutputError);
  });

  it.each<[string, Act]>([
    ['more than Content-Length in one piece', (r) => r.write('abc')],
    ['less than Content-Length', (r) => r.end('a')],
    ['more than Content-Length at the end', (r) => r.end('abc')],
  ])('refuses %s', (_what, act) => {
    const written = new Written();
    const response = new ResponseSerializer(written);
    response.begin(GET);
    response.head(200, {}, { contentLength: 2 });
    const before = written.text;
    expect(() => act(response)).toThrow(HTTPContentLengthError);
    expect(written.text).toBe(before);
    response.end('ab');
    expect(written.text).toBe(`${before}ab`);
  });

  it('refuses two different lengths', () => {
    const fields = { 'Content-Length': '3' };
    expect(() => answer(GET, (r) => r.respond(200, fields, 'ab'))).toThrow(HTTPContentLengthError);
    expect(() => answer(GET, (r) => r.head(200, fields, { contentLength: 2 }))).toThrow(
      HTTPContentLengthError,
    );
  });

  it.each<[string, Act]>([
    ['a second response', (r) => r.respond(200, [], '')],
    ['content behind the end', (r) => r.write('a')],
    ['a second end', (r) => r.end()],
    ['an informational response behind the final one', (r) => r.informational(103)],
  ])('refuses %s', (_what, act) => {
    const written = new Written();
    const response = new ResponseSerializer(written);
    response.begin(GET);
    response.respond(200, [], '');
    expect(() => act(response)).toThrow(HTTPSequenceError);
    expect(written.pieces.length).toBe(1);
  });

  it.each<[string, Act]>([
    ['content with 204', (r) => r.respond(204, [], 'a')],
    ['content with 304', (r) => r.respond(304, [], 'a')],
    ['101 as informational', (r) => r.informational(101)],
    ['content before the head', (r) => r.write('a')],
    ['a request while one is not answered', (r) => r.begin(GET)],
  ])('refuses %s', (_what, act) => {
    expect(() => answer(GET, act)).toThrow(HTTPSequenceError);
  });

  it('refuses another request behind a response that ends the connection, and within one', () => {
    const response = new ResponseSerializer(new Written());
    response.begin(OLD);
    response.head(200);
    expect(() => response.begin(GET)).toThrow(HTTPSequenceError);
    response.end();
    expect(() => response.begin(GET)).toThrow(HTTPSequenceError);
  });

  it.each([99, 100, 199, 1000, 200.5])('refuses the final status %d', (status) => {
    expect(() => answer(GET, (response) => response.respond(status, [], ''))).toThrow(RangeError);
  });

  it('refuses arguments of other types', () => {
    const calls: Act[] = [
      (r) => r.respond('200' as never, [], ''),
      (r) => r.respond(200, 5 as never, ''),
      (r) => r.respond(200, null as never, ''),
      (r) => r.respond(200, { X: 5 } as never, ''),
      (r) => r.respond(200, { X: [5] } as never, ''),
      (r) => r.respond(200, [[5, 'a']] as never, ''),
      (r) => r.respond(200, [], 5 as never),
    ];
    for (const call of calls) expect(() => answer(GET, call)).toThrow(TypeError);
    expect(() => new ResponseSerializer({} as never)).toThrow(TypeError);
  });

  it('refuses unknown options', async () => {
    const head = (options: object): void => void answer(GET, (r) => r.head(200, [], options));
    expect((await unknownOptionOf(() => head({ lenght: 1 }))).option).toBe('lenght');
  });
});

const HOST: HTTPFields = { Host: 'example.org' };

describe('RequestSerializer', () => {
  it('sends a request without content in one write', () => {
    const { text, writes } = ask((request) => request.request('GET', '/a?b', HOST));
    expect(lines(text)).toBe('GET /a?b HTTP/1.1|Host: example.org||');
    expect(writes).toBe(1);
  });

  it('announces the length of content, and of none if the method has content by definition', () => {
    expect(lines(ask((r) => r.request('POST', '/', HOST)).text)).toBe(
      'POST / HTTP/1.1|Host: example.org|Content-Length: 0||',
    );
    expect(lines(ask((r) => r.request('DELETE', '/', HOST, 'é')).text)).toBe(
      'DELETE / HTTP/1.1|Host: example.org|Content-Length: 2||\xc3\xa9',
    );
  });

  it('chunks content of unknown length', () => {
    const { text } = ask((request) => {
      request.head('PUT', '/', HOST);
      request.write('ab');
      request.end('', [['X', '1']]);
    });
    expect(lines(text)).toBe(
      'PUT / HTTP/1.1|Host: example.org|Transfer-Encoding: chunked||2|ab|0|X: 1||',
    );
  });

  it('sends content with a known length as it is', () => {
    const { text } = ask((request) => {
      request.head('PUT', '/', HOST, { contentLength: 2 });
      expect(() => request.end('a')).toThrow(HTTPContentLengthError);
      request.end('ab');
    });
    expect(lines(text)).toBe('PUT / HTTP/1.1|Host: example.org|Content-Length: 2||ab');
  });

  it('sends all forms of targets', () => {
    const sent = ask((request) => {
      request.request('OPTIONS', '*', HOST);
      request.request('GET', 'http://example.org/x', HOST);
      request.request('CONNECT', 'example.org:443', HOST);
    });
    expect(sent.text.match(/^\w+ \S+ HTTP/gm)).toEqual([
      'OPTIONS * HTTP',
      'GET http://example.org/x HTTP',
      'CONNECT example.org:443 HTTP',
    ]);
  });

  it.each<[string, string, string, HTTPFields]>([
    ['a space in the method', 'GE T', '/', HOST],
    ['LF in the method', 'GET\n', '/', HOST],
    ['an empty method', '', '/', HOST],
    ['a space in the target', 'GET', '/a b', HOST],
    ['CR LF in the target', 'GET', '/a\r\nX: b', HOST],
    ['a character above ASCII in the target', 'GET', '/é', HOST],
    ['a character that is truncated to LF in the target', 'GET', '/\u010a', HOST],
    ['a fragment', 'GET', '/#a', HOST],
    ['an empty target', 'GET', '', HOST],
    ['a relative target', 'GET', 'a', HOST],
    ['an authority without CONNECT', 'GET', 'a:80', HOST],
    ['a path with CONNECT', 'CONNECT', '/', HOST],
    ['no Host', 'GET', '/', {}],
    ['two Hosts', 'GET', '/', { Host: 'a', host: 'a' }],
    ['a Host with a path', 'GET', '/', { Host: 'a/b' }],
    ['a Host with LF', 'GET', '/', { Host: 'a\nb' }],
    ['Transfer-Encoding', 'POST', '/', { Host: 'a', 'Transfer-Encoding': 'gzip' }],
  ])('refuses %s, and sends nothing', (_what, method, target, fields) => {
    const written = new Written();
    const serializer = new RequestSerializer(written);
    expect(() => serializer.request(method, target, fields)).toThrow(InvalidHTTPOutputError);
    expect(() => serializer.head(method, target, fields)).toThrow();
    expect(written.pieces).toEqual([]);
    serializer.request('GET', '/', HOST);
  });

  it('refuses content of CONNECT and TRACE', () => {
    expect(() => ask((r) => r.request('TRACE', '/', HOST, 'a'))).toThrow(HTTPSequenceError);
    expect(() => ask((r) => r.head('CONNECT', 'a:1', HOST))).toThrow(HTTPSequenceError);
  });

  it('refuses a Content-Length that is not that of the content', () => {
    const fields = { Host: 'a', 'Content-Length': '1' };
    expect(() => ask((r) => r.request('GET', '/', fields))).toThrow(HTTPContentLengthError);
    expect(() => ask((r) => r.request('PUT', '/', fields, 'ab'))).toThrow(HTTPContentLengthError);
    expect(() => ask((r) => r.head('PUT', '/', fields, { contentLength: 2 }))).toThrow(
      HTTPContentLengthError,
    );
  });

  it('refuses a request within another, and behind one that ended the connection', () => {
    ask((request) => {
      request.head('PUT', '/', HOST);
      expect(() => request.request('GET', '/', HOST)).toThrow(HTTPSequenceError);
      request.end();
      request.request('GET', '/', { Host: 'a', Connection: 'close' });
      expect(request.keepsAlive).toBe(false);
      expect(() => request.request('GET', '/', HOST)).toThrow(HTTPSequenceError);
    });
  });

  it('refuses unknown options', async () => {
    const head = (options: object): void => void ask((r) => r.head('PUT', '/', HOST, options));
    expect((await unknownOptionOf(() => head({ length: 1 }))).option).toBe('length');
  });
});

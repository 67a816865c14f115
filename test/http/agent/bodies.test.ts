/** Authentication, JSON and forms, in memory. */
import { describe, expect, it } from 'vitest';
import {
  type AgentRequestOptions,
  type FormPart,
  InvalidHTTPOutputError,
} from '../../../src/http/index.js';
import { MultipartParser } from '../../../src/http/multipart-form.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../../../src/index.js';
import { later } from '../client/memory-servers.js';
import { Agented } from './memory-agent.js';

async function sentFor(options: AgentRequestOptions, url = 'http://a/'): Promise<string> {
  const agented = new Agented({ makeBoundary: () => 'limit' });
  agented.agent.request(url, { method: 'POST', ...options });
  await later();
  await new Promise((resolve) => setImmediate(resolve));
  await later();
  return Buffer.from(agented.server.sent, 'latin1').toString();
}

function contentOf(request: string): string {
  return request.slice(request.indexOf('\r\n\r\n') + 4);
}

describe('Basic authentication', () => {
  const auth = { username: 'me', password: 'é:x' };
  const FIELD = `Authorization: Basic ${Buffer.from('me:é:x').toString('base64')}\r\n`;

  it('of a request is sent, also to the same origin by a redirection, and to no other', () => {
    const agented = new Agented();
    agented.agent.get('http://a/', { auth });
    expect(agented.server.sent).toContain(FIELD);
    agented.server.answer('HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n');
    expect(agented.server.sent).toContain(FIELD);
    agented.server.answer('HTTP/1.1 302 Found\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n');
    expect(agented.at('http://b').last.sent).not.toContain('Authorization');
  });

  it('of an agent is sent to the origin of baseURL only', () => {
    const agented = new Agented({ baseURL: 'http://a/', auth });
    agented.agent.get('/x');
    expect(agented.server.sent).toContain(FIELD);
    agented.agent.get('http://b/');
    expect(agented.at('http://b').last.sent).not.toContain('Authorization');
    agented.agent.get('/y', { fields: { authorization: 'Bearer own' } });
    const own = agented.server.sent;
    expect([own.includes('authorization: Bearer own\r\n'), own.includes(FIELD)]).toEqual([
      true,
      false,
    ]);
    expect(() => new Agented({ auth })).toThrow(InvalidArgumentValueError);
  });

  it('is checked without showing the password', () => {
    const { agent } = new Agented();
    for (const wrong of [
      { username: 'a:b', password: 'secret' },
      { username: 1, password: 'secret' },
      { username: 'a' },
    ]) {
      expect(() => agent.get('http://a/', { auth: wrong as never })).toThrow(/^(?!.*secret)/);
    }
  });
});

describe('content made of a value', () => {
  it('is JSON', async () => {
    const request = await sentFor({ json: { a: 'é' } });
    expect(request).toContain('Content-Type: application/json\r\n');
    expect(contentOf(request)).toBe('{"a":"é"}');
    const own = await sentFor({ json: [], fields: { 'content-type': 'application/a+json' } });
    expect(own.match(/content-type/gi)).toHaveLength(1);
    expect(contentOf(await sentFor({ json: null }))).toBe('null');
  });

  it('is a form', async () => {
    const request = await sentFor({ form: { a: ['1', 2], 'b c': '&é' } });
    expect(request).toContain('Content-Type: application/x-www-form-urlencoded\r\n');
    expect(contentOf(request)).toBe('a=1&a=2&b+c=%26%C3%A9');
    expect(contentOf(await sentFor({ form: new URLSearchParams('x=y') }))).toBe('x=y');
  });

  it('is a form with files, that a server reads', async () => {
    const form = new FormData();
    form.set('text', 'é');
    form.set('file', new File(['abc'], 'a"b\n.txt', { type: 'text/x' }));
    const request = await sentFor({ multipart: form });
    expect(request).toContain('Content-Type: multipart/form-data; boundary=limit\r\n');
    const length = Buffer.byteLength(contentOf(request));
    expect(request).toContain(`Content-Length: ${length}\r\n`);
    expect(partsOf(contentOf(request))).toEqual([
      [{ name: 'text', filename: undefined, contentType: 'text/plain' }, 'é'],
      [{ name: 'file', filename: 'a"b\n.txt', contentType: 'text/x' }, 'abc'],
    ]);
  });

  it('is a form of parts, chunked unless all lengths are known', async () => {
    const parts = [
      { name: 'a', content: Buffer.from('1') },
      { name: 'b', content: () => ['2', '3'], contentLength: 2, filename: 'f' },
      { name: 'c', content: new Blob(['4']), contentType: 'text/csv' },
    ];
    const request = await sentFor({ multipart: parts });
    expect(request).toContain('Content-Length: ');
    expect(partsOf(contentOf(request))).toEqual([
      [{ name: 'a', filename: undefined, contentType: 'text/plain' }, '1'],
      [{ name: 'b', filename: 'f', contentType: 'application/octet-stream' }, '23'],
      [{ name: 'c', filename: 'blob', contentType: 'text/csv' }, '4'],
    ]);
    const chunked = await sentFor({ multipart: [{ name: 'a', content: () => ['x'] }] });
    expect(chunked).toContain('Transfer-Encoding: chunked\r\n');
  });

  it('is sent again after a redirection', async () => {
    const agented = new Agented();
    agented.agent.post('http://a/', { multipart: [{ name: 'a', content: 'x' }] });
    await later();
    const first = contentOf(agented.server.sent);
    agented.server.answer('HTTP/1.1 307 Go\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n');
    await later();
    const second = agented.server.sent;
    expect(second).toMatch(/^POST \/y /);
    expect(contentOf(second)).toBe(first);
    expect(first).toContain('name="a"');
  });

  it.each([
    ['two of them', { json: 1, form: {} }, InvalidArgumentValueError],
    ['a function', { json: () => 1 }, InvalidArgumentTypeError],
    ['a bigint', { json: 1n }, InvalidArgumentValueError],
    ['a number as form', { form: 1 }, InvalidArgumentTypeError],
    ['a number as multipart', { multipart: 1 }, InvalidArgumentTypeError],
    ['a part without content', { multipart: [{ name: 'a' }] }, InvalidArgumentTypeError],
    ['an unknown option of a part', { multipart: [{ name: 'a', content: '', x: 1 }] }, TypeError],
    [
      'a type with a line break',
      { multipart: [{ name: 'a', content: '', contentType: 'a\r\nb: c' }] },
      InvalidHTTPOutputError,
    ],
    [
      'a length of text',
      { multipart: [{ name: 'a', content: '', contentLength: 0 }] },
      InvalidArgumentValueError,
    ],
    ['a length of JSON', { json: 1, contentLength: 1 }, InvalidArgumentValueError],
  ] as [string, object, new () => Error][])(
    'refuses %s at the call',
    (_what, options, expected) => {
      const { agent } = new Agented();
      expect(() => agent.post('http://a/', options)).toThrow(expected);
    },
  );
});

function partsOf(content: string): [FormPart, string][] {
  const parser = new MultipartParser('limit');
  parser.receive(Buffer.from(content));
  const parts: [FormPart, string][] = [];
  for (let event = parser.next(); event !== undefined && event !== 'end'; event = parser.next()) {
    const last = parts.at(-1);
    if (event === 'part') parts.push([parser.part, '']);
    else if (event === 'data' && last !== undefined) last[1] += String(parser.data);
  }
  return parts;
}

/** One table of requests over HTTP/1.1 and HTTP/2: the same handler gives the same answers, except for fields of the connection. */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  EventStreams,
  type HTTPHandler,
  HTTPStatusError,
  partsOf,
  RequestCookies,
  serializeSetCookie,
  staticFiles,
} from '../../../src/http/index.js';
import { flushLoggedErrors } from '../../../src/testing/index.js';
import { MODIFIED, StaticFolder } from '../static-folder.js';
import { Client1, Client2, type Exchange, type MakeHandler, type Room } from './both-versions.js';

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
const folder = new StaticFolder();
folder.write('digits.txt', '0123456789');
folder.write('large.txt', 'x'.repeat(300_000));
folder.write('page.css', 'plain');
folder.write('page.css.gz', 'gzipped!');
const files = staticFiles(folder.root, { precompressed: ['gzip'] });
const shrinking = staticFiles(folder.root, {
  cacheBytes: 0,
  mediaTypes: () => {
    truncateSync(join(folder.root, 'shrinking.bin'), 1_000);
    return 'text/plain';
  },
});
afterAll(() => folder.remove());
afterEach(() => void flushLoggedErrors());

const LATER = 'Mon, 03 Feb 2025 04:05:06 GMT';
const EARLIER = 'Sat, 03 Feb 2018 04:05:06 GMT';

const READING = new Set(['/cookies', '/form', '/parts', '/json', '/target']);

/** Answers about what it has received. */
const reading: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/cookies':
      for (const name of ['a', 'b']) {
        response.addField('Set-Cookie', serializeSetCookie({ name, value: 'x', maxAgeSeconds: 5 }));
      }
      return response.sendJSON([...new RequestCookies(request.field('cookie'))]);
    case '/form':
      return response.sendJSON([...(await request.form())]);
    case '/parts': {
      const parts: unknown[] = [];
      for await (const part of partsOf(request)) {
        const { name, filename, contentType } = part;
        parts.push([name, filename, contentType, String(await part.bytes())]);
      }
      return response.sendJSON(parts);
    }
    case '/json':
      return response.sendJSON({ sent: await request.json() });
    default:
      return response.sendJSON([request.method, request.target, request.query, request.host]);
  }
};

/** Handlers that fail. */
const failing: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/throw/status':
      throw new HTTPStatusError(409, 'no');
    case '/throw/later':
      response.setField('Content-Length', 10).write('begun');
      throw new Error('broken');
    case '/throw/pieces':
      return response.sendFrom(brokenPieces());
    case '/throw/nothing':
      return undefined;
    default:
      throw new Error('broken');
  }
};

async function* brokenPieces(): AsyncGenerator<string> {
  yield 'x'.repeat(100);
  throw new Error('broken');
}

function handlerOf(streams: EventStreams): HTTPHandler {
  return async (request, response) => {
    if (request.path === '/events') {
      const stream = streams.open(request, response);
      stream.send({ id: '1', event: 'price', data: `${stream.lastEventId}\n42` });
      stream.send('more');
      return stream.close();
    }
    if (request.path === '/shrinking.bin') {
      folder.write('shrinking.bin', 'x'.repeat(300_000));
      return shrinking(request, response);
    }
    if (request.path.startsWith('/throw')) return failing(request, response);
    if (READING.has(request.path)) return reading(request, response);
    return handler(request, response);
  };
}

const handler: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      return response.sendFrom(request);
    case '/length':
      return response.send(String((await request.bytes()).length));
    case '/large':
      return response.sendFrom(Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(3_001)));
    case '/pieces':
      response.setField('Content-Type', 'text/plain').setTrailer('Sum', '3').write(TEXT);
      return response.end('c');
    case '/text':
      return response.setField('Content-Type', 'text/plain').setField('ETag', '"a"').send(TEXT);
    case '/created':
      response.status = 201;
      return response.setField('Location', '/text').send('');
    default:
      return files(request, response);
  }
};

const GZIP = [['Accept-Encoding', 'gzip']] as const;

const MULTIPART = 'multipart/form-data; boundary=b';
const PARTS = [
  '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n',
  '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n',
  `Content-Type: image/png\r\n\r\n${'z'.repeat(30_000)}\r\n--b--\r\n`,
].join('');

function post(path: string, content: string, type: string): Exchange {
  return { path, content, fields: [['Content-Type', type]] };
}

function range(name: string, value: string): Exchange {
  return {
    path: '/digits.txt',
    fields: [
      ['Range', 'bytes=2-5'],
      [name, value],
    ],
  };
}

function field(_: unknown, at: number): [string, string] {
  return [`A${at}`, 'b'];
}

const TABLE: Readonly<Record<string, readonly [status: number, exchange: Exchange]>> = {
  'a text': [200, { path: '/text' }],
  'HEAD of a text': [200, { path: '/text', method: 'HEAD' }],
  'a stream': [200, { path: '/large' }],
  'pieces with a trailer': [200, { path: '/pieces' }],
  'content that is sent back': [
    200,
    { path: '/echo', content: 'z'.repeat(50_000), method: 'POST' },
  ],
  'content that is gathered': [200, { path: '/length', content: TEXT, method: 'POST' }],
  'too much content': [413, { path: '/length', content: 'z'.repeat(100_001), method: 'POST' }],
  'a known entity tag': [304, { path: '/text', fields: [['If-None-Match', '"a"']] }],
  'a failed condition': [412, { path: '/text', fields: [['If-Match', '"b"']] }],
  '201 without content': [201, { path: '/created' }],
  'a compressed text': [200, { path: '/text', fields: GZIP }],
  'compressed pieces': [200, { path: '/pieces', fields: GZIP }],
  'HEAD of a compressed text': [200, { path: '/text', method: 'HEAD', fields: GZIP }],
  'gzip with q=0': [200, { path: '/text', fields: [['Accept-Encoding', 'gzip;q=0']] }],
  'a file': [200, { path: '/digits.txt' }],
  'a large file': [200, { path: '/large.txt' }],
  'HEAD of a file': [200, { path: '/digits.txt', method: 'HEAD' }],
  'a range': [206, { path: '/digits.txt', fields: [['Range', 'bytes=2-5']] }],
  'a range outside of the file': [416, { path: '/digits.txt', fields: [['Range', 'bytes=20-']] }],
  'a file that does not exist': [404, { path: '/none.txt' }],
  'a method that files lack': [405, { path: '/digits.txt', method: 'DELETE' }],
  'several ranges': [206, { path: '/digits.txt', fields: [['Range', 'bytes=0-1,4-5,-1']] }],
  'a range of a large file': [206, { path: '/large.txt', fields: [['Range', 'bytes=100-250000']] }],
  'a precompressed file': [200, { path: '/page.css', fields: GZIP }],
  'a file whose precompressed form is not accepted': [200, { path: '/page.css' }],
  'a range of a precompressed file': [
    206,
    { path: '/page.css', fields: [...GZIP, ['Range', 'bytes=1-2']] },
  ],
  'a file that was not modified since': [
    304,
    { path: '/digits.txt', fields: [['If-Modified-Since', LATER]] },
  ],
  'a file that was modified since': [
    200,
    { path: '/digits.txt', fields: [['If-Modified-Since', EARLIER]] },
  ],
  'a file that was modified, and must not be': [
    412,
    { path: '/digits.txt', fields: [['If-Unmodified-Since', EARLIER]] },
  ],
  'a range of a file that was modified': [200, range('If-Range', EARLIER)],
  'a range of a file that was not modified': [206, range('If-Range', MODIFIED.toUTCString())],
  'a date that is none': [200, { path: '/digits.txt', fields: [['If-Modified-Since', 'today']] }],
  'an event stream': [200, { path: '/events', fields: [['Last-Event-ID', '7']] }],
  'several cookies': [200, { path: '/cookies', fields: [['Cookie', 'a=1; b="2"; c']] }],
  'a form': [200, post('/form', 'a=1&b=%20+c&a=', 'application/x-www-form-urlencoded')],
  'a form in another type': [415, post('/form', 'a=1', 'text/plain')],
  'a form with a bad escape': [200, post('/form', 'a=%', 'application/x-www-form-urlencoded')],
  'a form in parts': [200, post('/parts', PARTS, MULTIPART)],
  'a form in parts without an end': [400, post('/parts', '--b\r\n', MULTIPART)],
  JSON: [200, post('/json', '{"a":[1,"\\u00e9"]}', 'application/json')],
  'malformed JSON': [400, post('/json', '{"a":', 'application/json')],
  'a query': [200, { path: '/target?a=%20b&c' }],
  'a long target': [414, { path: `/${'a'.repeat(9_000)}` }],
  'a large head': [431, { path: '/text', fields: [['A', 'x'.repeat(17_000)]] }],
  'too many fields': [431, { path: '/text', fields: Array.from({ length: 120 }, field) }],
  'content that does not come': [408, { path: '/length', content: 'abc', missing: 3 }],
  'a handler that throws': [500, { path: '/throw' }],
  'a handler that throws a status': [409, { path: '/throw/status' }],
  'a handler that throws behind the head': [200, { path: '/throw/later' }],
  'a handler whose pieces fail': [200, { path: '/throw/pieces' }],
  'a handler that does not answer': [500, { path: '/throw/nothing' }],
  'a file that becomes shorter': [200, { path: '/shrinking.bin' }],
};

/** The answers that end before their announced end. */
const BROKEN = new Set([
  'a handler that throws behind the head',
  'a handler whose pieces fail',
  'a file that becomes shorter',
]);

const ROOMS: Readonly<Record<string, Room>> = {
  'with room': {},
  'with small windows and transports': { capacity: 10_000, windowBytes: 65_535 },
};

describe.each(Object.entries(ROOMS))('HTTP/1.1 and HTTP/2 give the same answer %s', (_, room) => {
  it.each(Object.entries(TABLE))('to %s', async (name, [status, exchange]) => {
    const options = { compression: true, maxContentBytes: 100_000 };
    const make: MakeHandler = (clock) => handlerOf(new EventStreams(clock));
    const first = await new Client1(make, options, room).ask(exchange);
    expect([first.status, first.end]).toEqual([status, BROKEN.has(name) ? 'broken' : 'whole']);
    const second = await new Client2(make, options, room).ask(exchange);
    // Over HTTP/2 the head is refused before there is a request: this answer has no page.
    const page = status === 431 ? { fields: ['content-length: 0'], content: '' } : {};
    expect(second).toEqual({ ...first, ...page });
  });
});

/** One table of requests over HTTP/1.1 and HTTP/2: the same handler gives the same answers, except for fields of the connection. */
import { afterAll, describe, expect, it } from 'vitest';
import { type HTTPHandler, type HTTPServerOptions, staticFiles } from '../../../src/http/index.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { Served as Served1, until } from '../served.js';
import { StaticFolder } from '../static-folder.js';
import { Served as Served2 } from './served.js';

interface Exchange {
  readonly path: string;
  readonly method?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly content?: string;
}

interface Answer {
  readonly status: number | undefined;
  readonly fields: Record<string, string>;
  readonly content: string;
  readonly trailers: Record<string, string>;
}

const FRAMING = new Set(['connection', 'transfer-encoding', 'trailer', 'date', 'keep-alive']);

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
const folder = new StaticFolder();
folder.write('digits.txt', '0123456789');
folder.write('large.txt', 'x'.repeat(300_000));
const files = staticFiles(folder.root);
afterAll(() => folder.remove());

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

function select(fields: Iterable<readonly [string, string]>): Record<string, string> {
  const lower = [...fields].map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lower.filter(([name]) => !FRAMING.has(name)));
}

async function overHTTP1(exchange: Exchange, options: HTTPServerOptions): Promise<Answer> {
  const { method = 'GET', path, fields = [], content } = exchange;
  const served = new Served1(handler, options);
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = content === undefined ? '' : `Content-Length: ${content.length}\r\n`;
  const parser = new ResponseParser();
  parser.requestSent(method);
  served.transport.receive(
    `${method} ${path} HTTP/1.1\r\nHost: a\r\n${lines}${length}\r\n${content ?? ''}`,
  );
  let answer: Answer = { status: undefined, fields: {}, content: '', trailers: {} };
  let isComplete = false;
  await until(() => {
    parser.receive(Buffer.from(served.sent(), 'latin1'));
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'data') {
        answer = { ...answer, content: answer.content + parser.data.toString('latin1') };
      } else if (event === 'end') {
        answer = { ...answer, trailers: select(parser.trailers?.rawFields() ?? []) };
        isComplete = true;
      } else {
        const { status } = parser.head;
        answer = { ...answer, status, fields: select(parser.head.rawFields()) };
      }
    }
    return isComplete;
  }, 'the answer over HTTP/1.1');
  return answer;
}

async function overHTTP2(exchange: Exchange, options: HTTPServerOptions): Promise<Answer> {
  const { method, path, fields = [], content } = exchange;
  const served = new Served2(handler, options);
  const length = content === undefined ? [] : [['content-length', String(content.length)] as const];
  const lower = fields.map(([name, value]) => [name.toLowerCase(), value] as const);
  const target = method === undefined ? {} : { method };
  const received = served.request(path, [...lower, ...length], content, target);
  if (content !== undefined) received.stream.write(Buffer.alloc(0), true);
  await until(() => {
    served.settle();
    return received.end !== undefined;
  }, 'the answer over HTTP/2');
  expect(received.end).toBe('end');
  const trailers = select(Object.entries(received.trailers ?? {}));
  const { status, content: text } = received;
  return { status, fields: select(Object.entries(received.fields)), content: text, trailers };
}

const GZIP = [['Accept-Encoding', 'gzip']] as const;

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
};

describe('HTTP/1.1 and HTTP/2 give the same answer', () => {
  it.each(Object.entries(TABLE))('to %s', async (_, [status, exchange]) => {
    const options = { compression: true, maxContentBytes: 100_000 };
    const first = await overHTTP1(exchange, options);
    expect(first.status).toBe(status);
    expect(await overHTTP2(exchange, options)).toEqual(first);
  });
});

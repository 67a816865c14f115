/** Random messages through serializer and parser, and random bytes through the parsers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HTTPMessageError } from '../../../src/protocols/http/errors.js';
import type {
  HTTPContent,
  MessageSerializer,
} from '../../../src/protocols/http/message-serializer.js';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import { RequestSerializer } from '../../../src/protocols/http/request-serializer.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { ResponseSerializer } from '../../../src/protocols/http/response-serializer.js';
import { randomOf, randomRequests, randomResponse } from './differential/messages.js';
import { requestEvents, responseEvents } from './events.js';
import { Written } from './written.js';

const MEMORY_LIMITS = {
  maxHeadBytes: 256,
  maxTrailerBytes: 64,
  maxChunkExtensionBytes: 64,
  maxContentBytes: 1024,
} as const;
/** The most that a parser keeps of an unfinished part, without the last chunk. */
const MOST_KEPT_BYTES = 256;

type Field = readonly [name: string, value: string];

const token = fc.stringMatching(/^X-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,8}[!-~\x80-\xff])?)?$/);
const fields = fc.array(fc.tuple(token, value), { maxLength: 5 });
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 4090, max: 4100 }).map((length) => Buffer.alloc(length, 'x')),
);
const content = fc.record({
  pieces: fc.array(piece, { maxLength: 4 }),
  trailers: fields,
  framing: fc.constantFrom('whole', 'length', 'chunked'),
});
type Content = typeof content extends fc.Arbitrary<infer Type> ? Type : never;

function bytesOf(pieces: readonly HTTPContent[]): Buffer {
  return Buffer.concat(pieces.map((one) => Buffer.from(one as string)));
}

function splitAt(bytes: Buffer, seed: number): Buffer[] {
  const random = randomOf(seed);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random(random(3) === 0 ? 5000 : 20));
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}

interface Received {
  start: string;
  fields: Field[];
  content: string;
  trailers: Field[];
}

function receive(parser: RequestParser | ResponseParser, chunks: readonly Buffer[]): Received[] {
  const received: Received[] = [];
  const take = (): void => {
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      const { head } = parser;
      if (event === 'head') {
        const start = 'method' in head ? `${head.method} ${head.target}` : `${head.status}`;
        received.push({ start, fields: [...head.rawFields()], content: '', trailers: [] });
      }
      const last = received.at(-1);
      if (last === undefined) throw new Error(`${event} before a head`);
      if (event === 'data') last.content += parser.data.toString('latin1');
      if (event === 'end') last.trailers = [...(parser.trailers?.rawFields() ?? [])];
    }
  };
  for (const chunk of chunks) {
    parser.receive(chunk);
    take();
    chunk.fill(0xdb);
  }
  parser.endOfInput();
  take();
  expect(parser.isInMessage).toBe(false);
  return received;
}

function writeContent(
  serializer: MessageSerializer,
  { pieces, trailers }: Content,
  chunked: boolean,
): void {
  for (const one of pieces) serializer.write(one);
  serializer.end('', chunked ? trailers : undefined);
}

const FRAMING_FIELDS = /^(?:content-length|transfer-encoding|connection)$/i;

function own(received: readonly Received[]): Received[] {
  return received.map((message) => ({
    ...message,
    fields: message.fields.filter(([name]) => !FRAMING_FIELDS.test(name)),
  }));
}

describe('messages', () => {
  it('of requests are parsed as they were serialized', () => {
    const request = fc.record({
      method: fc.oneof(fc.constantFrom('GET', 'POST', 'DELETE'), token),
      target: fc.stringMatching(/^\/[!"$-~]{0,20}$/),
      fields,
      content,
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 3 }), fc.nat(), (sent, seed) => {
        const written = new Written();
        const serializer = new RequestSerializer(written);
        for (const { method, target, fields: others, content: one } of sent) {
          const all: Field[] = [['Host', 'a'], ...others];
          const { length } = bytesOf(one.pieces);
          if (one.framing === 'whole') serializer.request(method, target, all, bytesOf(one.pieces));
          else {
            const options = one.framing === 'length' ? { contentLength: length } : {};
            serializer.head(method, target, all, options);
            writeContent(serializer, one, one.framing === 'chunked');
          }
        }
        const parser = new RequestParser();
        expect(own(receive(parser, splitAt(written.bytes, seed)))).toEqual(
          sent.map(
            ({ method, target, fields: others, content: { pieces, framing, trailers } }) => ({
              start: `${method} ${target}`,
              fields: [['Host', 'a'], ...others],
              content: bytesOf(pieces).toString('latin1'),
              trailers: framing === 'chunked' ? trailers : [],
            }),
          ),
        );
      }),
    );
  });

  it('of responses are parsed as they were serialized', () => {
    const response = fc.record({
      method: fc.constantFrom('GET', 'HEAD'),
      version: fc.constantFrom('1.0', '1.1'),
      status: fc.constantFrom(200, 204, 206, 304, 404, 599),
      fields,
      content,
    });
    fc.assert(
      fc.property(fc.array(response, { maxLength: 3 }), fc.nat(), (sent, seed) => {
        const written = new Written();
        const serializer = new ResponseSerializer(written);
        const parser = new ResponseParser();
        const expected: Received[] = [];
        for (const { method, version, status, fields: others, content: one } of sent) {
          if (!serializer.keepsAlive) break;
          serializer.begin({ method, version, keepsAlive: true });
          parser.requestSent(method);
          const isEmpty = status === 204 || status === 304;
          const pieces = isEmpty ? [] : one.pieces;
          const bytes = bytesOf(pieces);
          const chunked =
            one.framing === 'chunked' && version === '1.1' && !isEmpty && method === 'GET';
          if (one.framing === 'whole') serializer.respond(status, others, bytes);
          else {
            const hasLength = one.framing === 'length' && !isEmpty;
            serializer.head(status, others, hasLength ? { contentLength: bytes.length } : {});
            writeContent(serializer, { ...one, pieces }, one.framing === 'chunked');
          }
          expected.push({
            start: `${status}`,
            fields: [...others],
            content: method === 'HEAD' ? '' : bytes.toString('latin1'),
            trailers: chunked ? one.trailers : [],
          });
        }
        expect(own(receive(parser, splitAt(written.bytes, seed)))).toEqual(expected);
      }),
    );
  });
});

/** Parses to the end or to an error, and checks the memory on the way. */
function survive(parser: RequestParser | ResponseParser, chunks: readonly Buffer[]): void {
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      let events = 0;
      while (parser.next() !== undefined) {
        events += 1;
        expect(events).toBeLessThanOrEqual(3 * (chunk.length + MOST_KEPT_BYTES));
      }
      if (!parser.isDone) expect(parser.bufferedBytes).toBeLessThanOrEqual(MOST_KEPT_BYTES);
      chunk.fill(0xdb);
    }
    parser.endOfInput();
    while (parser.next() !== undefined);
  } catch (error) {
    if (!(error instanceof HTTPMessageError)) throw error;
    expect(error.status).toBeGreaterThanOrEqual(400);
  }
}

function responseParser(): ResponseParser {
  const parser = new ResponseParser(MEMORY_LIMITS);
  for (const method of ['GET', 'HEAD', 'CONNECT']) parser.requestSent(method);
  return parser;
}

describe('any bytes at any split', () => {
  it('give messages or one of the documented errors, in bounded memory', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets)),
      fc.nat().map((seed) => randomRequests(randomOf(seed))),
      fc.nat().map((seed) => randomResponse(randomOf(seed))),
    );
    const run = fc.property(fc.array(bytes, { maxLength: 3 }), fc.nat(), (parts, seed) => {
      const all = Buffer.concat(parts);
      survive(new RequestParser(MEMORY_LIMITS), splitAt(all, seed));
      survive(responseParser(), splitAt(all, seed));
    });
    fc.assert(run, { numRuns: 2000 });
  });

  it('give the same events', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, splitSeed) => {
        const requests = randomRequests(randomOf(seed));
        const whole = requestEvents([Buffer.from(requests)]);
        expect(requestEvents(splitAt(requests, splitSeed))).toEqual(whole);
        expect(requestEvents(Array.from(requests, (octet) => Buffer.of(octet)))).toEqual(whole);
        const response = randomResponse(randomOf(seed));
        const wholeResponse = responseEvents([Buffer.from(response)]);
        expect(responseEvents(splitAt(response, splitSeed))).toEqual(wholeResponse);
        const octets = Array.from(response, (octet) => Buffer.of(octet));
        expect(responseEvents(octets)).toEqual(wholeResponse);
      }),
      { numRuns: 1000 },
    );
  });

  it('that never end exceed a limit', () => {
    const endless: readonly [begin: string, more: string][] = [
      ['', 'G'],
      ['GET /', 'a'],
      ['GET / HTTP/1.1\r\nX', 'a'],
      ['GET / HTTP/1.1\r\nX:', ' '],
      ['GET / HTTP/1.1\r\nX: ', 'a'],
      ['GET / HTTP/1.1\r\n', 'X: 1\r\n'],
      ['PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '0'],
      ['PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'a'],
      ['PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'],
      ['PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X: 1\r\n'],
      ['', '\r\n'],
    ];
    for (const [begin, more] of endless) {
      const parser = new RequestParser(MEMORY_LIMITS);
      parser.receive(Buffer.from(begin));
      const feed = (): void => {
        for (let i = 0; i < 10_000; i++) {
          while (parser.next() !== undefined);
          expect(parser.bufferedBytes).toBeLessThanOrEqual(MOST_KEPT_BYTES);
          parser.receive(Buffer.from(more));
        }
      };
      expect(feed, JSON.stringify(begin + more)).toThrow(HTTPMessageError);
    }
  });
});

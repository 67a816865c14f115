/** Fuzz targets of HTTP, its forms and fields. */

import { deepStrictEqual, ok } from 'node:assert/strict';
import { acceptedCodings, CONTENT_CODINGS } from '../../../src/http/accept-encoding.js';
import { formatHttpDate, isHttpDate, parseHttpDate } from '../../../src/http/dates.js';
import { parseEntityTags } from '../../../src/http/entity-tags.js';
import { BodyError } from '../../../src/http/errors.js';
import { parseParameterized, splitOutsideQuotes } from '../../../src/http/field-values.js';
import { MultipartParser } from '../../../src/http/multipart-form.js';
import { parseRange } from '../../../src/http/ranges.js';
import { parseTarget } from '../../../src/http/target-path.js';
import { parseUrlencoded } from '../../../src/http/urlencoded.js';
import { HTTPMessageError } from '../../../src/protocols/http/errors.js';
import type { RequestParser } from '../../../src/protocols/http/request-parser.js';
import type { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { Served } from '../../http/served.js';
import {
  randomOf,
  randomRequests,
  randomResponse,
} from '../../protocols/http/differential/messages.js';
import { requestEvents, responseEvents } from '../../protocols/http/events.js';
import { checkHTTPClient } from '../http-client-target.js';
import { cut } from '../mutations.js';
import { buffers, sameWhenCut, type Target, textOf } from '../target.js';

export const HTTP_WORDS = [
  ...['\r\n', '\r\n\r\n', ': ', ',', ';', '"', 'HTTP/1.1', 'HTTP/1.0', 'GET ', 'HEAD ', 'CONNECT '],
  ...['Host: a\r\n', 'Content-Length: ', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...['Connection: close\r\n', 'Connection: upgrade\r\nUpgrade: x\r\n', 'Expect: 100-continue\r\n'],
  ...[
    '0\r\n\r\n',
    '3\r\nabc\r\n',
    '1;a="b"\r\n',
    'ffffffff',
    'X: y\r\n',
    '100',
    '101',
    '204',
    '304',
  ],
];

const FIELD_WORDS = [
  ...['bytes=', '0-', '-1', '1-5', ',', ';', '=', '"', '\\', ' ', '\t', 'q=0.5', 'q=0', 'W/', '*'],
  ...[
    'GMT',
    'Sun, ',
    'Nov',
    '1994',
    '08:49:37',
    'gzip',
    'br',
    '%00',
    '%2e',
    '..',
    '/',
    '?',
    '#',
    '+',
  ],
];

function multipartEvents(chunks: readonly Buffer[]): string[] {
  const parser = new MultipartParser('b', { maxParts: 5, maxFileBytes: 300, maxValueBytes: 100 });
  const lines: string[] = [];
  let data = '';
  const take = (): void => {
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'data') data += textOf(parser.data);
      else {
        if (event === 'part-end') lines.push(data);
        data = '';
        lines.push(event === 'part' ? JSON.stringify(parser.part) : event);
      }
    }
  };
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      take();
      chunk.fill(0xdb);
    }
    parser.end();
    take();
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    lines.push(error.code);
  }
  return lines;
}

/** All that a server sends, without its cuts. */
function served(chunks: readonly Buffer[]): string {
  const server = new Served(
    (request, response) => {
      if (request.head.hasUpgrade && request.query === 'u' && !request.hasContent) {
        response.send();
        return undefined;
      }
      if (request.method === 'HEAD') response.status = 304;
      return request.bytes().addCallback((bytes) => {
        response.setField('Target', request.target);
        response.send(bytes);
      });
    },
    { maxHeadBytes: 512, maxContentBytes: 256, maxRequestsPerConnection: 10 },
  );
  let sent = '';
  for (const chunk of chunks) sent += server.receive(chunk);
  server.transport.peerCloses();
  sent += server.sent();
  if (server.factory.connections > 0) sent += server.advance(100_000);
  ok(server.factory.connections === 0, 'a connection is left');
  return sent.replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '');
}

/** @returns The heads that a parser finds; none if it refuses them. */
export function headsOf<Head>(bytes: Buffer, parser: RequestParser | ResponseParser): Head[] {
  const heads: Head[] = [];
  try {
    parser.receive(Buffer.from(bytes));
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event === 'head' || event === 'informational') heads.push(parser.head.keep() as Head);
    }
  } catch (error) {
    if (!(error instanceof HTTPMessageError)) throw error;
  }
  return heads;
}

export const TARGETS: Readonly<Record<string, Target>> = {
  'http-requests': {
    seeds: Array.from({ length: 40 }, (_, seed) => randomRequests(randomOf(seed))),
    words: HTTP_WORDS,
    check: (bytes, random) => sameWhenCut(bytes, random, requestEvents),
  },
  'http-responses': {
    seeds: Array.from({ length: 40 }, (_, seed) => randomResponse(randomOf(seed))),
    words: HTTP_WORDS,
    check(bytes, random) {
      const sent = Array.from(
        { length: 3 },
        () => ['GET', 'GET+', 'HEAD', 'CONNECT'][random(4)] ?? '',
      );
      sameWhenCut(bytes, random, (chunks) => responseEvents(chunks, sent));
    },
  },
  'http-client': {
    seeds: Array.from({ length: 40 }, (_, seed) => randomResponse(randomOf(seed + 200))),
    words: HTTP_WORDS,
    check: (bytes, random) => checkHTTPClient(cut(random, bytes), Buffer.from(bytes), random),
  },
  'http-chunks': {
    seeds: buffers(
      '0\r\n\r\n',
      '3\r\nabc\r\n0\r\n\r\n',
      'a;b=c;d="e\\""\r\n0123456789\r\n0\r\nX: y\r\n\r\n',
    ),
    words: HTTP_WORDS,
    check(bytes, random) {
      const head = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      sameWhenCut(Buffer.concat([head, bytes]), random, requestEvents);
    },
  },
  'http-server': {
    seeds: Array.from({ length: 40 }, (_, seed) => randomRequests(randomOf(seed + 100))),
    words: HTTP_WORDS,
    check(bytes, random) {
      const texts = [cut(random, bytes), [Buffer.from(bytes)]].map(served);
      // Whether an upgrade is refused with bytes behind it depends on their arrival.
      if (!/upgrade/i.test(textOf(bytes))) deepStrictEqual(texts[0], texts[1]);
    },
  },
  multipart: {
    seeds: buffers(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--b--',
      '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: text/html\r\n\r\n\r\n--bc\r\n--b--\r\n',
    ),
    words: [
      '--b',
      '\r\n--b',
      '\r\n--b--',
      '\r\n',
      'Content-Disposition: form-data; name=',
      '"',
      ';',
    ],
    check: (bytes, random) => sameWhenCut(bytes, random, multipartEvents),
  },
  ranges: {
    seeds: buffers('bytes=0-5', 'bytes=-1', 'bytes=1-,2-3, 9-9', 'BYTES=0-0,5-'),
    words: FIELD_WORDS,
    check(bytes, random) {
      const size = random(2) === 0 ? random(30) : 2 ** 53 - 1 - random(30);
      const ranges = parseRange(textOf(bytes), size);
      if (ranges === undefined || ranges === 'unsatisfiable') return;
      ok(ranges.length > 0);
      for (const { first, last } of ranges) ok(first >= 0 && first <= last && last < size);
    },
  },
  dates: {
    seeds: buffers(
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ),
    words: FIELD_WORDS,
    check(bytes) {
      const time = parseHttpDate(textOf(bytes), Date.UTC(2026, 0));
      if (time === undefined) return;
      ok(isHttpDate(time));
      deepStrictEqual(parseHttpDate(formatHttpDate(time), 0), time);
    },
  },
  fields: {
    seeds: buffers(
      'text/html;q=0.5, */*',
      'gzip, br;q=0',
      'W/"a", "b"',
      '/a/../b%2f?c=d&e',
      'a=b&c=%20+',
    ),
    words: FIELD_WORDS,
    check(bytes) {
      const text = textOf(bytes);
      for (const element of splitOutsideQuotes(text, ',')) parseParameterized(element);
      const codings: readonly string[] = [...CONTENT_CODINGS, 'identity'];
      for (const coding of acceptedCodings(text, CONTENT_CODINGS)) ok(codings.includes(coding));
      parseEntityTags(text);
      const path = parseTarget(text, { dotFiles: false, windows: bytes.length % 2 === 0 });
      if (typeof path !== 'number') {
        for (const segment of path.segments) {
          ok(!/^\.|[/\\\0]/.test(segment) && segment !== '', `segment ${JSON.stringify(segment)}`);
        }
      }
      try {
        parseUrlencoded(text, { maxFields: 10 });
      } catch (error) {
        if (!(error instanceof BodyError)) throw error;
      }
    },
  },
};

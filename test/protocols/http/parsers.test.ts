import { describe, expect, it } from 'vitest';
import {
  HTTPLimitError,
  HTTPSequenceError,
  InvalidHTTPMessageError,
} from '../../../src/protocols/http/errors.js';
import type { RequestHead } from '../../../src/protocols/http/heads.js';
import type {
  RequestParserOptions,
  ResponseParserOptions,
} from '../../../src/protocols/http/limits.js';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { unknownOptionOf } from '../../support/unknown-option.js';
import { requestEvents, responseEvents } from './events.js';

function headOf(text: string): RequestHead {
  const parser = new RequestParser();
  parser.receive(Buffer.from(text, 'latin1'));
  expect(parser.next()).toBe('head');
  return parser.head;
}

/** The last event of a request, the same at every split. */
function lastOf(text: string, options: RequestParserOptions): string | undefined {
  const outcomes = new Set<string | undefined>();
  for (const chunks of everySplit(Buffer.from(text, 'latin1'))) {
    outcomes.add(requestEvents(chunks, new RequestParser(options)).at(-1));
  }
  expect(outcomes.size).toBe(1);
  return [...outcomes][0];
}

function lastOfResponse(text: string, options: ResponseParserOptions): string | undefined {
  const outcomes = new Set<string | undefined>();
  for (const chunks of everySplit(Buffer.from(text, 'latin1'))) {
    outcomes.add(responseEvents(chunks, ['GET'], new ResponseParser(options)).at(-1));
  }
  expect(outcomes.size).toBe(1);
  return [...outcomes][0];
}

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A message at a limit, and one just beyond it. */
const LIMITS: readonly [
  limit: string,
  options: RequestParserOptions,
  within: string,
  beyond: string,
  status: number,
][] = [
  [
    'maxMethodBytes',
    { maxMethodBytes: 3 },
    'GET / HTTP/1.0\r\n\r\n',
    'HEAD / HTTP/1.0\r\n\r\n',
    501,
  ],
  [
    'maxTargetBytes',
    { maxTargetBytes: 4 },
    'GET /123 HTTP/1.0\r\n\r\n',
    'GET /1234 HTTP/1.0\r\n\r\n',
    414,
  ],
  [
    'maxHeadBytes',
    { maxHeadBytes: 64 },
    `GET / HTTP/1.0\r\nX: ${'a'.repeat(64 - 23)}\r\n\r\n`,
    `GET / HTTP/1.0\r\nX: ${'a'.repeat(64 - 22)}\r\n\r\n`,
    431,
  ],
  [
    'maxFields',
    { maxFields: 2 },
    'GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\n\r\n',
    'GET / HTTP/1.0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n',
    431,
  ],
  [
    'maxFields',
    { maxFields: 2 },
    `${CHUNKED}0\r\nA: 1\r\nB: 2\r\n\r\n`,
    `${CHUNKED}0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n`,
    431,
  ],
  [
    'maxContentBytes',
    { maxContentBytes: 5 },
    'POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello',
    'POST / HTTP/1.0\r\nContent-Length: 6\r\n\r\n',
    413,
  ],
  [
    'maxContentBytes',
    { maxContentBytes: 5 },
    `${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    `${CHUNKED}3\r\nabc\r\n3\r\n`,
    413,
  ],
  [
    'maxTrailerBytes',
    { maxTrailerBytes: 8 },
    `${CHUNKED}0\r\nX: 1\r\n\r\n`,
    `${CHUNKED}0\r\nX: 12\r\n\r\n`,
    431,
  ],
  [
    'maxChunkExtensionBytes',
    { maxChunkExtensionBytes: 4 },
    `${CHUNKED}1;a\r\nx\r\n1;b\r\nx\r\n0\r\n\r\n`,
    `${CHUNKED}1;a\r\nx\r\n1;bc\r\nx\r\n0\r\n\r\n`,
    400,
  ],
];

describe('the limits of requests', () => {
  it.each(LIMITS)('%s %o', (limit, options, within, beyond, status) => {
    expect(lastOf(within, options)).toBe('end');
    expect(lastOf(beyond, options)).toBe(`refused ${status} ${limit}`);
  });

  it('refuses a head without end in any part', () => {
    const options = { maxHeadBytes: 64 };
    expect(lastOf(`GET /${'a'.repeat(100)}`, options)).toBe('refused 431 maxHeadBytes');
    expect(lastOf(`GET / HTTP/1.1\r\n${'a'.repeat(100)}`, options)).toBe(
      'refused 431 maxHeadBytes',
    );
    expect(lastOf(`GET / HTTP/1.1\r\na:${' '.repeat(100)}`, options)).toBe(
      'refused 431 maxHeadBytes',
    );
    expect(lastOf(`${'G'.repeat(100)}`, { ...options, maxMethodBytes: 1024 })).toBe(
      'refused 431 maxHeadBytes',
    );
  });

  it('has defaults', () => {
    const refused = (text: string): string | undefined => requestEvents([Buffer.from(text)]).at(-1);
    expect(refused(`${'G'.repeat(33)} `)).toBe('refused 501 maxMethodBytes');
    expect(refused(`GET /${'a'.repeat(8192)}`)).toBe('refused 414 maxTargetBytes');
    expect(refused(`GET / HTTP/1.1\r\nX: ${'a'.repeat(16_384)}`)).toBe('refused 431 maxHeadBytes');
    const lines = 'X: 1\r\n'.repeat(101);
    expect(refused(`GET / HTTP/1.1\r\n${lines}`)).toBe('refused 431 maxFields');
    expect(refused('PUT / HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n')).toBe(
      'refused 413 maxContentBytes',
    );
    expect(refused(`${CHUNKED}0\r\nX: ${'a'.repeat(8192)}`)).toBe('refused 431 maxTrailerBytes');
    expect(refused(`${CHUNKED}1;${'a'.repeat(4096)}`)).toBe('refused 400 maxChunkExtensionBytes');
  });

  it('can be changed for the content of one request', () => {
    const parser = new RequestParser({ maxContentBytes: 1 });
    const request = 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello';
    parser.receive(Buffer.from(request + request));
    expect(parser.next()).toBe('head');
    expect(parser.maxContentBytes).toBe(1);
    parser.maxContentBytes = 5;
    expect(parser.next()).toBe('data');
    expect(parser.data.toString()).toBe('hello');
    expect([parser.next(), parser.next()]).toEqual(['end', 'head']);
    expect(() => parser.next()).toThrow(HTTPLimitError);
    expect(() => {
      parser.maxContentBytes = -1;
    }).toThrow(RangeError);
  });

  it('count chunk extensions and trailers for each message', () => {
    const keeps = CHUNKED.replace('Host', 'Connection: keep-alive\r\nHost');
    const request = `${keeps}1;abc\r\nx\r\n0\r\nX: 1\r\n\r\n`;
    const options = { maxChunkExtensionBytes: 4, maxTrailerBytes: 8, maxFields: 3 };
    const events = requestEvents([Buffer.from(request.repeat(3))], new RequestParser(options));
    expect(events.filter((event) => event === 'end').length).toBe(3);
    expect(events.filter((event) => event === 'trailer X: "1"').length).toBe(3);
  });

  it('are checked', async () => {
    expect(() => new RequestParser({ maxFields: 0 })).toThrow(RangeError);
    expect(() => new RequestParser({ maxHeadBytes: '1' as never })).toThrow(TypeError);
    const unknown = { maxInformational: 1 } as never;
    expect((await unknownOptionOf(() => new RequestParser(unknown))).option).toBe(
      'maxInformational',
    );
    const target = { maxTargetBytes: 1 } as never;
    expect((await unknownOptionOf(() => new ResponseParser(target))).option).toBe('maxTargetBytes');
  });
});

describe('the limits of responses', () => {
  it('maxInformational', () => {
    const early = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    const options = { maxInformational: 2 };
    expect(lastOfResponse(early + early + final, options)).toBe('end');
    expect(lastOfResponse(early + early + early, options)).toBe('refused 502 maxInformational');
    expect(responseEvents([Buffer.from(early.repeat(17))]).at(-1)).toBe(
      'refused 502 maxInformational',
    );
  });

  it('maxContentBytes, of content that ends with the connection', () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    expect(lastOfResponse(`${head}hello`, { maxContentBytes: 5 })).toBe('end');
    expect(lastOfResponse(`${head}hello!`, { maxContentBytes: 5 })).toBe(
      'refused 502 maxContentBytes',
    );
  });

  it('maxHeadBytes, in the reason phrase', () => {
    const text = `HTTP/1.1 200 ${'a'.repeat(100)}`;
    expect(lastOfResponse(text, { maxHeadBytes: 64 })).toBe('refused 502 maxHeadBytes');
  });
});

const TYPICAL =
  'GET /a?b HTTP/1.1\r\nHost: example.org\r\nX-Twice: 1\r\nCookie: a=1\r\nx-TWICE: 2\r\ncookie: b=2\r\n\r\n';

describe('a head', () => {
  it('finds fields without case, and joins the values of several lines', () => {
    const head = headOf(TYPICAL);
    expect(head.field('x-twice')).toBe('1, 2');
    expect(head.field('X-Twice')).toBe('1, 2');
    expect(head.field('Cookie')).toBe('a=1; b=2');
    expect(head.field('x-twic')).toBeUndefined();
    expect(head.fields('X-TWICE')).toEqual(['1', '2']);
    expect(head.fields('none')).toEqual([]);
    expect([head.has('HOST'), head.has('hos')]).toEqual([true, false]);
    expect(head.fieldCount).toBe(5);
    expect([...head.rawFields()].map(([name]) => name)).toEqual([
      'Host',
      'X-Twice',
      'Cookie',
      'x-TWICE',
      'cookie',
    ]);
  });

  it('has the expectation of 100 in any line of Expect', () => {
    const expects = (lines: string): boolean =>
      headOf(`PUT / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).expectsContinue;
    expect(expects('Expect: 100-CONTINUE\r\nExpect: x\r\n')).toBe(true);
    expect(expects('Expect: 100-continued\r\n')).toBe(false);
    expect(expects('')).toBe(false);
  });

  it('finds fields among more than fit at first', () => {
    const many = Array.from({ length: 99 }, (_, i) => `F${i}: ${i}\r\n`).join('');
    const head = headOf(`GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`);
    expect([head.field('f0'), head.field('f98')]).toEqual(['0', '98']);
  });

  it.each([
    ['GET', '/a?b', '/a?b', 'h'],
    ['GET', 'http://x.org:81/a?b', '/a?b', 'x.org:81'],
    ['GET', 'http://x.org', '/', 'x.org'],
    ['GET', 'http://x.org?b', '/?b', 'x.org'],
    ['OPTIONS', 'http://x.org', '*', 'x.org'],
    ['OPTIONS', '*', '*', 'h'],
    ['CONNECT', 'x.org:443', '', 'x.org:443'],
  ])('%s %s has the origin form %j and the authority %s', (method, target, form, authority) => {
    const head = headOf(`${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    expect([head.target, head.originForm, head.authority]).toEqual([target, form, authority]);
  });

  it('accepts requests of HTTP/1.1 without Host if requireHost is false', () => {
    const text = 'GET / HTTP/1.1\r\n\r\n';
    expect(lastOf(text, {})).toMatch(/host-missing/);
    expect(lastOf(text, { requireHost: false })).toBe('end');
    const parser = new RequestParser({ requireHost: false });
    parser.receive(Buffer.from(text));
    expect([parser.next(), parser.head.authority]).toEqual(['head', undefined]);
    const twice = 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n';
    expect(lastOf(twice, { requireHost: false })).toMatch(/host-repeated/);
    expect(() => new RequestParser({ requireHost: 1 as never })).toThrow(/requireHost/);
  });

  it.each(['a', 'a.b-c_d~', '127.0.0.1:80', '[::1]', '[::ffff:1.2.3.4]:8080', 'a:', '%C3%A9', ''])(
    'accepts Host: %s',
    (host) => {
      expect(headOf(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).authority).toBe(host);
    },
  );

  it('is readable after keep, whatever happens to the bytes', () => {
    const parser = new RequestParser();
    const bytes = Buffer.from(`${TYPICAL}GET /2 HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n`);
    parser.receive(bytes);
    parser.next();
    const first = parser.head.keep();
    expect(first.keep()).toBe(first);
    expect([parser.next(), parser.next(), parser.next(), parser.next()]).toEqual([
      'end',
      'head',
      'end',
      undefined,
    ]);
    bytes.fill(0xdb);
    expect([first.target, first.field('x-twice'), first.authority]).toEqual([
      '/a?b',
      '1, 2',
      'example.org',
    ]);
  });

  it('throws when it is read without keep after the parser has continued', () => {
    const parser = new RequestParser();
    parser.receive(Buffer.from(TYPICAL));
    parser.next();
    const { head } = parser;
    parser.next();
    expect(head.field('host')).toBe('example.org');
    expect(parser.next()).toBeUndefined();
    expect(() => head.field('host')).toThrow(HTTPSequenceError);
    expect(() => [...head.rawFields()]).toThrow(HTTPSequenceError);
    expect(() => head.keep()).toThrow(HTTPSequenceError);
    expect(head.method).toBe('GET');
  });

  it('is not mixed up with the head of the next message', () => {
    const parser = new RequestParser();
    parser.receive(Buffer.from(TYPICAL + TYPICAL));
    parser.next();
    const { head } = parser;
    expect([parser.next(), parser.next()]).toEqual(['end', 'head']);
    expect(parser.head.field('host')).toBe('example.org');
    expect(() => head.field('host')).toThrow(HTTPSequenceError);
  });
});

describe('a parser', () => {
  it('can be paused, and copies lent bytes by keepRest', () => {
    const parser = new RequestParser();
    const bytes = Buffer.from(`${CHUNKED}5\r\nhello\r\n0\r\n\r\n`);
    parser.receive(bytes);
    parser.next();
    parser.keepRest();
    bytes.fill(0xdb);
    expect(parser.bufferedBytes).toBe(15);
    expect(parser.next()).toBe('data');
    expect(parser.data.toString()).toBe('hello');
    expect([parser.next(), parser.next()]).toEqual(['end', undefined]);
    expect(parser.bufferedBytes).toBe(0);
  });

  it('throws the same error again', () => {
    const parser = new RequestParser();
    parser.receive(Buffer.from('\n'));
    expect(() => parser.next()).toThrow(InvalidHTTPMessageError);
    expect(() => parser.next()).toThrow(InvalidHTTPMessageError);
    expect(() => parser.receive(Buffer.from('a'))).toThrow(InvalidHTTPMessageError);
  });

  it.each([
    ['chunks and trailers', `\r\n${CHUNKED}5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n`],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nbytes'],
    ['the last request', 'POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc'],
    ['a fault', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ])('is as new after restart, wherever it was in %s', (_name, before) => {
    const text = `\r\n${CHUNKED}3\r\nabc\r\n0\r\nC: d\r\n\r\nGET /b HTTP/1.1\r\nHost: b\r\n\r\n`;
    const expected = requestEvents([Buffer.from(text)]);
    const parser = new RequestParser();
    for (let length = 0; length <= before.length; length++) {
      requestEvents([Buffer.from(before.slice(0, length))], parser);
      if (length % 2 === 0) parser.endOfInput();
      parser.restart();
      expect(parser.isInMessage).toBe(false);
      expect(() => parser.head).toThrow(HTTPSequenceError);
      expect(requestEvents([Buffer.from(text)], parser)).toEqual(expected);
      parser.restart();
    }
  });

  it('says whether it is within a message', () => {
    const parser = new RequestParser();
    const at = (text: string): boolean => {
      parser.receive(Buffer.from(text));
      while (parser.next() !== undefined);
      return parser.isInMessage;
    };
    expect(parser.isInMessage).toBe(false);
    expect(at('\r\n')).toBe(false);
    expect(at('G')).toBe(true);
    expect(at('ET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(false);
    expect(at('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n')).toBe(true);
    expect(at('x')).toBe(false);
    expect(parser.isDone).toBe(false);
    expect(at('GET / HTTP/1.0\r\n\r\nGET')).toBe(false);
    expect(parser.isDone).toBe(true);
  });

  it('drops bytes behind the last message', () => {
    const parser = new RequestParser();
    parser.receive(Buffer.from('GET / HTTP/1.0\r\n\r\nabc'));
    expect([parser.next(), parser.next(), parser.next()]).toEqual(['head', 'end', undefined]);
    parser.receive(Buffer.alloc(1000));
    expect(parser.bufferedBytes).toBe(0);
  });

  it('refuses misuse', () => {
    const parser = new RequestParser();
    expect(() => parser.head).toThrow(HTTPSequenceError);
    expect(() => parser.receive('a' as never)).toThrow(TypeError);
    parser.endOfInput();
    expect(parser.next()).toBeUndefined();
    expect(() => parser.receive(Buffer.from('a'))).toThrow(HTTPSequenceError);
    expect(() => new ResponseParser().requestSent(5 as never)).toThrow(TypeError);
  });

  it('counts the requests without response', () => {
    const parser = new ResponseParser();
    parser.requestSent('GET');
    parser.requestSent('HEAD');
    parser.receive(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
    expect([parser.next(), parser.next(), parser.pendingRequests]).toEqual(['head', 'end', 1]);
  });
});

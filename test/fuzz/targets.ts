/**
 * The checks of the fuzz targets: each throws if the code under test breaks one of its promises.
 *
 * `simple` and `portforward` have no target: they relay, or read at most so many bytes as text or as one number.
 */
import { deepStrictEqual, ok } from 'node:assert/strict';
import {
  parseClientFirst,
  parseServerFirst,
  textOfMessage,
} from '../../src/cred/exchanges/scram-messages.js';
import { parseHtpasswd, parseShadow } from '../../src/cred/files/parse-users.js';
import {
  DigestChallenges,
  digestAuthorization,
  InvalidCredentialsError,
  ScramServer,
} from '../../src/cred/index.js';
import { parseHash } from '../../src/cred/passwords/parse-hash.js';
import { parseAuthorizedKeys } from '../../src/cred/ssh/authorized-keys.js';
import { acceptedCodings, CONTENT_CODINGS } from '../../src/http/accept-encoding.js';
import { formatHttpDate, isHttpDate, parseHttpDate } from '../../src/http/dates.js';
import { parseEntityTags } from '../../src/http/entity-tags.js';
import { BodyError } from '../../src/http/errors.js';
import { parseParameterized, splitOutsideQuotes } from '../../src/http/field-values.js';
import { MultipartParser } from '../../src/http/multipart-form.js';
import { parseRange } from '../../src/http/ranges.js';
import { parseTarget } from '../../src/http/target-path.js';
import { parseUrlencoded } from '../../src/http/urlencoded.js';
import { HTTPMessageError } from '../../src/protocols/http/errors.js';
import { RequestParser } from '../../src/protocols/http/request-parser.js';
import { ResponseParser } from '../../src/protocols/http/response-parser.js';
import { ClientHandshake } from '../../src/protocols/websocket/client-handshake.js';
import { MessageInflater } from '../../src/protocols/websocket/deflate.js';
import {
  WebSocketRequestError,
  WebSocketResponseError,
} from '../../src/protocols/websocket/errors.js';
import { acceptRequest } from '../../src/protocols/websocket/server-handshake.js';
import { KeyParser } from '../../src/terminal/key-parser.js';
import { LineEditor } from '../../src/terminal/line-editor.js';
import { ScreenBuffer } from '../../src/terminal/screen-buffer.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Served } from '../http/served.js';
import { fingerQueries } from '../protocols/finger/recording.js';
import {
  type Random,
  randomOf,
  randomRequests,
  randomResponse,
} from '../protocols/http/differential/messages.js';
import { requestEvents, responseEvents } from '../protocols/http/events.js';
import { identLines } from '../protocols/ident/recording.js';
import { answersTo } from '../protocols/memcache/recording.js';
import { tableMessages } from '../protocols/postfix/recording.js';
import { answersTo as redisAnswersTo } from '../protocols/redis/recording.js';
import { readEverywhere } from '../protocols/socks/recording.js';
import { closing, masked, readAll } from '../protocols/websocket/frames.js';
import { controlEvents, keyEvents } from '../terminal/recording.js';
import { COOKIE_SEEDS, COOKIE_WORDS, checkCookies } from './cookie-target.js';
import { cut } from './mutations.js';

const DIGEST = new DigestChallenges({ realm: 'r', clock: new ManualClock() });
const DIGEST_FIELD = digestAuthorization(DIGEST.fields()[0] as string, {
  username: 'u',
  password: 'p',
  method: 'GET',
  uri: '/',
});

export interface Target {
  readonly seeds: readonly Buffer[];
  readonly words: readonly string[];
  /** @param random Decides about everything but the bytes. */
  check(bytes: Buffer, random: Random): void;
}

const HTTP_WORDS = [
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

function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function buffers(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}

/** The same result for each way of cutting the bytes. */
function sameWhenCut<T>(bytes: Buffer, random: Random, read: (chunks: Buffer[]) => T): void {
  deepStrictEqual(read(cut(random, bytes)), read([Buffer.from(bytes)]));
}

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
function headsOf<Head>(bytes: Buffer, parser: RequestParser | ResponseParser): Head[] {
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

const TERMINAL_WORDS = [
  ...[
    '\x1b[',
    '\x1b]',
    '\x1bP',
    '\x1b\\',
    '\x07',
    '\x1b',
    '\x18',
    '\r',
    '\n',
    '\t',
    '\b',
    ';',
    ':',
    '?',
    '65535',
  ],
  ...[
    '\x1b[H',
    '\x1b[2J',
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[2;3r',
    '\x1b[?6h',
    '\x1b[4h',
    '\x1b[99@',
    '\x1b[99P',
  ],
  ...[
    '\x1b[A',
    '\x1b[200~',
    '\x1b[201~',
    '\x1bO',
    '\xe6\xbc\xa2',
    '\xcc\x81',
    '\xf0\x9f',
    '\x1b7',
    '\x1b8',
    '\x12',
    '\x19',
  ],
];

/** The screen after output that arrives in these chunks, in a size that changes in between. */
function screenAfter(chunks: readonly Buffer[]): unknown {
  let answers = 0;
  const screen = new ScreenBuffer({
    columns: 7,
    rows: 4,
    scrollbackRows: 5,
    onAnswer: () => answers++,
  });
  for (const chunk of chunks) screen.write(chunk);
  const { cursor, lines, scrollback, title } = screen;
  ok(cursor.column <= 7 && cursor.row < 4 && lines.length === 4 && scrollback.length <= 5);
  screen.resize(3, 2);
  screen.resize(9, 5);
  ok(screen.lines.length === 5 && screen.cursor.column <= 9 && screen.cursor.row < 5);
  return { cursor, lines, scrollback, title, answers };
}

/** All that a line editor does with these bytes. */
function editedLines(chunks: readonly Buffer[]): string[] {
  const keys = new KeyParser();
  const editor = new LineEditor({ columns: 7, maxLength: 50 });
  const lines: string[] = [];
  for (const chunk of chunks) {
    keys.receive(chunk);
    for (let key = keys.next(); key !== undefined; key = keys.next()) {
      if (!editor.editing) editor.start('> ');
      if (key === 'key') editor.receiveKey(keys.key);
      else if (key === 'paste') for (const character of keys.text) editor.receivePaste(character);
      for (let event = editor.next(); event !== undefined; event = editor.next()) {
        lines.push(event === 'line' ? editor.line : event);
        editor.complete({ from: 0, candidates: ['a'] });
      }
      ok(editor.text.length <= 50 && editor.cursor <= editor.text.length);
    }
    editor.takeOutput();
  }
  return [...lines, editor.text];
}

const LIMITS = { maxMessageBytes: 300, maxFragments: 5, maxControlFrames: 20 };
/** Of the example in RFC 6455 section 1.3, to which ACCEPTED is the answer. */
const HANDSHAKE = new ClientHandshake({
  nonce: Buffer.from('the sample nonce'),
  subprotocols: ['x'],
  deflate: {},
});
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ASKED = `GET /c HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`;
const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

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
  'websocket-frames': {
    seeds: [
      masked({ opcode: 1, payload: 'text ü' }),
      masked({ opcode: 2, payload: Buffer.alloc(130) }),
      Buffer.concat([
        masked({ opcode: 1, fin: false, payload: 'a' }),
        masked({ opcode: 9, payload: 'p' }),
        masked({ opcode: 0, payload: 'b' }),
      ]),
      masked({ opcode: 8, payload: closing(1000, 'bye') }),
      masked({ opcode: 1, rsv: 4, payload: Buffer.from('4a4c04000', 'hex') }),
    ],
    words: [
      '\x81\x80\0\0\0\0',
      '\x01\x81\0\0\0\0a',
      '\x80\x80\0\0\0\0',
      '\x88\x80\0\0\0\0',
      '\xc1',
      '\x7e\0',
      '\xff',
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => readAll(chunks, LIMITS));
      const inflating = (chunks: Buffer[]): string[] =>
        readAll(chunks, { ...LIMITS, decompressor: new MessageInflater(true) });
      if (random(4) === 0) sameWhenCut(bytes, random, inflating);
    },
  },
  'terminal-output': {
    seeds: buffers(
      'text\r\n\x1b[2;3H\x1b[1;38;5;9mcolour\x1b[m\x1b]0;title\x07',
      '\x1b[?1049h\x1b[2;3r\x1b[H\x1bM\x1b[L\x1b[K\x1b[?1049l',
      '\xe6\xbc\xa2\xe5\xad\x97\x1b[2G\x1b[X\x1b(0qqq\x1b(B\x1b7\x1b[5b\x1b8',
    ),
    words: TERMINAL_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => controlEvents(chunks, { maxStringLength: 20 }));
      sameWhenCut(bytes, random, screenAfter);
    },
  },
  redis: {
    seeds: buffers(
      '$3\r\nabc\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n_\r\n',
      '*2\r\n%1\r\n+k\r\n,1.5\r\n~1\r\n#t\r\n-ERR x\r\n(12345678901234567890\r\n',
      '|1\r\n+a\r\n:1\r\n=7\r\ntxt:abc\r\n!5\r\nERR x\r\n$-1\r\n*-1\r\n',
    ),
    words: ['$1\r\n', '*2\r\n', '>1\r\n', '%1\r\n', '|1\r\n', '-ERR', ':1', '_', '\r\n', '*-1'],
    check(bytes, random) {
      sameWhenCut(bytes, random, redisAnswersTo);
    },
  },
  memcache: {
    seeds: buffers(
      'VALUE a 1 3 7\r\nx\r\n\r\nEND\r\nSTORED\r\nVA 2 O1\r\nhi\r\n',
      'END\r\nNOT_STORED\r\nEN\r\nSTAT a b\r\nEND\r\nVERSION 1.6\r\nMN\r\n',
      'CLIENT_ERROR x\r\nSERVER_ERROR y\r\nERROR\r\nRESET\r\n',
      'END\r\nSTORED\r\nHD c1 O1\r\nSTAT a 1\r\nSTAT b 2\r\nEND\r\n',
    ),
    words: [
      'VALUE a 0 1\r\n',
      'VALUE b ',
      'END\r\n',
      'VA 1\r\n',
      'HD O1',
      'STAT ',
      'ERROR\r\n',
      '\r\n',
      '12\r\n',
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, answersTo);
    },
  },
  socks: {
    seeds: buffers(
      '\x05\x02\x00\x02\x05\x01\x00\x03\x01a\x00\x50rest',
      '\x05\x01\x02\x01\x05alice\x06secret\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50',
      '\x05\x02\x01\x00\x05\x00\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50rest',
      '\x04\x01\x00\x50\x00\x00\x00\x01user\x00example.com\x00rest',
      '\x00\x5a\x00\x50\x7f\x00\x00\x01\x00\x5a\x00\x50\x7f\x00\x00\x01rest',
      '\x00\x00\x00\x03\x01a\x00\x35payload',
    ),
    words: [
      '\x05\x01\x00',
      '\x05\x00\x00\x01',
      '\x01\x00',
      '\x00\x03',
      '\x00\x04',
      '\x00\x5a',
      '\xff',
      'a'.repeat(256),
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, readEverywhere);
    },
  },
  finger: {
    seeds: buffers('/W alice@host@gate\r\n', 'alice\r\n\r\n@a\n', 'zo\xc3\xab\x1b\r\n'),
    words: ['/W ', '@', '\r\n', ' ', '\xc2\x85', '::1'],
    check(bytes, random) {
      sameWhenCut(bytes, random, fingerQueries);
    },
  },
  ident: {
    seeds: buffers(
      '6193, 23\r\n99999 , 0\r\n',
      '6193, 23 : USERID : UNIX : alice\r\n6193,23:ERROR:HIDDEN-USER\r\n',
      '6193, 23 : USERID : OTHER, UTF-8 : zo\xc3\xab:x\r\n',
    ),
    words: ['6193, 23', ' : ', ':', ',', 'USERID', 'ERROR', 'NO-USER', 'X-', '\r\n', '\t'],
    check(bytes, random) {
      sameWhenCut(bytes, random, identLines);
    },
  },
  postfix: {
    seeds: buffers(
      'get alice\nget a%20b\n200 x%25\n500 no\n400 later\n',
      '9:map alice,6:OK x y,9:NOTFOUND ,10:TEMP later,6:PERM x,9:TIMEOUT y,',
    ),
    words: ['get ', '%20', '%', '200 ', '\n', '6:', ',', 'OK ', 'NOTFOUND ', 'TEMP '],
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => tableMessages('tcp', chunks));
      sameWhenCut(bytes, random, (chunks) => tableMessages('socketmap', chunks));
    },
  },
  'terminal-keys': {
    seeds: buffers(
      'text\x1b[A\x1b[1;5D\x1bOP\r',
      '\x1b[200~pasted\r\n\x1b[201~\x01\x0b\x19\x14\x1f\t',
      'one\rtwo\r\x12o\x12\x07\x1b[3~\x1bb\x1bd\xc3\xa9\x7f',
    ),
    words: TERMINAL_WORDS,
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => keyEvents(chunks));
      sameWhenCut(bytes, random, editedLines);
    },
  },
  'websocket-handshakes': {
    seeds: buffers(
      `${ASKED}\r\n`,
      `${ASKED}Origin: http://a\r\nSec-WebSocket-Protocol: x, y\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
      `${ACCEPTED}\r\n`,
      `${ACCEPTED}Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n`,
    ),
    words: [
      ...HTTP_WORDS,
      ...[
        'permessage-deflate',
        '; ',
        'client_max_window_bits',
        'server_no_context_takeover',
        '=8',
        '="15"',
      ],
    ],
    check(bytes) {
      for (const head of headsOf<RequestParser['head']>(bytes, new RequestParser())) {
        try {
          const { fields } = acceptRequest(head, { subprotocols: ['y'], deflate: {} });
          for (const [, value] of fields) ok(!/[\r\n\0]/.test(value));
        } catch (error) {
          if (!(error instanceof WebSocketRequestError)) throw error;
        }
      }
      const parser = new ResponseParser();
      parser.requestSent('GET', true);
      for (const head of headsOf<ResponseParser['head']>(bytes, parser)) {
        try {
          HANDSHAKE.check(head);
        } catch (error) {
          if (!(error instanceof WebSocketResponseError)) throw error;
        }
      }
    },
  },
  credentials: {
    seeds: [
      Buffer.from(DIGEST_FIELD),
      Buffer.from('n,a=b,n=us=2Cer,r=fyko+d2lbbFgONRv9qkxdawL'),
      Buffer.from('r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096'),
      Buffer.from(
        'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$2y$05$IvOczoNm07EStz5wUNYDte\n#c\n',
      ),
      Buffer.from(`from="10.0.0.0/8",restrict ssh-ed25519 ${'A'.repeat(68)} me\nssh-rsa AAAA\n`),
      Buffer.from(`ok:$6$rounds=5000$ab$${'x'.repeat(86)}:19000:0:99999:7:::\n`),
    ],
    words: [
      'Digest ',
      ', ',
      '="',
      '\\"',
      '=2C',
      ',r=',
      'n,,',
      'y,,',
      'p=x,',
      'm=',
      ':',
      '\n',
      '$6$',
      '$1$',
      'ssh-',
      '\0',
    ],
    check(bytes) {
      const text = bytes.toString();
      const calls: (() => unknown)[] = [
        () => DIGEST.decode(text, { method: 'GET', uri: '/' }),
        () => digestAuthorization(text, { username: 'u', password: 'p', method: 'GET', uri: '/' }),
        () => parseClientFirst(bytes),
        () => new ScramServer().start(bytes),
        () => parseServerFirst(textOfMessage(bytes)),
      ];
      for (const call of calls) {
        try {
          call();
        } catch (error) {
          if (!(error instanceof InvalidCredentialsError)) throw error;
        }
      }
      const lines = text.split('\n').length;
      const problem = (message: string, line = 0): void => {
        ok(message !== '' && line >= 1 && line <= lines);
      };
      const check = (hash: string): void => void parseHash(hash);
      const users = [
        ...parseHtpasswd(text, problem, check),
        ...parseShadow(text, problem, check, 0),
      ];
      for (const [name, hash] of users) ok(name !== '' && !/[\0\n:]/.test(name + hash));
      for (const { type, blob } of parseAuthorizedKeys(text, problem)) ok(blob.includes(type));
    },
  },
  cookies: { seeds: COOKIE_SEEDS, words: COOKIE_WORDS, check: checkCookies },
};

/** Generated HTTP messages: assembled from valid and invalid parts, and with mutated octets. */

/** Returns a number from 0 up to `below`; the same sequence for the same seed. */
export type Random = (below: number) => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random(choices.length)] as T;
}

/** Mostly the usual part, sometimes one of the others. */
function part(random: Random, usual: string, others: readonly string[]): string {
  return random(12) === 0 ? pick(random, others) : usual;
}

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH'];
const TARGETS = [
  '/a?b=c',
  '*',
  'http://x.org/a',
  'x:80',
  '/%41',
  '/\xe9',
  '/#f',
  '',
  'a',
  '/a b',
  '/\t',
  '/|',
];
const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.10',
  'HTTP/1',
  '',
  'ICY/1.1',
];
const LINE_ENDS = ['\n', '\r', '\r\r\n', ' \r\n', '\n\r', '\0\r\n'];
const FIELDS = [
  'X: 1',
  'X:',
  'X:  a b \t',
  'X: \xe9',
  'X: "a\\"b"',
  'Accept: */*',
  'Cookie: a=1',
  'Cookie: b=2',
  'X_Y: 1',
  'TE: trailers',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: x, close',
  'Expect: 100-continue',
];
const ODD_FIELDS = [
  'X : 1',
  ' X: 1',
  '\tX: 1',
  ': 1',
  'X',
  '',
  'X(: 1',
  'X\0: 1',
  'X: a\0b',
  'X: a\x01b',
  'X: a\x7fb',
  'X: a\rb',
  'X: a\nb',
  'X\xe9: 1',
  'Host: b',
  'Host: a b',
  'Host: a,b',
  'Host: a/b',
  'Transfer-Encoding : chunked',
  'Content-Length : 3',
];
const LENGTHS = [
  '+3',
  '-3',
  '0x3',
  '3 ',
  ' 3',
  '3, 3',
  '3,3',
  '',
  '3.0',
  '3 3',
  '03',
  '99999999999999999999',
  '9007199254740992',
  'a',
  '3a',
  '\t3',
];
const CODINGS = [
  'gzip',
  'identity',
  'chunked, gzip',
  'gzip, chunked',
  'chunked, chunked',
  'xchunked',
  'chunkedx',
  '"chunked"',
  'chunked;a',
  '',
  ' chunked',
  'chunked ',
  '\tchunked',
  'Chunked',
  ', chunked',
  'chunked,',
];
const SIZES = [
  '+3',
  '0x3',
  ' 3',
  '3 ',
  '3;a',
  '3;a=b',
  '3; a',
  '3;',
  '3;a="b;c"',
  '3;a="',
  '',
  '-3',
  '3_',
  'ffffffffffffffff',
  '10000000000000003',
  '0000003',
  '3\t',
  '3;\0',
];

function line(random: Random, text: string): string {
  return text + (random(60) === 0 ? pick(random, LINE_ENDS) : '\r\n');
}

function fieldLines(random: Random): string {
  let text = '';
  for (let count = random(4); count > 0; count--) {
    text += line(random, random(10) === 0 ? pick(random, ODD_FIELDS) : pick(random, FIELDS));
  }
  return text;
}

function chunks(random: Random): string {
  let text = '';
  for (let count = random(3); count > 0; count--) {
    text +=
      line(random, part(random, '3', SIZES)) +
      line(random, part(random, 'abc', ['ab', 'abcd', '']));
  }
  text += line(random, part(random, '0', ['00', '0;a', '+0', '']));
  if (random(5) === 0) {
    text += line(random, part(random, 'X-Sum: 1', ['Content-Length: 3', 'Host: b', ...ODD_FIELDS]));
  }
  return text + line(random, '');
}

/** The framing fields, the empty line and the content. */
function framed(random: Random): string {
  const coding = (): string =>
    line(random, `Transfer-Encoding: ${part(random, 'chunked', CODINGS)}`);
  const length = (): string => line(random, `Content-Length: ${part(random, '3', LENGTHS)}`);
  const more = fieldLines(random);
  switch (random(8)) {
    case 0:
    case 1:
    case 2:
      return coding() + more + line(random, '') + chunks(random);
    case 3:
    case 4:
    case 5:
      return `${length() + more + line(random, '')}abc`;
    case 6: {
      const both = random(3) === 0 ? [length(), length()] : [coding(), length()];
      if (random(2) === 0) both.reverse();
      return both.join('') + more + line(random, '') + (random(2) === 0 ? 'abc' : chunks(random));
    }
    default:
      return more + line(random, '');
  }
}

function request(random: Random): string {
  const method = part(random, pick(random, METHODS), [
    'CONNECT',
    'get',
    'G(T',
    '',
    'PROPFIND',
    'PRI',
  ]);
  const target = part(random, '/', TARGETS);
  const version = part(random, 'HTTP/1.1', VERSIONS);
  const space = part(random, ' ', ['  ', '\t', '']);
  const startLine = line(random, `${method} ${target}${space}${version}`);
  const host = random(20) === 0 ? '' : line(random, 'Host: a');
  return startLine + fieldLines(random) + host + framed(random);
}

function response(random: Random): string {
  const version =
    random(40) === 0 ? pick(random, VERSIONS) : part(random, 'HTTP/1.1', ['HTTP/1.0']);
  const status = part(random, '200', [
    '204',
    '304',
    '404',
    '103',
    '99',
    '1000',
    '2x0',
    '',
    '999',
    ' 200',
  ]);
  const reason = part(random, ' OK', ['', ' ', ' \xe9', ' O\0K', ' O\tK', ' O\rK']);
  return line(random, `${version} ${status}${reason}`) + fieldLines(random) + framed(random);
}

/** Changes a few octets in every fourth text. */
function mutated(random: Random, text: string): Buffer {
  const bytes = [...Buffer.from(text, 'latin1')];
  const octets = [0, 9, 10, 13, 32, 35, 44, 45, 48, 53, 58, 59, 97, 127, 128, 255];
  if (random(4) !== 0) return Buffer.from(bytes);
  for (let count = 1 + random(2); count > 0; count--) {
    const at = random(bytes.length);
    const kind = random(4);
    if (kind === 0) bytes.splice(at, 1);
    else if (kind === 1) bytes.splice(at, 0, pick(random, octets));
    else if (kind === 2) bytes[at] = pick(random, octets);
    else bytes.splice(at, 0, ...bytes.slice(at, at + random(8)));
  }
  return Buffer.from(bytes);
}

/** One to three requests. */
export function randomRequests(random: Random): Buffer {
  const before = random(30) === 0 ? pick(random, ['\r\n', '\n', '\r\n\r\n']) : '';
  const text = Array.from({ length: 1 + (random(3) === 0 ? random(3) : 0) }, () => request(random));
  return mutated(random, before + text.join(''));
}

/** A response, sometimes behind an informational one. */
export function randomResponse(random: Random): Buffer {
  const early = random(10) === 0 ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '';
  return mutated(random, early + response(random));
}

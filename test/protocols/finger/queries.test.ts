import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFingerQuery } from '../../../src/protocols/finger/parser.js';
import {
  serializeFingerAnswer,
  serializeFingerQuery,
} from '../../../src/protocols/finger/serializer.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { fingerQueries } from './recording.js';

const query = (user?: string, verbose = false, ...hosts: string[]): object => {
  return { user, verbose, hosts };
};

describe('queries', () => {
  it.each<[string, object]>([
    ['', query()],
    ['/W', query(undefined, true)],
    ['/w  ', query(undefined, true)],
    ['alice', query('alice')],
    [' alice ', query('alice')],
    ['/W alice', query('alice', true)],
    ['/W  /w alice', query('alice', true)],
    ['/Walice', query('/Walice')],
    ['alice bob', query('alice bob')],
    ['@a', query(undefined, false, 'a')],
    ['alice@a@b.example', query('alice', false, 'a', 'b.example')],
    ['/W @a', query(undefined, true, 'a')],
    ['/W@a', query(undefined, true, 'a')],
    ['alice@::1', query('alice', false, '::1')],
    ['zoë', query('zoë')],
  ])('reads %j', (line, expected) => {
    expect(parseFingerQuery(Buffer.from(line))).toEqual(expected);
  });

  it.each([
    ['control characters', 'a\x1b[2J'],
    ['a tab', 'a\tb'],
    ['a control character of two bytes', 'a\u0085'],
    ['a host without a name', 'a@'],
    ['a host that is no name', 'a@b/c'],
  ])('refuses %s', (_what, line) => {
    expect(() => parseFingerQuery(Buffer.from(line))).toThrow('invalid finger query: ');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseFingerQuery(Buffer.from('a\xe9', 'latin1'))).toThrow('it is not UTF-8');
  });

  it('are read the same at every split', () => {
    const bytes = Buffer.from('/W zoë@host\r\n\r\nalice\nb@@\r\n');
    const whole = [
      '{"user":"zoë","verbose":true,"hosts":["host"]}',
      '{"verbose":false,"hosts":[]}',
      '{"user":"alice","verbose":false,"hosts":[]}',
      'invalid finger query: a host with an invalid name',
    ];
    for (const chunks of everySplit(bytes)) expect(fingerQueries(chunks)).toEqual(whole);
  });

  it('survive a round trip', () => {
    const user = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(user, fc.boolean(), fc.array(fc.domain(), { maxLength: 2 }), (u, v, hosts) => {
        const sent = { user: u === '' ? undefined : u, verbose: v, hosts };
        let bytes: Buffer;
        try {
          bytes = serializeFingerQuery(sent);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(parseFingerQuery(bytes.subarray(0, -2))).toEqual(sent);
      }),
    );
  });

  it('read arbitrary bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        (bytes) => void fingerQueries([Buffer.from(bytes)]),
      ),
    );
  });

  it.each([
    ['a line break', { user: 'a\r\nb', verbose: false, hosts: [] }],
    ['an @', { user: 'a@b', verbose: false, hosts: [] }],
    ['the switch', { user: '/W', verbose: false, hosts: [] }],
    ['spaces around', { user: ' a', verbose: false, hosts: [] }],
    ['nothing', { user: '', verbose: false, hosts: [] }],
    ['a host that is no name', { user: 'a', verbose: false, hosts: ['b c'] }],
  ])('are not sent with %s in a name', (_what, bad) => {
    expect(() => serializeFingerQuery(bad)).toThrow(RangeError);
  });
});

describe('answers', () => {
  it('have lines that end with CRLF, and no control characters but tabs', () => {
    const bytes = serializeFingerAnswer('one\ntwo\r\nthree\rf\tf\x1b[2J\x07\u009b\u202e');
    expect(bytes.toString()).toBe('one\r\ntwo\r\nthree\r\nf\tf\\x1b[2J\\x07\\x9b\\u202e\r\n');
  });

  it('may be empty, and get no second end', () => {
    expect(serializeFingerAnswer('')).toHaveLength(0);
    expect(serializeFingerAnswer('a\n').toString()).toBe('a\r\n');
  });
});

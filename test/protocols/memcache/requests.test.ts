/** Commands as bytes, and what is refused because the server would read it as something else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exptimeOf } from '../../../src/protocols/memcache/expiry.js';
import {
  arithmeticRequest,
  casRequest,
  deleteRequest,
  flushAllRequest,
  getAndTouchRequest,
  getRequest,
  InvalidMemcacheRequestError,
  type MemcacheRequest,
  metaDebugRequest,
  metaNoopRequest,
  metaRequest,
  metaSetRequest,
  statsRequest,
  storageRequest,
  touchRequest,
  verbosityRequest,
  versionRequest,
} from '../../../src/protocols/memcache/index.js';

const bytesOf = ({ line, data }: MemcacheRequest): string =>
  line + (data === undefined ? '' : `${Buffer.from(data).toString('latin1')}\r\n`);
const STORAGE = { flags: 3, exptime: 60 };

describe('commands', () => {
  it.each<[string, MemcacheRequest]>([
    ['get a b\r\n', getRequest(['a', 'b', 'a'], false)],
    ['gets a\r\n', getRequest(['a'], true)],
    ['gat 60 a\r\n', getAndTouchRequest(['a'], 60, false)],
    ['gats 0 a b\r\n', getAndTouchRequest(['a', 'b'], 0, true)],
    ['set a 3 60 2\r\nhi\r\n', storageRequest('set', 'a', 'hi', STORAGE)],
    ['prepend a 3 60 0\r\n\r\n', storageRequest('prepend', 'a', Buffer.alloc(0), STORAGE)],
    ['cas a 3 60 2 99\r\nhi\r\n', casRequest('a', 'hi', '99', STORAGE)],
    ['delete a\r\n', deleteRequest('a')],
    ['incr a 1\r\n', arithmeticRequest('incr', 'a', 1)],
    ['decr a 18446744073709551615\r\n', arithmeticRequest('decr', 'a', 2n ** 64n - 1n)],
    ['touch a 60\r\n', touchRequest('a', 60)],
    ['flush_all\r\n', flushAllRequest(0)],
    ['flush_all 10\r\n', flushAllRequest(10)],
    ['stats\r\n', statsRequest(undefined)],
    ['stats items\r\n', statsRequest('items')],
    ['version\r\n', versionRequest()],
    ['verbosity 1\r\n', verbosityRequest(1)],
    ['mg a v f T30 O7\r\n', metaRequest('mg', 'a', ['v', 'f', 'T30', 'O7'])],
    ['mg YSBi v b\r\n', metaRequest('mg', Buffer.from('a b'), ['v'])],
    ['ms a 2 T30\r\nhi\r\n', metaSetRequest('a', 'hi', ['T30'])],
    ['md a\r\n', metaRequest('md', 'a', [])],
    ['ma a N60 J1\r\n', metaRequest('ma', 'a', ['N60', 'J1'])],
    ['mn\r\n', metaNoopRequest()],
    ['me a\r\n', metaDebugRequest('a')],
    ['me YQ== b\r\n', metaDebugRequest(Buffer.from('a'))],
  ])('writes %j', (expected, request) => {
    expect(bytesOf(request)).toBe(expected);
  });

  it.each([
    '',
    'a b',
    'a\r\nflush_all',
    'a\n',
    '\u0000',
    'a\u007f',
    '\ud800',
    'x'.repeat(251),
    'é'.repeat(126),
  ])('refuses the key %j', (key) => {
    for (const make of [
      () => getRequest(['ok', key], false),
      () => storageRequest('set', key, 'x', STORAGE),
      () => casRequest(key, 'x', '1', STORAGE),
      () => deleteRequest(key),
      () => arithmeticRequest('incr', key, 1),
      () => touchRequest(key, 0),
      () => metaRequest('mg', key, ['v']),
      () => metaSetRequest(key, 'x', []),
      () => metaDebugRequest(key),
    ]) {
      expect(make).toThrow(InvalidMemcacheRequestError);
    }
  });

  it('does not show keys in messages', () => {
    expect(() => getRequest(['secret key'], false)).toThrow(/index 6/);
    expect(() => getRequest(['secret key'], false)).not.toThrow(/secret/);
  });

  it('accepts keys of 250 bytes, and keys of bytes up to 250 in base64', () => {
    expect(getRequest(['é'.repeat(125)], false).keys).toEqual(['é'.repeat(125)]);
    expect(metaRequest('mg', Buffer.alloc(186), []).keys[0]).toHaveLength(248);
    expect(() => metaRequest('mg', Buffer.alloc(189), [])).toThrow('252 bytes');
    expect(() => metaRequest('mg', Buffer.alloc(0), [])).toThrow('empty');
  });

  it.each([
    ['q'],
    ['b'],
    ['v', 'v'],
    ['O'],
    [`O${'1'.repeat(33)}`],
    ['T30 q'],
    ['v\r\nflush_all'],
    ['1'],
    [''],
  ])('refuses the meta flags %j', (...flags) => {
    expect(() => metaRequest('mg', 'a', flags)).toThrow(InvalidMemcacheRequestError);
  });

  it('refuses more meta flags than memcached reads: it would execute the value', () => {
    const flags = [...'acdefghijklmnoprs'];
    expect(() => metaSetRequest('a', 'flush_all', flags)).toThrow('more than 16 flags');
    expect(metaSetRequest('a', 'x', flags.slice(1)).line).toContain(' r s\r\n');
    const key = Buffer.from('a');
    expect(() => metaSetRequest(key, 'flush_all', flags.slice(1))).toThrow('more than 16 flags');
  });

  it('refuses lines that memcached does not read', () => {
    const keys = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(250, 'x'));
    expect(() => getAndTouchRequest(keys, 0, false)).toThrow('longer than 2048 bytes');
    expect(() => metaRequest('mg', 'a', [`D${'1'.repeat(2_048)}`])).toThrow('longer than 2048');
    expect(getRequest(keys, false).keys).toHaveLength(20);
    const many = Array.from({ length: 101 }, (_, i) => String(i));
    expect(() => getRequest(many, false)).toThrow('1 to 100 keys');
    expect(() => getRequest([], false)).toThrow('1 to 100 keys');
  });

  it.each([
    () => storageRequest('set', 'a', 'x', { flags: -1, exptime: 0 }),
    () => storageRequest('set', 'a', 'x', { flags: 2 ** 32, exptime: 0 }),
    () => storageRequest('set', 'a', {} as never, STORAGE),
    () => casRequest('a', 'x', '1 noreply', STORAGE),
    () => casRequest('a', 'flush_all', String(2n ** 64n), STORAGE),
    () => arithmeticRequest('incr', 'a', -1),
    () => arithmeticRequest('incr', 'a', 0.5),
    () => arithmeticRequest('incr', 'a', 2n ** 64n),
    () => statsRequest('cachedump 1 1'),
    () => flushAllRequest(-1),
    () => verbosityRequest(-1),
    () => getRequest([1 as never], false),
    () => metaRequest('mg', 1 as never, []),
    () => metaRequest('mg', 'a', 'v' as never),
  ])('refuses invalid argument %#', (make) => {
    expect(make).toThrow(/must be/);
  });

  it('makes one line of any key that it accepts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (key) => {
        let line: string;
        try {
          line = getRequest([key], false).line;
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidMemcacheRequestError);
          return;
        }
        // Spaces of Unicode are ordinary characters for the server.
        expect(line).toMatch(/^get [^ \t\r\n\v\f]+\r\n$/u);
        expect(Buffer.from(line).toString()).toBe(line);
      }),
    );
  });
});

describe('expiry', () => {
  it.each([
    [{}, 0],
    [{ expiresInSeconds: 60 }, 60],
    [{ expiresInSeconds: 2_592_000 }, 2_592_000],
    [{ expiresAt: new Date(2_000_000_000_999) }, 2_000_000_000],
    [{ expiresAt: 2_000_000_000_000 }, 2_000_000_000],
    [{ expiresAt: 0 }, -1],
    [{ expiresAt: (2 ** 31 - 1) * 1_000 + 999 }, 2 ** 31 - 1],
  ])('%j is %i', (expiry, expected) => {
    expect(exptimeOf(expiry)).toBe(expected);
  });

  it.each([
    { expiresInSeconds: 0 },
    { expiresInSeconds: 1.5 },
    { expiresInSeconds: 2_592_001 },
    { expiresAt: new Date(Number.NaN) },
    { expiresAt: -1 },
    { expiresAt: 2 ** 31 * 1_000 },
    { expiresAt: 'tomorrow' },
    { expiresInSeconds: 1, expiresAt: 0 },
  ])('refuses %j', (expiry) => {
    expect(() => exptimeOf(expiry as never)).toThrow(/must be/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCookieDate } from '../../src/http/cookie-date.js';
import { brokenPrefix } from '../../src/http/cookie-names.js';
import {
  parseSetCookie,
  RequestCookies,
  type SetCookie,
  serializeSetCookie,
} from '../../src/http/index.js';

const NOVEMBER = Date.UTC(1994, 10, 6, 8, 49, 37);
const DAY_SECONDS = 86_400;

describe('the Cookie field', () => {
  it.each<[string | undefined, [string, string][]]>([
    [undefined, []],
    ['', []],
    // RFC 6265bis section 3.1.
    ['SID=31d4d96e407aad42', [['SID', '31d4d96e407aad42']]],
    [
      'SID=31d4d96e407aad42; lang=en-US',
      [
        ['SID', '31d4d96e407aad42'],
        ['lang', 'en-US'],
      ],
    ],
    [
      'a=1;b=2;\tc = 3 ',
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    ['a=', [['a', '']]],
    // Values are opaque: quotes and percent signs stay.
    [
      'a="x y"; b=%41',
      [
        ['a', '"x y"'],
        ['b', '%41'],
      ],
    ],
    ['a="x;y"', [['a', '"x']]],
    // Pairs without a name.
    ['=evil; plain; ; a=1;;', [['a', '1']]],
    ['=__Host-id=evil; __Host-id=1', [['__Host-id', '1']]],
    ['a=1, b=2', [['a', '1, b=2']]],
    [
      'a=1; a=2; A=3',
      [
        ['a', '1'],
        ['a', '2'],
        ['A', '3'],
      ],
    ],
    [
      '__proto__=1; constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
  ])('is read: %j', (field, pairs) => {
    expect([...new RequestCookies(field)]).toEqual(pairs);
  });

  it('gives the first value of a name, and all of them', () => {
    const cookies = new RequestCookies('a=1; b=2; a=3');
    expect(cookies.get('a')).toBe('1');
    expect(cookies.getAll('a')).toEqual(['1', '3']);
    expect(cookies.get('c')).toBeUndefined();
    expect(cookies.get('toString')).toBeUndefined();
    expect(cookies.size).toBe(3);
  });

  it('has a limit of cookies', () => {
    const field = Array.from({ length: 300 }, (_, i) => `c${i}=${i}`).join('; ');
    expect(new RequestCookies(field).size).toBe(200);
    expect(new RequestCookies(field, { maxCookies: 2 }).size).toBe(2);
    expect(() => new RequestCookies(field, { maxCookies: 0 })).toThrow('maxCookies');
  });
});

describe('a Set-Cookie field that is made', () => {
  it.each<[SetCookie, string]>([
    [{ name: 'a', value: '1' }, 'a=1; Path=/; HttpOnly; SameSite=Lax'],
    [{ name: 'a', value: '' }, 'a=; Path=/; HttpOnly; SameSite=Lax'],
    [
      {
        name: 'lang',
        value: 'en-US',
        expires: NOVEMBER,
        maxAgeSeconds: 60,
        domain: 'example.com',
        path: '/docs',
        sameSite: 'Strict',
        secure: true,
      },
      'lang=en-US; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=example.com; Path=/docs; Secure; HttpOnly; SameSite=Strict',
    ],
    [{ name: 'a', value: '1', httpOnly: false, sameSite: undefined, path: undefined }, 'a=1'],
    [
      { name: 'a', value: '1', sameSite: 'None', secure: true, partitioned: true },
      'a=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned',
    ],
    [{ name: '__Host-a', value: '1' }, '__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax'],
    [
      { name: '__Secure-a', value: '1', domain: 'a.example', maxAgeSeconds: 0 },
      '__Secure-a=1; Max-Age=0; Domain=a.example; Path=/; Secure; HttpOnly; SameSite=Lax',
    ],
    [{ name: '__other', value: '1' }, '__other=1; Path=/; HttpOnly; SameSite=Lax'],
  ])('%j', (cookie, field) => {
    expect(serializeSetCookie(cookie)).toBe(field);
  });

  it.each<[Partial<SetCookie>, RegExp]>([
    [{ name: '' }, /cookie name .* is not a token/],
    [{ name: 'a b' }, /not a token/],
    [{ name: 'a=' }, /not a token/],
    [{ name: 'a\r\nX: y' }, /not a token/],
    [{ value: 'a;b' }, /value of the cookie a .*encode/],
    [{ value: 'a b' }, /encode/],
    [{ value: 'a,b' }, /encode/],
    [{ value: '"a"' }, /encode/],
    [{ value: 'a\\b' }, /encode/],
    [{ value: 'a\r\nSet-Cookie: b=1' }, /encode/],
    [{ value: 'a\n' }, /encode/],
    [{ value: 'ä' }, /encode/],
    [{ value: 'a'.repeat(4096) }, /has 4097 bytes, of which 4096/],
    [{ path: 'docs' }, /Path of the cookie a/],
    [{ path: '/a;Secure' }, /Path/],
    [{ path: '/a\n' }, /Path/],
    [{ path: `/${'a'.repeat(1024)}` }, /Path/],
    [{ domain: 'a b' }, /Domain/],
    [{ domain: '.a' }, /Domain/],
    [{ domain: 'a.example;Secure' }, /Domain/],
    [{ domain: 'a.example\n' }, /Domain/],
    [{ maxAgeSeconds: 400 * DAY_SECONDS + 1 }, /maxAgeSeconds/],
    [{ maxAgeSeconds: 1.5 }, /maxAgeSeconds/],
    [{ expires: Number.NaN }, /timeMs/],
    [{ sameSite: 'None' }, /SameSite=None, which needs Secure/],
    [{ sameSite: 'lax' as never }, /sameSite/],
    [{ partitioned: true }, /Partitioned, which needs Secure/],
    [{ secure: 1 as never }, /secure/],
    [{ name: '__Secure-a', secure: false }, /prefix that needs Secure/],
    [{ name: '__Host-a', path: '/docs' }, /prefix that needs Path=\//],
    [{ name: '__Host-a', path: undefined }, /prefix that needs Path=\//],
    [{ name: '__HOST-a', domain: 'a.example' }, /prefix that allows no Domain/],
    [{ name: '__Http-a', httpOnly: false }, /prefix that needs HttpOnly/],
    [{ name: '__Host-Http-a', httpOnly: false }, /prefix that needs HttpOnly/],
    [{ name: '__Host-Http-a', domain: 'a.example' }, /allows no Domain/],
    [{ maxAge: 1 } as never, /maxAge/],
  ])('is refused: %j', (wrong, message) => {
    expect(() => serializeSetCookie({ name: 'a', value: '1', ...wrong })).toThrow(message);
  });
});

describe('a Set-Cookie field that is read', () => {
  const plain = { secure: false, httpOnly: false, partitioned: false };
  it.each<[string, object | undefined]>([
    ['a=1', { name: 'a', value: '1', ...plain }],
    [' a\t= 1 ', { name: 'a', value: '1', ...plain }],
    ['a="1"', { name: 'a', value: '"1"', ...plain }],
    ['a=b=c;', { name: 'a', value: 'b=c', ...plain }],
    // Section 5.6 step 4: without an equals sign the name is empty.
    ['a', { name: '', value: 'a', ...plain }],
    ['=a', { name: '', value: 'a', ...plain }],
    ['', undefined],
    ['=', undefined],
    ['; Secure', undefined],
    ['a=\u0001', undefined],
    ['a=1\r\nb=2', undefined],
    ['a=1; Path=/\u007f', undefined],
    ['a=\t1', { name: 'a', value: '1', ...plain }],
    [`a=${'x'.repeat(4095)}`, { name: 'a', value: 'x'.repeat(4095), ...plain }],
    [`a=${'x'.repeat(4096)}`, undefined],
    [`a=${'ä'.repeat(2048)}`, undefined],
    [
      'a=1; secure; HTTPONLY; partitioned',
      { name: 'a', value: '1', secure: true, httpOnly: true, partitioned: true },
    ],
    ['a=1; Secure=false', { name: 'a', value: '1', ...plain, secure: true }],
    ['a=1; Max-Age=60', { name: 'a', value: '1', ...plain, maxAgeSeconds: 60 }],
    ['a=1; Max-Age=-1', { name: 'a', value: '1', ...plain, maxAgeSeconds: -1 }],
    ['a=1; Max-Age=+1', { name: 'a', value: '1', ...plain }],
    ['a=1; Max-Age=1e3', { name: 'a', value: '1', ...plain }],
    ['a=1; Max-Age=60; Max-Age=x', { name: 'a', value: '1', ...plain, maxAgeSeconds: 60 }],
    [
      'a=1; Max-Age=99999999999999999999',
      { name: 'a', value: '1', ...plain, maxAgeSeconds: 400 * DAY_SECONDS },
    ],
    ['a=1; Domain=.Example.COM', { name: 'a', value: '1', ...plain, domain: 'example.com' }],
    ['a=1; Domain=', { name: 'a', value: '1', ...plain }],
    [
      'a=1; Domain=a.example; Domain=b.example',
      { name: 'a', value: '1', ...plain, domain: 'b.example' },
    ],
    ['a=1; Path=/x', { name: 'a', value: '1', ...plain, path: '/x' }],
    ['a=1; Path=/x; Path=y', { name: 'a', value: '1', ...plain }],
    [`a=1; Path=/${'x'.repeat(1024)}`, { name: 'a', value: '1', ...plain }],
    ['a=1; SameSite=strict', { name: 'a', value: '1', ...plain, sameSite: 'Strict' }],
    ['a=1; SameSite=None; SameSite=x', { name: 'a', value: '1', ...plain }],
    [
      'a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT',
      { name: 'a', value: '1', ...plain, expires: NOVEMBER },
    ],
    ['a=1; Expires=never', { name: 'a', value: '1', ...plain }],
    ['a=1; __proto__=x; toString', { name: 'a', value: '1', ...plain }],
  ])('%j', (field, cookie) => {
    const read = parseSetCookie(field);
    expect(read && JSON.parse(JSON.stringify(read))).toEqual(cookie);
  });

  it('reads what is made', () => {
    const text = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
    fc.assert(
      fc.property(
        text.filter((name) => !name.startsWith('__')),
        text,
        fc.integer({ min: 0, max: 400 * DAY_SECONDS }),
        fc.constantFrom('Strict' as const, 'Lax' as const),
        (name, value, maxAgeSeconds, sameSite) => {
          const cookie = { name, value, maxAgeSeconds, sameSite, secure: true };
          const read = parseSetCookie(serializeSetCookie(cookie));
          expect(read).toEqual({ ...cookie, path: '/', httpOnly: true, partitioned: false });
        },
      ),
    );
  });
});

describe('parseCookieDate', () => {
  it.each<[string, number | undefined]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', NOVEMBER],
    ['Sunday, 06-Nov-94 08:49:37 GMT', NOVEMBER],
    ['Sun Nov  6 08:49:37 1994', NOVEMBER],
    ['6 november 1994 8:49:37', NOVEMBER],
    ['08:49:37 1994 NOV 6', NOVEMBER],
    ['08:49:37 06 NOV 1994', NOVEMBER],
    ['6 Nov 94 08:49:37', NOVEMBER],
    ['6 Nov 69 00:00:00', Date.UTC(2069, 10, 6)],
    ['6 Nov 70 00:00:00', Date.UTC(1970, 10, 6)],
    ['6th Nov 1994x 08:49:37.5', NOVEMBER],
    ['31 Feb 1994 00:00:00', undefined],
    ['0 Nov 1994 00:00:00', undefined],
    ['6 Nov 1600 00:00:00', undefined],
    ['6 Nov 1601 00:00:00', Date.UTC(1601, 10, 6)],
    ['6 Nov 1994 24:00:00', undefined],
    ['6 Nov 1994 23:60:00', undefined],
    ['6 Nov 1994 23:00:60', undefined],
    ['6 Nov 1994', undefined],
    ['08:49:37 Nov 1994', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(parseCookieDate(text)).toBe(expected);
  });
});

describe('brokenPrefix', () => {
  it.each([
    ['a', undefined],
    ['__Secure-a', 'needs Secure'],
    ['__host-a', 'needs Secure'],
    ['__SecureX', undefined],
  ])('of %j without attributes', (name, broken) => {
    expect(brokenPrefix({ name })).toBe(broken);
  });
});

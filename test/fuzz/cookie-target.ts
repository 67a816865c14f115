/** The check of cookies: for a server, and as a user agent reads them. */
import { ok, strictEqual } from 'node:assert/strict';
import { parseCookieDate } from '../../src/http/cookie-date.js';
import { RequestCookies } from '../../src/http/request-cookies.js';
import { parseSetCookie, type SetCookie, serializeSetCookie } from '../../src/http/set-cookie.js';
import { InvalidHTTPOutputError } from '../../src/protocols/http/errors.js';
import { isSessionId } from '../../src/web/sessions/session-settings.js';

export const COOKIE_SEEDS: readonly Buffer[] = [
  Buffer.from('SID=31d4d96e407aad42; lang=en-US'),
  Buffer.from('a=1; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=.a.example; Path=/'),
  Buffer.from('__Host-session=x; Secure; HttpOnly; SameSite=Lax; Partitioned; Path=/'),
  Buffer.from('6th november 94 8:49:37'),
];

export const COOKIE_WORDS: readonly string[] = [
  ...[
    '; ',
    ';',
    '=',
    '"',
    '\t',
    '__Host-',
    '__Secure-',
    'Max-Age=',
    'Expires=',
    'Domain=',
    'Path=/',
  ],
  ...[
    'Secure',
    'SameSite=None',
    '-1',
    '99999999999',
    'Nov',
    '08:49:37',
    '1994',
    '\u007f',
    '__proto__',
  ],
];

export function checkCookies(bytes: Buffer): void {
  const field = bytes.toString('latin1');
  const cookies = new RequestCookies(field, { maxCookies: 5 });
  ok(cookies.size <= 5);
  for (const [name, value] of cookies) {
    ok(name !== '' && !/[;=]/.test(name) && !value.includes(';'));
    ok(cookies.getAll(name).includes(value));
    strictEqual(cookies.get(name), cookies.getAll(name)[0]);
    if (isSessionId(value)) ok(value.length === 43);
  }
  const time = parseCookieDate(field);
  ok(time === undefined || Number.isInteger(time));
  const cookie = parseSetCookie(field);
  if (cookie !== undefined) checkParsed(cookie);
}

function checkParsed(cookie: SetCookie): void {
  const { name, value, maxAgeSeconds = 0, expires = 0, path = '/' } = cookie;
  ok(name.length + value.length > 0 && name.length + value.length <= 4096);
  ok(Number.isInteger(maxAgeSeconds) && Number.isInteger(expires) && path.startsWith('/'));
  let made: string;
  try {
    made = serializeSetCookie({ ...cookie, maxAgeSeconds: Math.max(0, maxAgeSeconds), expires });
  } catch (error) {
    // A user agent reads more than a server may send.
    if (error instanceof InvalidHTTPOutputError || error instanceof RangeError) return;
    throw error;
  }
  ok(!/[\r\n\0]/.test(made));
  const again = parseSetCookie(made);
  strictEqual(again?.name, name);
  strictEqual(again?.value, value);
  strictEqual(again?.secure, cookie.secure);
  strictEqual(again?.domain, cookie.domain);
}

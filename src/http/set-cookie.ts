/** Set-Cookie fields (RFC 6265bis sections 4.1 and 5.6). Sans-I/O: they are made strictly, and read as user agents read them. */
import { checkBoolean, checkChoice, checkInteger, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { InvalidHTTPOutputError } from '../protocols/http/errors.js';
import { isToken } from '../protocols/http/octets.js';
import { parseCookieDate } from './cookie-date.js';
import { brokenPrefix, hasPrefix } from './cookie-names.js';
import { formatHttpDate } from './dates.js';
import { trimOWS } from './field-values.js';

export type SameSite = 'Strict' | 'Lax' | 'None';

/** A cookie with its attributes. */
export interface SetCookie {
  /** A token. A prefix such as `__Host-` is a promise about the attributes. */
  readonly name: string;
  /** Visible ASCII except `"`, `,`, `;` and `\`. Encode other text, with `encodeURIComponent` for example. */
  readonly value: string;
  /** Time until the user agent deletes the cookie, in whole seconds: at most 400 days. 0 deletes it. Default: the end of its session. */
  readonly maxAgeSeconds?: number | undefined;
  /** The same as a time in milliseconds since 1970. `maxAgeSeconds` has precedence. */
  readonly expires?: number | undefined;
  /** The host to which, with its subdomains, the cookie is sent. Default: the host that sets it, without subdomains. */
  readonly domain?: string | undefined;
  /** The path below which the cookie is sent. */
  readonly path?: string | undefined;
  /** Whether it is sent over secure connections only. */
  readonly secure?: boolean | undefined;
  /** Whether scripts cannot read it. */
  readonly httpOnly?: boolean | undefined;
  /** Whether requests that other sites cause have it: `Strict`: never; `Lax`: only navigations; `None`: always, which needs `secure`. */
  readonly sameSite?: SameSite | undefined;
  /** Whether it is separate for each top-level site. Needs `secure`. */
  readonly partitioned?: boolean | undefined;
}

const OPTIONS: OptionNames<SetCookie> = {
  name: true,
  value: true,
  maxAgeSeconds: true,
  expires: true,
  domain: true,
  path: true,
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
};

/** Longest name and value together, in bytes: user agents ignore longer ones. */
export const MAX_COOKIE_BYTES = 4096;
/** Longest value of an attribute, in bytes: user agents ignore longer ones. */
const MAX_ATTRIBUTE_BYTES = 1024;
/** 400 days: user agents reduce longer ages. */
export const MAX_AGE_SECONDS: number = 400 * 86_400;

const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const DOMAIN = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i;
/** ASCII control characters except tab. */
const CONTROLS = /[^\P{Cc}\t\u0080-\u009f]/u;
const SAME_SITE: readonly SameSite[] = ['Strict', 'Lax', 'None'];

/**
 * The value of a Set-Cookie field. Defaults: `httpOnly`, `sameSite: 'Lax'` and `path: '/'`; `secure` for names with a prefix.
 * Pass `undefined` explicitly to omit an attribute.
 *
 * @example response.addField('Set-Cookie', serializeSetCookie({ name: 'theme', value: 'dark', maxAgeSeconds: 86_400 }));
 * @throws InvalidHTTPOutputError a name, value or attribute is malformed or too long, or user agents would refuse the cookie: a prefix
 * whose promises are not kept, `SameSite=None` or `Partitioned` without `Secure`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serializeSetCookie(cookie: SetCookie): string {
  checkOptions('serializeSetCookie', cookie, OPTIONS);
  const whole = { httpOnly: true, sameSite: 'Lax' as const, path: '/', ...cookie };
  const secure = whole.secure ?? hasPrefix(String(whole.name));
  checkCookie({ ...whole, secure });
  const { name, value, maxAgeSeconds, expires, domain, path, httpOnly, sameSite } = whole;
  let text = `${name}=${value}`;
  if (maxAgeSeconds !== undefined) text += `; Max-Age=${maxAgeSeconds}`;
  if (expires !== undefined) text += `; Expires=${formatHttpDate(expires)}`;
  if (domain !== undefined) text += `; Domain=${domain}`;
  if (path !== undefined) text += `; Path=${path}`;
  if (secure) text += '; Secure';
  if (httpOnly === true) text += '; HttpOnly';
  if (sameSite !== undefined) text += `; SameSite=${sameSite}`;
  if (whole.partitioned === true) text += '; Partitioned';
  return text;
}

function checkCookie(cookie: SetCookie): void {
  const { name, value, domain, path, maxAgeSeconds, sameSite, secure, partitioned } = cookie;
  if (!isToken(checkString('name', name))) throw invalid('cookie name', 'is not a token');
  if (!VALUE.test(checkString('value', value))) {
    throw invalid(
      `value of the cookie ${name}`,
      'contains a character that cookies cannot have: encode it, with encodeURIComponent for example',
    );
  }
  const bytes = name.length + value.length;
  if (bytes > MAX_COOKIE_BYTES) {
    throw invalid(`cookie ${name}`, `has ${bytes} bytes, of which ${MAX_COOKIE_BYTES} are allowed`);
  }
  if (maxAgeSeconds !== undefined) {
    checkInteger('maxAgeSeconds', maxAgeSeconds, 0, MAX_AGE_SECONDS);
  }
  if (domain !== undefined) checkAttribute(name, 'Domain', checkString('domain', domain), DOMAIN);
  if (path !== undefined) checkAttribute(name, 'Path', checkString('path', path), PATH);
  if (sameSite !== undefined) checkChoice('sameSite', sameSite, SAME_SITE);
  for (const flag of ['secure', 'httpOnly', 'partitioned'] as const) {
    if (cookie[flag] !== undefined) checkBoolean(flag, cookie[flag]);
  }
  const broken = brokenPrefix(cookie);
  if (broken !== undefined) throw invalid(`cookie ${name}`, `has a prefix that ${broken}`);
  if (sameSite === 'None' && secure !== true) {
    throw invalid(`cookie ${name}`, 'has SameSite=None, which needs Secure');
  }
  if (partitioned === true && secure !== true) {
    throw invalid(`cookie ${name}`, 'has Partitioned, which needs Secure');
  }
}

function checkAttribute(name: string, attribute: string, value: string, form: RegExp): void {
  if (value.length <= MAX_ATTRIBUTE_BYTES && form.test(value)) return;
  throw invalid(`${attribute} of the cookie ${name}`, 'is malformed or too long');
}

function invalid(what: string, why: string): InvalidHTTPOutputError {
  return new InvalidHTTPOutputError(what, why);
}

/**
 * Reads a Set-Cookie field as a user agent does: attributes that it does not know, or whose values make no sense, are ignored, and the
 * last of a repeated one counts. Whether the cookie may be stored (its domain, its prefix) is not decided here.
 *
 * @returns Undefined if the cookie is to be ignored: control characters, no name and no value, or more than 4,096 bytes of both.
 * `maxAgeSeconds` may be negative and is at most 400 days; `domain` is in lower case without its leading dot.
 */
export function parseSetCookie(field: string): SetCookie | undefined {
  if (CONTROLS.test(field)) return undefined;
  const [pair = '', ...attributes] = field.split(';');
  const equals = pair.indexOf('=');
  const name = trimOWS(pair.slice(0, Math.max(0, equals)));
  const value = trimOWS(pair.slice(equals + 1));
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
  if (bytes === 0 || bytes > MAX_COOKIE_BYTES) return undefined;
  const cookie: Writable = { name, value, secure: false, httpOnly: false, partitioned: false };
  for (const attribute of attributes) readAttribute(cookie, attribute);
  return cookie;
}

type Writable = { -readonly [Name in keyof SetCookie]: SetCookie[Name] };

function readAttribute(cookie: Writable, attribute: string): void {
  const equals = attribute.indexOf('=');
  const name = trimOWS(equals === -1 ? attribute : attribute.slice(0, equals)).toLowerCase();
  const value = equals === -1 ? '' : trimOWS(attribute.slice(equals + 1));
  if (Buffer.byteLength(value) > MAX_ATTRIBUTE_BYTES) return;
  if (name === 'secure') cookie.secure = true;
  else if (name === 'httponly') cookie.httpOnly = true;
  else if (name === 'partitioned') cookie.partitioned = true;
  else if (name === 'expires') cookie.expires = parseCookieDate(value) ?? cookie.expires;
  else if (name === 'max-age') cookie.maxAgeSeconds = ageOf(value) ?? cookie.maxAgeSeconds;
  else if (name === 'domain') cookie.domain = value.replace(/^\./, '').toLowerCase() || undefined;
  else if (name === 'path') cookie.path = value.startsWith('/') ? value : undefined;
  else if (name === 'samesite') {
    cookie.sameSite = SAME_SITE.find((known) => known.toLowerCase() === value.toLowerCase());
  }
}

function ageOf(value: string): number | undefined {
  if (!/^-?\d+$/.test(value)) return undefined;
  return Math.min(Number(value), MAX_AGE_SECONDS);
}

/**
 * The layer that sends cookies and stores those that servers set (RFC 6265bis). It is below redirections and authentication: each request on the
 * way gets the cookies of its own URL, and Set-Cookie of each response counts, whatever its status.
 */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { MissingPackageError } from '../../core/errors/tls.js';
import { Deferred } from '../../defer/deferred.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { brokenPrefix } from '../cookie-names.js';
import { trimOWS } from '../field-values.js';
import { parseSetCookie } from '../set-cookie.js';
import type { AgentRequest } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';
import { BoundedCookieStore, type CookieLimits } from './bounded-cookie-store.js';
import { fieldOf, withField } from './field-list.js';
import type { Interceptor } from './send.js';
import { type CookieJar, loadToughCookie, type SameSiteContext } from './tough-cookie.js';

export interface CookieOptions {
  /** Keeps the cookies, for several agents or in a file, for example. Default: memory of the agent, by the package `tough-cookie`. */
  readonly jar?: CookieJar;
  /** Most cookies of the agent's own jar; the oldest is dropped: 1 to 1,000,000. Default 3,000. */
  readonly maxCookies?: number;
  /** The same for the cookies of a domain: 1 to 1,000,000. Default 180. */
  readonly maxCookiesPerDomain?: number;
  /** Most Set-Cookie fields of a response that are read; the rest is ignored: 1 to 10,000. Default 50. */
  readonly maxCookiesPerResponse?: number;
  /** Longest Cookie field in bytes; cookies that do not fit in are not sent: 1 to 1,048,576. Default 8,192. */
  readonly maxCookieFieldBytes?: number;
}

const NAMES: OptionNames<CookieOptions> = {
  jar: true,
  maxCookies: true,
  maxCookiesPerDomain: true,
  maxCookiesPerResponse: true,
  maxCookieFieldBytes: true,
};

export interface CookieSettings extends CookieLimits {
  readonly jar: CookieJar | undefined;
  readonly maxCookiesPerResponse: number;
  readonly maxCookieFieldBytes: number;
}

/**
 * @param cookies The option of the agent: a jar, or options with one.
 * @returns Undefined without cookies.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function cookieSettings(
  cookies: boolean | CookieJar | CookieOptions | undefined,
): CookieSettings | undefined {
  if (cookies === undefined || cookies === false) return undefined;
  const options = cookies === true ? {} : isJar(cookies) ? { jar: cookies } : cookies;
  if (typeof options !== 'object') {
    throw new InvalidArgumentTypeError('cookies', 'a boolean, a cookie jar or options', cookies);
  }
  checkOptions('cookies', options, NAMES);
  const { jar, maxCookies = 3_000, maxCookiesPerDomain = 180 } = options;
  const { maxCookiesPerResponse = 50, maxCookieFieldBytes = 8_192 } = options;
  if (jar !== undefined) {
    if (!isJar(jar)) {
      throw new InvalidArgumentTypeError('jar', 'a jar, such as a CookieJar of tough-cookie', jar);
    }
    for (const name of ['maxCookies', 'maxCookiesPerDomain'] as const) {
      if (options[name] === undefined) continue;
      const expected = 'left out with jar, whose store has limits of its own';
      throw new InvalidArgumentValueError(name, expected, options[name]);
    }
  }
  return {
    jar,
    maxCookies: checkInteger('maxCookies', maxCookies, 1, 1_000_000),
    maxCookiesPerDomain: checkInteger('maxCookiesPerDomain', maxCookiesPerDomain, 1, 1_000_000),
    maxCookiesPerResponse: checkInteger('maxCookiesPerResponse', maxCookiesPerResponse, 1, 10_000),
    maxCookieFieldBytes: checkInteger('maxCookieFieldBytes', maxCookieFieldBytes, 1, 1_048_576),
  };
}

function isJar(value: unknown): value is CookieJar {
  const { getCookieString, setCookie } = (value ?? {}) as Partial<CookieJar>;
  return typeof getCookieString === 'function' && typeof setCookie === 'function';
}

export function cookies(settings: CookieSettings | undefined): Interceptor {
  if (settings === undefined) return (next) => next;
  const agentCookies = new AgentCookies(settings);
  return (next) => (request) => {
    if (!request.cookies) return next(request);
    return Deferred.fromPromise(agentCookies.added(request))
      .addCallback((withCookies) => next(withCookies))
      .addCallback((response) => agentCookies.kept(request, response)) as Deferred<AgentResponse>;
  };
}

class AgentCookies {
  readonly #settings: CookieSettings;
  #jar: Promise<CookieJar> | undefined;

  constructor(settings: CookieSettings) {
    this.#settings = settings;
    this.#jar = settings.jar === undefined ? undefined : Promise.resolve(settings.jar);
  }

  /** The request with the cookies of its URL. Those of its own Cookie field come first, and replace those with the same names. */
  async added(request: AgentRequest): Promise<AgentRequest> {
    this.#jar ??= ownJar(this.#settings);
    const jar = await this.#jar;
    const sameSiteContext = await contextOf(request);
    const text = await jar.getCookieString(urlOf(request), { sameSiteContext });
    if (text === '') return request;
    const field = this.#joined(fieldOf(request.fields, 'cookie'), text.split('; '));
    if (field === '') return request;
    return { ...request, fields: withField(request.fields, 'Cookie', field) };
  }

  #joined(own: string | undefined, pairs: readonly string[]): string {
    const ownPairs = own === undefined ? [] : own.split(';').map((pair) => pair.trim());
    const names = new Set(ownPairs.map(nameOf));
    let field = ownPairs.join('; ');
    for (const pair of pairs) {
      const length = field.length + pair.length + (field === '' ? 0 : 2);
      if (names.has(nameOf(pair)) || length > this.#settings.maxCookieFieldBytes) continue;
      field += field === '' ? pair : `; ${pair}`;
    }
    return field;
  }

  /** The response, when its cookies are in the jar. */
  kept(request: AgentRequest, response: AgentResponse): AgentResponse | Deferred<AgentResponse> {
    if (!response.has('set-cookie')) return response;
    const url = urlOf(request);
    const isSecure = request.url.protocol === 'https:' || isLoopback(request.url);
    const fields = response
      .fields('set-cookie')
      .slice(0, this.#settings.maxCookiesPerResponse)
      .filter((field) => mayBeSet(field, isSecure));
    return Deferred.fromPromise(this.#store(fields, url, isSecure)).addCallbacks(
      () => response,
      (failure) => {
        response.abort();
        return failure;
      },
    ) as Deferred<AgentResponse>;
  }

  async #store(fields: readonly string[], url: string, isSecure: boolean): Promise<void> {
    const jar = await this.#jar;
    if (jar === undefined) return;
    for (const field of fields) {
      if (!isSecure && (await hidesSecure(jar, field, url))) continue;
      await jar.setCookie(field, url, { ignoreError: true });
    }
  }
}

async function ownJar(limits: CookieLimits): Promise<CookieJar> {
  const tough = await loadToughCookie();
  return new tough.CookieJar(new BoundedCookieStore(tough, limits));
}

/** A request that follows a redirection from another site gets fewer cookies: the program has not chosen its URL. */
async function contextOf({ url, initiator, method }: AgentRequest): Promise<SameSiteContext> {
  if (url.hostname === initiator.hostname || (await isSameSite(url.hostname, initiator.hostname))) {
    return 'strict';
  }
  return method === 'GET' || method === 'HEAD' ? 'lax' : 'none';
}

async function isSameSite(one: string, other: string): Promise<boolean> {
  try {
    const { getPublicSuffix } = await loadToughCookie();
    const [site, otherSite] = [one, other].map((host) =>
      getPublicSuffix(host, { ignoreError: true }),
    );
    return site != null && site === otherSite;
  } catch (error) {
    // Without the package, another host is another site.
    if (error instanceof MissingPackageError) return false;
    throw error;
  }
}

/** Whether a user agent may store the cookie (RFC 6265bis section 5.7), as far as jars do not decide it. */
function mayBeSet(field: string, isSecure: boolean): boolean {
  const cookie = parseSetCookie(field);
  if (cookie === undefined || brokenPrefix(cookie) !== undefined) return false;
  if (hasOddSpace(field)) return false;
  return isSecure || cookie.secure !== true;
}

/** A jar may remove the space of Latin-1 around names and attributes: it would then store another cookie than the one that is checked here. */
function hasOddSpace(field: string): boolean {
  const [pair = '', ...attributes] = field.split(';');
  const [name = ''] = pair.split('=', 1);
  return [name, ...attributes.flatMap((text) => text.split('='))].some(
    (text) => text.trim() !== trimOWS(text),
  );
}

/**
 * Whether a cookie that came over http would replace a Secure cookie, or be sent beside it (RFC 6265bis section 5.7): an attacker who changes
 * plain text could choose a session of https. A Secure cookie is one that https gets, and http does not.
 */
async function hidesSecure(jar: CookieJar, field: string, url: string): Promise<boolean> {
  const cookie = parseSetCookie(field);
  if (cookie === undefined) return false;
  const at = new URL(url);
  if (cookie.domain !== undefined) at.hostname = cookie.domain;
  at.pathname = cookie.path ?? at.pathname.slice(0, at.pathname.lastIndexOf('/'));
  const countOver = async (protocol: string): Promise<number> => {
    at.protocol = protocol;
    const pairs = await jar.getCookieString(at.href, { sameSiteContext: 'strict' });
    return pairs.split('; ').filter((pair) => nameOf(pair) === cookie.name).length;
  };
  const all = await countOver('https:');
  return all > 0 && all > (await countOver('http:'));
}

/** Connections to this machine count as secure, as in jars. */
function isLoopback({ hostname }: URL): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function urlOf({ url }: AgentRequest): string {
  return url.origin + url.pathname;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return equals === -1 ? pair : pair.slice(0, equals);
}

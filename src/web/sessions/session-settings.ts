/** The options of sessions. */
import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { RANDOM_BYTES, type RandomBytes } from '../../cred/secrets.js';
import { type SetCookie, serializeSetCookie } from '../../http/set-cookie.js';
import {
  checkBoolean,
  checkClock,
  checkFunction,
  checkInteger,
  checkNumber,
  checkObject,
  checkPlainObject,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { SessionStore, SessionTimes } from './session-store.js';

/** The cookie of sessions. It is always HttpOnly. */
export interface SessionCookieOptions {
  /**
   * Default: `__Host-session` if it is secure, `__Secure-session` if it is and has another path or a domain, otherwise `session`.
   */
  readonly name?: string;
  /** Whether it is sent over secure connections only. Default: if the connection is. Set it to true behind a proxy that speaks TLS. */
  readonly secure?: boolean;
  /** Default `Lax`: requests that other sites cause have it only if they are navigations by GET. `None` needs `secure`. */
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
  /** Default `/`. */
  readonly path?: string;
  /** Default: the host of the request, without subdomains. */
  readonly domain?: string;
  /** Whether it outlives the session of the browser, for the lifetime of the session. Default false. */
  readonly persistent?: boolean;
}

export interface SessionsOptions {
  readonly store: SessionStore;
  /** A reactor, or the manual clock of a test. */
  readonly clock: Clock;
  readonly cookie?: SessionCookieOptions;
  /** Time in milliseconds after which an unused session ends: at least 1,000. Default 30 minutes. */
  readonly idleTimeoutMs?: number;
  /** Time in milliseconds after which a session ends, however much it is used: at least 1,000, at most 400 days. Default 12 hours. */
  readonly lifetimeMs?: number;
  /** Largest session: bytes of the keys and of the values in JSON, 1 to 2^24. Default 65,536. */
  readonly maxBytes?: number;
  /** Time in milliseconds for each operation of the store: at least 1. Default 5,000. */
  readonly storeTimeoutMs?: number;
  /** Makes the ids. Default: `randomBytes` of node:crypto. */
  readonly randomBytes?: RandomBytes;
}

const OPTIONS: OptionNames<SessionsOptions> = {
  store: true,
  clock: true,
  cookie: true,
  idleTimeoutMs: true,
  lifetimeMs: true,
  maxBytes: true,
  storeTimeoutMs: true,
  randomBytes: true,
};

const COOKIE_OPTIONS: OptionNames<SessionCookieOptions> = {
  name: true,
  secure: true,
  sameSite: true,
  path: true,
  domain: true,
  persistent: true,
};

const STORE_METHODS = ['load', 'create', 'update', 'rename', 'delete'] as const;
const DAY_MS = 86_400_000;
const MIN_TIME_MS = 1_000;
const MAX_TIME_MS = 400 * DAY_MS;
/** 256 bits. */
const ID_BYTES = 32;
const ID = /^[\w-]{43}$/;

/** @internal The checked options of `withSessions`, and the form of ids and cookies. */
export class SessionSettings {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly times: SessionTimes;
  readonly maxBytes: number;
  readonly storeTimeoutMs: number;
  readonly #cookie: SessionCookieOptions;
  readonly #randomBytes: RandomBytes;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, InvalidHTTPOutputError */
  constructor(options: SessionsOptions) {
    checkOptions('withSessions', options, OPTIONS);
    const { store, clock, cookie = {}, randomBytes = RANDOM_BYTES } = options;
    const { idleTimeoutMs = 30 * 60_000, lifetimeMs = DAY_MS / 2 } = options;
    const { maxBytes = 65_536, storeTimeoutMs = 5_000 } = options;
    checkObject('store', store);
    for (const method of STORE_METHODS) checkFunction(`${method} of the store`, store[method]);
    checkClock('clock', clock);
    checkFunction('randomBytes', randomBytes);
    checkNumber('idleTimeoutMs', idleTimeoutMs, MIN_TIME_MS, MAX_TIME_MS);
    checkNumber('lifetimeMs', lifetimeMs, MIN_TIME_MS, MAX_TIME_MS);
    this.store = store;
    this.clock = clock;
    this.times = { idleMs: idleTimeoutMs, lifetimeMs };
    this.maxBytes = checkInteger('maxBytes', maxBytes, 1, 2 ** 24);
    this.storeTimeoutMs = checkNumber('storeTimeoutMs', storeTimeoutMs, 1, DAY_MS);
    this.#randomBytes = randomBytes;
    this.#cookie = cookie;
    checkPlainObject('cookie', cookie);
    checkOptions('cookie', cookie, COOKIE_OPTIONS);
    if (cookie.persistent !== undefined) checkBoolean('persistent', cookie.persistent);
    // Wrong attributes are errors here, and not in the first request.
    this.cookie('', cookie.secure ?? false);
    this.cookie('', cookie.secure ?? true);
  }

  /** The name of the cookie. @param secure Whether the connection is. */
  cookieName(secure: boolean): string {
    const { name, path = '/', domain } = this.#cookie;
    if (name !== undefined) return name;
    if (!this.#isSecure(secure)) return 'session';
    return path === '/' && domain === undefined ? '__Host-session' : '__Secure-session';
  }

  /** A Set-Cookie field. @param id Undefined: the browser deletes the cookie. */
  cookie(id: string | undefined, secure: boolean): string {
    const { path, domain, sameSite = 'Lax', persistent = false } = this.#cookie;
    const { lifetimeMs } = this.times;
    const lasting = persistent ? Math.ceil(lifetimeMs / 1_000) : undefined;
    const cookie: SetCookie = {
      name: this.cookieName(secure),
      value: id ?? '',
      maxAgeSeconds: id === undefined ? 0 : lasting,
      path: path ?? '/',
      domain,
      secure: this.#isSecure(secure),
      httpOnly: true,
      sameSite,
    };
    return serializeSetCookie(cookie);
  }

  makeId(): string {
    const bytes = this.#randomBytes(ID_BYTES);
    if (bytes.length !== ID_BYTES) {
      throw new InvalidArgumentValueError('randomBytes', `${ID_BYTES} bytes`, bytes.length);
    }
    return Buffer.from(bytes).toString('base64url');
  }

  #isSecure(connection: boolean): boolean {
    return this.#cookie.secure ?? connection;
  }
}

/** Whether a text can be an id. */
export function isSessionId(text: string): boolean {
  return ID.test(text);
}

/** The name of a session in the store: from it, nobody can compute the id. */
export function nameOfSession(id: string): string {
  return hash('sha256', id, 'base64url');
}

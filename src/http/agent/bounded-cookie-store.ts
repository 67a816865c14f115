/** Cookies in memory, a bounded number of them: a store of the package `tough-cookie`. Its own store has no limits. */
import type { ToughCookie } from './tough-cookie.js';

export interface CookieLimits {
  /** Most cookies of all domains. */
  readonly maxCookies: number;
  /** Most cookies of a domain, as it is in the cookie. */
  readonly maxCookiesPerDomain: number;
}

/** The facts of a cookie that a store needs. */
interface StoredCookie {
  readonly domain: string;
  readonly path: string;
  readonly key: string;
}

type Done<T> = (error: Error | null, result?: T) => void;

/** The cookies of a domain by path and name, the one that was set first as the first. */
type DomainCookies = Map<string, StoredCookie>;

export class BoundedCookieStore {
  /** The store calls back before its methods return. */
  readonly synchronous = true;
  readonly #matching: Pick<ToughCookie, 'pathMatch' | 'permuteDomain'>;
  readonly #limits: CookieLimits;
  readonly #domains: Map<string, DomainCookies> = new Map();
  #size = 0;

  constructor(matching: Pick<ToughCookie, 'pathMatch' | 'permuteDomain'>, limits: CookieLimits) {
    this.#matching = matching;
    this.#limits = limits;
  }

  /** The number of cookies. */
  get size(): number {
    return this.#size;
  }

  findCookie(domain: string, path: string, key: string, done: Done<StoredCookie>): void {
    done(null, this.#domains.get(domain)?.get(keyOf(path, key)));
  }

  findCookies(
    domain: string | null,
    path: string | null,
    allowSpecialUseDomain: boolean,
    done: Done<StoredCookie[]>,
  ): void {
    const { pathMatch, permuteDomain } = this.#matching;
    const names = domain === null ? [] : (permuteDomain(domain, allowSpecialUseDomain) ?? [domain]);
    const found = names.flatMap((name) => [...(this.#domains.get(name)?.values() ?? [])]);
    done(null, path === null ? found : found.filter((cookie) => pathMatch(path, cookie.path)));
  }

  putCookie(cookie: StoredCookie, done: Done<void>): void {
    const { domain, path, key } = cookie;
    this.#remove(domain, keyOf(path, key));
    const cookies = this.#domains.get(domain) ?? new Map<string, StoredCookie>();
    if (cookies.size >= this.#limits.maxCookiesPerDomain) this.#removeOldest(domain, cookies);
    if (this.#size >= this.#limits.maxCookies) {
      // The domain to which no cookie was added for the longest time.
      const [oldest] = this.#domains;
      if (oldest !== undefined) this.#removeOldest(...oldest);
    }
    cookies.set(keyOf(path, key), cookie);
    this.#domains.delete(domain);
    this.#domains.set(domain, cookies);
    this.#size += 1;
    done(null);
  }

  updateCookie(_old: StoredCookie, cookie: StoredCookie, done: Done<void>): void {
    this.putCookie(cookie, done);
  }

  removeCookie(domain: string, path: string, key: string, done: Done<void>): void {
    this.#remove(domain, keyOf(path, key));
    done(null);
  }

  #removeOldest(domain: string, cookies: DomainCookies): void {
    const [oldest] = cookies.keys();
    if (oldest !== undefined) this.#remove(domain, oldest);
  }

  #remove(domain: string, key: string): void {
    const cookies = this.#domains.get(domain);
    if (cookies?.delete(key) !== true) return;
    this.#size -= 1;
    if (cookies.size === 0) this.#domains.delete(domain);
  }
}

function keyOf(path: string, key: string): string {
  return `${path}\n${key}`;
}

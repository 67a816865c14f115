/** The part of the package `tough-cookie` that is used here, and how it is loaded: it is an optional dependency. */
import { MissingPackageError } from '../../core/errors/tls.js';

/** Where requests come from: cookies with SameSite are sent accordingly. */
export type SameSiteContext = 'strict' | 'lax' | 'none';

/** Keeps cookies, and knows which a URL gets. `CookieJar` of the package `tough-cookie` is one. */
export interface CookieJar {
  /** The value of a Cookie field; empty if there is none. */
  getCookieString(
    url: string,
    options: { readonly sameSiteContext: SameSiteContext },
  ): Promise<string>;
  /** Takes the value of a Set-Cookie field. Cookies that it does not accept are ignored. */
  setCookie(
    field: string,
    url: string,
    options: { readonly ignoreError: boolean },
  ): Promise<unknown>;
}

export interface ToughCookie {
  readonly CookieJar: new (store: object) => CookieJar;
  /** The domain that is registered: the public suffix and one name more. */
  getPublicSuffix(
    domain: string,
    options: { readonly ignoreError: boolean },
  ): string | null | undefined;
  permuteDomain(domain: string, allowSpecialUseDomain: boolean): string[] | undefined;
  pathMatch(path: string, cookiePath: string): boolean;
}

/** @returns Rejected with MissingPackageError if it is not installed. */
export async function loadToughCookie(): Promise<ToughCookie> {
  try {
    // A name in a variable: the compiler does not need the package's types.
    const name: string = 'tough-cookie';
    return (await import(name)) as ToughCookie;
  } catch (cause) {
    throw new MissingPackageError('the option cookies of Agent', ['tough-cookie'], { cause });
  }
}

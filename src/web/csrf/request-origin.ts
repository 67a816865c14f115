/**
 * Which site caused a request, as far as the browser says (https://www.w3.org/TR/fetch-metadata, RFC 6454): by Sec-Fetch-Site, which
 * browsers send over TLS and to localhost, otherwise by Origin, which they send with all methods but GET and HEAD.
 */
import type { WebContext } from '../web-context.js';

/** `own`: this site, or one that is trusted; `other`: another one; `unknown`: the client is not a browser, or an old one. */
export type RequestOrigin = 'own' | 'other' | 'unknown';

/** @param trusted Origins in lower case, such as `https://a.example:8443`. */
export function requestOrigin(
  { request }: WebContext,
  trusted: ReadonlySet<string>,
): RequestOrigin {
  const origin = request.field('origin')?.toLowerCase();
  if (origin !== undefined && trusted.has(origin)) return 'own';
  const site = request.field('sec-fetch-site');
  // `none`: the user, by a bookmark or the address bar.
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'own' : 'other';
  if (origin === undefined) return 'unknown';
  return isOwn(origin, request.host?.toLowerCase(), request.secure) ? 'own' : 'other';
}

/** Behind a proxy that speaks TLS, the scheme of the site is not known: the hosts are compared. */
function isOwn(origin: string, host: string | undefined, secure: boolean): boolean {
  const [, scheme, authority] = /^(https?):\/\/(.+)$/.exec(origin) ?? [];
  if (scheme === undefined || host === undefined || (secure && scheme === 'http')) return false;
  const port = scheme === 'http' ? ':80' : ':443';
  return authority === (host.endsWith(port) ? host.slice(0, -port.length) : host);
}

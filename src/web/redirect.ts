/** Answers that lead to another address. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { escapeHTML } from '../http/error-pages.js';
import { escapeReference } from '../http/target-path.js';
import { checkString } from '../internal/check.js';
import { isCodeURL } from './html-slots.js';
import type { Resource, WebContext } from './web-context.js';

/**
 * 301: moved for good; 302, 303: the answer is elsewhere, and is fetched by GET; 307 and 308: as 302 and 301, with the same method and content.
 * After 301 and 302, clients may also change POST to GET.
 */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

const STATUSES: readonly number[] = [301, 302, 303, 307, 308];

/**
 * A resource that leads to another address.
 *
 * @param location See {@link redirect}.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function redirectTo(location: string, status: RedirectStatus = 302): Resource {
  const field = locationField(location);
  checkStatus(status);
  return { render: (context) => prepareRedirect(context, field, status) };
}

/**
 * Makes the answer a redirect. The short page in it, for clients that do not follow, has the address as escaped text.
 *
 * @example POST: (context) => redirect(context, '/done', 303)
 * @param location A URL, or a reference relative to that of the request. Characters that URLs cannot have are percent-encoded, and so are
 * backslashes, which browsers take for slashes. If a client can choose it, use {@link localLocation}.
 * @returns The page, which the resource returns: wrappers around it then do their part before it is sent, such as storing a session.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @throws HTTPSequenceError the head of the response was sent.
 */
export function redirect(
  context: WebContext,
  location: string,
  status: RedirectStatus = 302,
): string {
  return prepareRedirect(context, locationField(location), checkStatus(status));
}

/**
 * A location of this site from text that a client can choose, such as the page to show after a login: `redirect(context,
 * localLocation(next))`.
 *
 * @param location A path with a slash at its beginning, perhaps with a query.
 * @returns `fallback` for everything else: other origins, in all the forms that browsers accept, and paths that are none.
 */
export function localLocation(location: string | null | undefined, fallback = '/'): string {
  // Browsers drop tabs and line ends, and take backslashes for slashes.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused.
  const isLocal = typeof location === 'string' && /^\/(?![/\\])[^\x00-\x1f\x7f\\]*$/.test(location);
  return isLocal ? location : fallback;
}

function prepareRedirect({ response }: WebContext, location: string, status: number): string {
  const text = escapeHTML(location);
  response.status = status;
  response.setField('Location', location);
  response.setField('Content-Type', 'text/html; charset=utf-8');
  response.setField('Content-Security-Policy', "default-src 'none'");
  return `<!doctype html>\n<title>Redirect</title>\n<p>See <a href="${text}">${text}</a>\n`;
}

function checkStatus(status: unknown): number {
  if (STATUSES.includes(status as number)) return status as number;
  throw new InvalidArgumentValueError('status', `one of ${STATUSES.join(', ')}`, status);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError it has control characters, or a scheme that runs scripts. */
function locationField(location: unknown): string {
  const text = checkString('location', location);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused.
  if (text === '' || /[\x00-\x1f\x7f]/.test(text) || isCodeURL(text)) {
    throw new InvalidArgumentValueError('location', 'a URL or a relative reference', location);
  }
  return escapeReference(text);
}

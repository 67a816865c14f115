/**
 * Bodies of answers with an error. They contain the status, its reason phrase and, only if the caller passes it, a public text: no
 * server name, path, exception or part of the request.
 */
import { checkData } from '../internal/check.js';
import { reasonPhrase } from '../protocols/http/status.js';
import { fieldLine } from './field-lines.js';
import { checkInformational } from './field-names.js';
import {
  parseParameterized,
  type RequestFields,
  splitOutsideQuotes,
  weightOf,
} from './field-values.js';
import type { HTTPRequest } from './http-request.js';
import { NO_SNIFFING } from './media-types.js';

/** The fields and the content of an answer with an error. Content-Length is the server's. */
export interface ErrorPage {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly content: string | Uint8Array;
}

/**
 * Makes the content of the server's own answers.
 * @param status 400 to 599.
 * @param request Undefined if it could not be read.
 */
export type ErrorPageMaker = (status: number, request: HTTPRequest | undefined) => ErrorPage;

/** The status and its reason phrase. */
export const plainErrorPage: ErrorPageMaker = (status) => ({
  fields: [['Content-Type', 'text/plain; charset=utf-8']],
  content: `${status} ${reasonPhrase(status)}\n`,
});

/** For browsers a page in HTML with the status and its reason phrase, for other clients plain text. */
export const negotiatedErrorPage: ErrorPageMaker = (status, request) =>
  errorPage(request, status, reasonPhrase(status));

/** @throws InvalidArgumentTypeError, InvalidHTTPOutputError */
export function checkErrorPage(page: ErrorPage): ErrorPage {
  checkData(page.content);
  checkInformational(page.fields.map(([name, value]) => fieldLine(name, value)));
  return page;
}

/** Nothing may be loaded, run or framed: the page needs only its own text. */
const PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for content and quoted attributes of HTML. */
export function escapeHTML(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/**
 * A page in HTML for clients that list `text/html` in Accept, as browsers do, and otherwise plain text.
 *
 * @param reason The reason phrase of the status.
 * @param detail A text for the user. It is escaped; it must not contain secrets.
 */
export function errorPage(
  request: Pick<RequestFields, 'field'> | undefined,
  status: number,
  reason: string,
  detail?: string,
): ErrorPage {
  const html = request !== undefined && acceptsHTML(request.field('accept'));
  const content = html ? htmlPage(status, reason, detail) : plainPage(status, reason, detail);
  return {
    fields: [
      ['Content-Type', `text/${html ? 'html' : 'plain'}; charset=utf-8`],
      ['Content-Security-Policy', PAGE_POLICY],
      NO_SNIFFING,
    ],
    content,
  };
}

function plainPage(status: number, reason: string, detail: string | undefined): string {
  return `${status} ${reason}\n${detail === undefined ? '' : `${detail}\n`}`;
}

function htmlPage(status: number, reason: string, detail: string | undefined): string {
  const title = escapeHTML(`${status} ${reason}`);
  const paragraph = detail === undefined ? '' : `\n<p>${escapeHTML(detail)}</p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>${paragraph}
</html>
`;
}

/** Ranges such as `text/*` do not count: clients other than browsers send them. */
function acceptsHTML(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return splitOutsideQuotes(accept, ',').some((element) => {
    const parsed = parseParameterized(element);
    return parsed?.value.toLowerCase() === 'text/html' && (weightOf(parsed) ?? 0) > 0;
  });
}

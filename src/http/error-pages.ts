/**
 * Bodies of answers with an error. They contain the status, its reason phrase and, only if the caller passes it, a public text: no
 * server name, path, exception or part of the request.
 */
import {
  parseParameterized,
  type RequestFields,
  splitOutsideQuotes,
  weightOf,
} from './field-values.js';
import { NO_SNIFFING } from './media-types.js';

export interface ErrorPage {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
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
  const text = html ? htmlPage(status, reason, detail) : plainPage(status, reason, detail);
  const body = Buffer.from(text);
  return {
    fields: [
      ['Content-Type', `text/${html ? 'html' : 'plain'}; charset=utf-8`],
      ['Content-Length', String(body.length)],
      ['Content-Security-Policy', PAGE_POLICY],
      NO_SNIFFING,
    ],
    body,
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

/** Ranges such as `text/*` do not count: clients that are no browsers send them. */
function acceptsHTML(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return splitOutsideQuotes(accept, ',').some((element) => {
    const parsed = parseParameterized(element);
    return parsed?.value.toLowerCase() === 'text/html' && (weightOf(parsed) ?? 0) > 0;
  });
}

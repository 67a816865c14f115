/** Listings of folders, as HTML and JSON. */
import { parseParameterized, splitOutsideQuotes, weightOf } from '../http/field-values.js';
import type { StaticFiles } from '../http/static-files.js';
import type { FolderEntry, FolderListing } from '../http/static-root.js';
import { type HTML, html } from './html.js';
import type { WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export class FileListing {
  readonly #files: StaticFiles;
  readonly #max: number;

  constructor(files: StaticFiles, max: number) {
    this.#files = files;
    this.#max = max;
  }

  /** Answers a request for a folder that has no index file. */
  async answer(context: WebContext, segments: readonly string[]): Promise<WebResult> {
    const listing = await this.#files.list(segments, this.#max);
    if (listing === undefined) return context.notFound();
    const { request, response } = context;
    if (response.ended) return undefined;
    response.addField('Vary', 'Accept');
    response.setField('Cache-Control', 'no-cache');
    if (prefersJSON(request.field('accept'))) return asJSON(listing);
    response.setField('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    return asHTML(listing, context.segments.concat(segments), segments.length > 0);
  }
}

function asJSON({ entries, isCut }: FolderListing): object {
  return { entries: entries.map(entryOf), isCut };
}

function entryOf({ name, isFolder, stats }: FolderEntry): object {
  const modified = modifiedOf(stats);
  return isFolder
    ? { name, type: 'folder', modified }
    : { name, type: 'file', size: Number(stats.size), modified };
}

function modifiedOf(stats: FolderEntry['stats']): string {
  return new Date(Number(stats.mtimeMs)).toISOString();
}

function asHTML(
  { entries, isCut }: FolderListing,
  path: readonly string[],
  hasParent: boolean,
): HTML {
  const title = `/${path.map((segment) => `${segment}/`).join('')}`;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>
<table>
<tr><th>Name<th>Bytes<th>Modified (UTC)
${hasParent && html`<tr><td><a href="../">..</a><td><td>\n`}${entries.map(rowOf)}</table>${isCut && html`\n<p>There are more.`}
`;
}

function rowOf({ name, isFolder, stats }: FolderEntry): HTML {
  const slash = isFolder ? '/' : '';
  const modified = modifiedOf(stats).replace('T', ' ').slice(0, 19);
  // The dot keeps a name such as `a:b` from being a scheme.
  return html`<tr><td><a href="./${encodeURIComponent(name)}${slash}">${name}${slash}</a><td>${isFolder ? '' : stats.size}<td>${modified}\n`;
}

/** Whether `application/json` has a greater weight than `text/html`. Ranges such as `*` do not count. */
function prefersJSON(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let [json, page] = [0, 0];
  for (const element of splitOutsideQuotes(accept, ',')) {
    const parsed = parseParameterized(element);
    const weight = parsed === undefined ? 0 : (weightOf(parsed) ?? 0);
    const type = parsed?.value.toLowerCase();
    if (type === 'application/json') json = weight;
    else if (type === 'text/html') page = weight;
  }
  return json > page;
}

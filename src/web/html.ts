/** HTML from template literals whose values are escaped. */
import { isThenable } from '../defer/thenable.js';
import { escapeHTML } from '../http/error-pages.js';
import type { WebContext } from './web-context.js';
import { isRenderable, type Renderable, type RenderedHTML } from './web-context.js';

/**
 * A value of {@link html}: text and numbers are escaped, HTML is inserted, the items of an array follow each other, promises are awaited,
 * and undefined, null and booleans are left out.
 */
export type HTMLValue = SettledHTMLValue | PromiseLike<SettledHTMLValue>;

/** A value that is not a promise. */
export type SettledHTMLValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Renderable
  | readonly HTMLValue[];

/** The result of {@link html}. */
export class HTML implements Renderable {
  readonly #strings: readonly string[];
  readonly #values: readonly HTMLValue[];

  /** @internal */
  constructor(strings: readonly string[], values: readonly HTMLValue[]) {
    this.#strings = strings;
    this.#values = values;
  }

  renderHTML(context?: WebContext): string | Promise<string> {
    const parts: (string | Promise<string>)[] = [];
    let isWhole = true;
    for (const [index, text] of this.#strings.entries()) {
      parts.push(text);
      if (index === this.#values.length) break;
      const part = partOf(this.#values[index], context);
      isWhole &&= typeof part === 'string';
      parts.push(part);
    }
    return isWhole ? parts.join('') : joined(parts);
  }
}

/**
 * A page, or a part of one, whose values are escaped for text and quoted attributes.
 *
 * @example html`<p title="${title}">${count} items</p>`
 */
export function html(strings: TemplateStringsArray, ...values: HTMLValue[]): HTML {
  return new HTML(strings, values);
}

/** HTML that is inserted as it is. The caller must trust it. */
export function rawHTML(text: string): HTML {
  return new HTML([text], []);
}

function partOf(value: HTMLValue, context: WebContext | undefined): string | Promise<string> {
  if (typeof value === 'string') return escapeHTML(value);
  if (value === undefined || value === null || typeof value === 'boolean') return '';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    const parts = value.map((item: HTMLValue) => partOf(item, context));
    return parts.every((part) => typeof part === 'string') ? parts.join('') : joined(parts);
  }
  if (isRenderable(value)) return textOf(value.renderHTML(context));
  if (isThenable(value)) return partLater(value as PromiseLike<SettledHTMLValue>, context);
  return escapeHTML(String(value));
}

async function joined(parts: readonly (string | Promise<string>)[]): Promise<string> {
  return (await Promise.all(parts)).join('');
}

async function partLater(
  value: PromiseLike<SettledHTMLValue>,
  context: WebContext | undefined,
): Promise<string> {
  return partOf(await value, context);
}

function textOf(page: RenderedHTML | PromiseLike<RenderedHTML>): string | Promise<string> {
  return typeof page === 'string' ? page : textLater(page);
}

async function textLater(page: RenderedHTML | PromiseLike<RenderedHTML>): Promise<string> {
  const made = await page;
  if (typeof made === 'string') return made;
  let text = '';
  for await (const piece of made) text += piece;
  return text;
}

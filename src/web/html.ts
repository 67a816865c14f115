/** HTML from template literals whose values are escaped. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { isThenable } from '../defer/thenable.js';
import { escapeHTML } from '../http/error-pages.js';
import { isCodeURL, type SlotKind, slotsOf } from './html-slots.js';
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

  /** @internal @throws InvalidArgumentTypeError */
  constructor(strings: readonly string[], values: readonly HTMLValue[]) {
    this.#strings = strings;
    const slots = values.length === 0 ? [] : slotsOf(strings);
    this.#values = values.map((value, index) => placed(value, slots[index]));
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
 * A page, or a part of one, whose values are escaped for text and quoted attributes. Elsewhere escaping would not make them safe: in a tag,
 * an attribute without quotes, an attribute with a script or style, a script, a style or a comment, only HTML is accepted: see
 * {@link scriptJSON}. A URL at the beginning of an attribute such as `href`, with a scheme that runs scripts, becomes `about:invalid`.
 *
 * @example html`<p title="${title}">${count} items</p>`
 * @throws InvalidArgumentTypeError a value is in a place for HTML only.
 */
export function html(strings: TemplateStringsArray, ...values: HTMLValue[]): HTML {
  return new HTML(strings, values);
}

/** HTML that is inserted as it is. The caller must trust it. */
export function rawHTML(text: string): HTML {
  return new HTML([text], []);
}

/**
 * A value as JSON for a script in a page: `html\`<script>show(${scriptJSON(state)})</script>\``. No text in it can end the script.
 * @throws InvalidArgumentTypeError it has no form in JSON. @throws TypeError as `JSON.stringify` does.
 */
export function scriptJSON(value: unknown): HTML {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new InvalidArgumentTypeError('value', 'a JSON value', value);
  const escaped = text.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return rawHTML(escaped);
}

/** @throws InvalidArgumentTypeError */
function placedURL(value: HTMLValue): HTMLValue {
  if (typeof value === 'string') return isCodeURL(value) ? 'about:invalid' : value;
  if (isThenable(value)) return checkedLater(value as PromiseLike<SettledHTMLValue>);
  if (!Array.isArray(value)) return value;
  throw new InvalidArgumentTypeError('a value that begins a URL', 'one text', value);
}

async function checkedLater(value: PromiseLike<SettledHTMLValue>): Promise<SettledHTMLValue> {
  return placedURL(await value) as SettledHTMLValue;
}

/** @throws InvalidArgumentTypeError */
function placed(value: HTMLValue, slot: SlotKind | undefined): HTMLValue {
  if (slot === 'text') return value;
  if (slot === 'url') return placedURL(value);
  if (value === undefined || value === null || typeof value === 'boolean' || isRenderable(value)) {
    return value;
  }
  const hint = 'put it between tags or into a quoted attribute, or pass scriptJSON or rawHTML';
  throw new InvalidArgumentTypeError('a value in a tag or script', 'HTML', value, hint);
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

/**
 * The places of values in a template of HTML. Escaping makes text safe between tags and in quoted attributes only, so templates are
 * scanned once for other places. The scanner follows the tokens of https://html.spec.whatwg.org/#tokenization as far as that needs.
 */

/**
 * `text`: between tags, or in a quoted attribute. `url`: at the beginning of an attribute that is a URL. `markup`: elsewhere, where no escaping is
 * safe: in a tag, an attribute without quotes, an attribute with a script or style, a script, a style, or a comment.
 */
export type SlotKind = 'text' | 'url' | 'markup';

const known = new WeakMap<readonly string[], readonly SlotKind[]>();

/** The kind of the place behind each string but the last. */
export function slotsOf(strings: readonly string[]): readonly SlotKind[] {
  let slots = known.get(strings);
  if (slots === undefined) {
    const scanner = new Scanner();
    slots = strings.slice(0, -1).map((text) => scanner.scan(text));
    known.set(strings, slots);
  }
  return slots;
}

const URL_ATTRIBUTES =
  /^(?:href|src|action|formaction|poster|data|cite|background|ping|manifest|xlink:href)$/i;
const CODE_ATTRIBUTES = /^(?:on.*|style|srcdoc)$/i;
/** Elements whose content has no tags until their end tag. */
const RAW = /^<(script|style|xmp|iframe|noembed|noframes|plaintext|noscript)(?=[\s/>]|$)/i;

type State = 'text' | 'tag' | 'quoted' | 'comment' | 'raw';

class Scanner {
  #state: State = 'text';
  /** In a tag: its text so far. In a quoted attribute: the quotation mark. */
  #tag = '';
  #quote = '';
  /** The name of the attribute, and whether its value has begun. */
  #attribute = '';
  #isAtStart = false;
  /** The element whose content is raw. */
  #raw = '';

  /** Reads the text before a value. */
  scan(text: string): SlotKind {
    let at = 0;
    while (at < text.length) at = this.#step(text, at);
    const kind = this.#kind();
    if (this.#state === 'quoted') this.#isAtStart = false;
    if (this.#state === 'tag') this.#tag += '\ufffc';
    return kind;
  }

  #kind(): SlotKind {
    if (this.#state === 'text') return 'text';
    if (this.#state !== 'quoted' || CODE_ATTRIBUTES.test(this.#attribute)) return 'markup';
    return this.#isAtStart && URL_ATTRIBUTES.test(this.#attribute) ? 'url' : 'text';
  }

  /** @returns The offset of the first character that was not read. */
  #step(text: string, at: number): number {
    switch (this.#state) {
      case 'text':
        return this.#text(text, at);
      case 'tag':
        return this.#inTag(text, at);
      case 'quoted':
        return this.#inQuotes(text, at);
      case 'comment':
        return this.#until(text, at, '-->');
      default:
        return this.#until(text, at, `</${this.#raw}`);
    }
  }

  #text(text: string, at: number): number {
    const open = text.indexOf('<', at);
    if (open === -1) return text.length;
    if (text.startsWith('<!--', open)) {
      this.#state = 'comment';
      return open + 4;
    }
    // A tag begins with a letter; at the end, the value would be its name.
    if (!/^(?:[a-z/!?]|$)/i.test(text.slice(open + 1, open + 2))) return open + 1;
    this.#state = 'tag';
    this.#tag = '<';
    return open + 1;
  }

  #inTag(text: string, at: number): number {
    const character = text[at] as string;
    if (character === '>') {
      const raw = RAW.exec(this.#tag)?.[1];
      this.#state = raw === undefined ? 'text' : 'raw';
      this.#raw = (raw ?? '').toLowerCase();
    } else if (character === '"' || character === "'") {
      const attribute = /([^\s"'<>/=]+)\s*=\s*$/.exec(this.#tag)?.[1];
      if (attribute !== undefined) {
        this.#state = 'quoted';
        this.#quote = character;
        this.#attribute = attribute;
        this.#isAtStart = true;
      }
    }
    this.#tag += character;
    return at + 1;
  }

  #inQuotes(text: string, at: number): number {
    const end = text.indexOf(this.#quote, at);
    const value = text.slice(at, end === -1 ? undefined : end);
    if (value.trim() !== '') this.#isAtStart = false;
    if (end === -1) return text.length;
    this.#state = 'tag';
    return end + 1;
  }

  #until(text: string, at: number, end: string): number {
    const found = text.toLowerCase().indexOf(end, at);
    if (found === -1) return text.length;
    this.#state = this.#state === 'raw' ? 'tag' : 'text';
    this.#tag = end;
    return found + end.length;
  }
}

/** Whether a URL runs a script, or is a document of its own. Browsers skip spaces and control characters before and in the scheme. */
export function isCodeURL(url: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers skip them.
  return /^(?:javascript|vbscript|data):/i.test(url.replace(/[\x00-\x20]/g, ''));
}

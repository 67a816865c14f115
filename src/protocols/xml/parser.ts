/**
 * A streaming parser of XML 1.0 with namespaces, for what peers send: text in, events out. It refuses document type declarations, and with
 * them all entities but the five predefined ones, whatever its options. It keeps nothing but the unfinished token and the open elements.
 *
 * Theory of operation: `receive` checks characters and appends them to the unread text. `next` reads one token if it is whole. The
 * search for the end of a tag continues where it ended before, so that a tag that arrives byte by byte is scanned once. Text is passed on
 * as it arrives, except for an end that may belong to a reference, a line break or `]]>`.
 */
import { isNCName, NOT_A_CHARACTER, SPACE } from './characters.js';
import { InvalidXMLError, XMLLimitError } from './errors.js';
import type { XMLEvent, XMLName } from './events.js';
import {
  MAX_REFERENCE_LENGTH,
  type ResolvedOptions,
  resolveOptions,
  type XMLParserOptions,
} from './limits.js';
import type { Scope } from './namespaces.js';
import { replaceReferences } from './references.js';
import { TagReader } from './tag.js';

const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BYTE_ORDER_MARK = '\uFEFF';
const CDATA = '<![CDATA[';

const DECLARATION =
  /^xml[\t\n\r ]+version[\t\n\r ]*=[\t\n\r ]*(?:"1\.\d{1,9}"|'1\.\d{1,9}')(?:[\t\n\r ]+encoding[\t\n\r ]*=[\t\n\r ]*(?:"([A-Za-z][-.\w]{0,39})"|'([A-Za-z][-.\w]{0,39})'))?(?:[\t\n\r ]+standalone[\t\n\r ]*=[\t\n\r ]*(?:"(?:yes|no)"|'(?:yes|no)'))?[\t\n\r ]*$/;
const UTF8_SUBSETS = /^(?:utf-?8|us-ascii|ascii)$/i;

interface OpenElement {
  readonly name: XMLName;
  readonly scope: Scope | undefined;
}

/**
 * Reads one document, or a stream that is one document, such as that of XMPP: pass each piece to {@link receive}, then call {@link next}
 * until it returns undefined; after the last piece call {@link end}.
 */
export class XMLParser {
  readonly #options: ResolvedOptions;
  readonly #tags: TagReader;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #open: OpenElement[] = [];
  /** Unread text. */
  #text = '';
  /** Where the unread part of it begins. */
  #at = 0;
  /** How far the end of the unfinished token was searched. */
  #scanned = 0;
  /** The quotation mark that the searched part of a tag is inside of; 0 outside. */
  #quote = 0;
  /** Code units before `#text`. */
  #passed = 0;
  /** Where the document begins: behind the byte order mark. */
  #start = 0;
  #state: 'content' | 'comment' | 'cdata' = 'content';
  #rootClosed = false;
  /** The element of an empty-element tag, whose `close` is next. */
  #empty: XMLName | undefined;
  /** A surrogate whose pair has not arrived. */
  #half = '';
  #receivesBytes = false;
  /** Thrown when the text before it was read. */
  #failure: InvalidXMLError | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options?: XMLParserOptions) {
    this.#options = resolveOptions(options);
    this.#tags = new TagReader(this.#options);
  }

  /** The number of open elements. */
  get depth(): number {
    return this.#open.length;
  }

  /** Whether the root element was closed. */
  get isComplete(): boolean {
    return this.#rootClosed && this.#empty === undefined;
  }

  /** Adds text, or bytes of UTF-8. Neither is kept by reference. Errors are thrown by {@link next}. */
  receive(data: string | Uint8Array): void {
    if (this.#failure !== undefined) return;
    const text = typeof data === 'string' ? data : this.#decoded(data);
    const unread = this.#text.slice(this.#at);
    this.#passed += this.#at;
    this.#scanned = Math.max(0, this.#scanned - this.#at);
    this.#at = 0;
    this.#text = unread + this.#checked(text);
  }

  /**
   * The next event; undefined if there is none before the next piece.
   * @throws InvalidXMLError, XMLLimitError Each further call throws it again.
   */
  next(): XMLEvent | undefined {
    if (this.#empty !== undefined) return this.#close(this.#empty);
    try {
      const event = this.#event();
      if (event === undefined && this.#failure !== undefined) throw this.#failure;
      return event;
    } catch (error) {
      this.#failure = error as InvalidXMLError;
      this.#text = '';
      this.#at = 0;
      throw error;
    }
  }

  /** The input has ended. Call it after {@link next} has returned undefined. @throws InvalidXMLError it is incomplete. */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const rest = this.#text.slice(this.#at);
    const isWhole = this.isComplete && this.#state === 'content' && SPACE.test(rest);
    if (isWhole && this.#half === '' && this.#decodesNothing()) return;
    throw new InvalidXMLError('the document is incomplete', this.#passed + this.#text.length);
  }

  #decoded(bytes: Uint8Array): string {
    this.#receivesBytes = true;
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      this.#failure = this.#invalid('the text is not UTF-8', { cause });
      return '';
    }
  }

  #decodesNothing(): boolean {
    try {
      this.#decoder.decode();
      return true;
    } catch {
      return false;
    }
  }

  /** Text up to the first character that XML does not have. */
  #checked(received: string): string {
    let text = this.#half + received;
    this.#half = '';
    if (this.#passed === 0 && this.#text === '' && text.startsWith(BYTE_ORDER_MARK)) {
      text = text.slice(1);
      this.#passed = 1;
      this.#start = 1;
    }
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    const bad = NOT_A_CHARACTER.exec(text);
    if (bad === null) return text;
    this.#failure = this.#invalid('the text contains a character that XML does not have');
    return text.slice(0, bad.index);
  }

  #event(): XMLEvent | undefined {
    while (this.#at < this.#text.length) {
      const before = this.#at;
      const state = this.#state;
      const event = this.#token();
      if (event !== undefined) return event;
      if (this.#at === before && this.#state === state) return undefined;
    }
    return undefined;
  }

  /** Reads one token, which need not be an event. It has moved or changed the state if there was one. */
  #token(): XMLEvent | undefined {
    if (this.#state === 'comment') return this.#skipComment();
    if (this.#state === 'cdata') return this.#cdata();
    const text = this.#text;
    const at = this.#at;
    if (text.charCodeAt(at) !== LESS) return this.#characters();
    const second = text.charCodeAt(at + 1);
    if (second === SLASH) return this.#closeTag();
    if (second === QUESTION) return this.#instruction();
    if (second === EXCLAMATION) return this.#declaration();
    return this.#openTag();
  }

  #openTag(): XMLEvent | undefined {
    const end = this.#tagEnd();
    if (end === undefined) return undefined;
    const offset = this.#passed + this.#at;
    if (this.#rootClosed) throw this.#invalid('another element follows the root');
    const { maxDepth } = this.#options;
    if (this.#open.length >= maxDepth) throw new XMLLimitError('maxDepth', maxDepth, offset);
    const isEmpty = this.#text.charCodeAt(end - 1) === SLASH && end - 1 > this.#at;
    const tag = this.#text.slice(this.#at + 1, isEmpty ? end - 1 : end);
    const { name, attributes, scope } = this.#tags.read(tag, this.#open.at(-1)?.scope, offset);
    this.#open.push({ name, scope });
    if (isEmpty) this.#empty = name;
    this.#at = end + 1;
    const { name: written, prefix, local, namespace } = name;
    return { type: 'open', name: written, prefix, local, namespace, attributes };
  }

  #closeTag(): XMLEvent | undefined {
    const end = this.#tagEnd();
    if (end === undefined) return undefined;
    const opened = this.#open.at(-1);
    const tag = this.#text.slice(this.#at + 2, end);
    const name = opened?.name;
    if (name === undefined || (tag !== name.name && tag.replace(/[\t\n\r ]+$/, '') !== name.name)) {
      throw this.#invalid('an end tag does not match its start tag');
    }
    this.#at = end + 1;
    return this.#close(name);
  }

  #close({ name, prefix, local, namespace }: XMLName): XMLEvent {
    this.#empty = undefined;
    this.#open.pop();
    if (this.#open.length === 0) this.#rootClosed = true;
    return { type: 'close', name, prefix, local, namespace };
  }

  /** The end of the tag that begins at `#at`; undefined if it has not arrived. */
  #tagEnd(): number | undefined {
    const text = this.#text;
    let quote = this.#quote;
    let at = Math.max(this.#scanned, this.#at + 1);
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (quote !== 0) {
        if (code === quote) quote = 0;
      } else if (code === GREATER) break;
      else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) quote = code;
      else if (code === LESS) throw this.#invalid('a tag contains another');
    }
    return this.#tokenEnd(at < text.length ? at : undefined, quote);
  }

  /** Checks the length of a token. @param end Undefined if it has not arrived. */
  #tokenEnd(end: number | undefined, quote: number): number | undefined {
    const { maxTagLength } = this.#options;
    if ((end ?? this.#text.length) - this.#at > maxTagLength) {
      throw new XMLLimitError('maxTagLength', maxTagLength, this.#passed + this.#at);
    }
    this.#scanned = end === undefined ? this.#text.length : 0;
    this.#quote = end === undefined ? quote : 0;
    return end;
  }

  /** A processing instruction, or the XML declaration. */
  #instruction(): undefined {
    const from = Math.max(this.#scanned - 1, this.#at + 2);
    const found = this.#text.indexOf('?>', from);
    const end = this.#tokenEnd(found === -1 ? undefined : found, 0);
    if (end === undefined) return undefined;
    const text = this.#text.slice(this.#at + 2, end);
    const [target = ''] = /^[^\t\n\r ]*/.exec(text) ?? [];
    if (target === 'xml') this.#declared(text);
    else if (this.#options.restricted) throw this.#invalid('processing instructions are refused');
    else if (!isNCName(target) || /^xml$/i.test(target)) {
      throw this.#invalid('a processing instruction is malformed');
    }
    this.#at = end + 2;
    return undefined;
  }

  #declared(text: string): void {
    const match = DECLARATION.exec(text);
    const isFirst = this.#passed + this.#at === this.#start;
    if (match === null || !isFirst) throw this.#invalid('the XML declaration is malformed');
    const encoding = match[1] ?? match[2];
    if (encoding === undefined || !this.#receivesBytes || UTF8_SUBSETS.test(encoding)) return;
    throw this.#invalid('the encoding is not UTF-8');
  }

  /** `<!`: a comment or a CDATA section. */
  #declaration(): undefined {
    const text = this.#text;
    const at = this.#at;
    if (text.startsWith('<!--', at)) {
      if (this.#options.restricted) throw this.#invalid('comments are refused');
      this.#state = 'comment';
      this.#at += '<!--'.length;
    } else if (text.startsWith(CDATA, at)) {
      if (this.depth === 0) throw this.#invalid('text is outside the root element');
      this.#state = 'cdata';
      this.#at += CDATA.length;
    } else if (!'<!--'.startsWith(text.slice(at)) && !CDATA.startsWith(text.slice(at))) {
      throw this.#invalid('document type declarations are refused');
    }
    return undefined;
  }

  #skipComment(): undefined {
    const found = this.#text.indexOf('--', this.#at);
    const { length } = this.#text;
    if (found === -1) {
      this.#at = this.#text.charCodeAt(length - 1) === 0x2d ? length - 1 : length;
    } else if (found + 2 >= length) this.#at = found;
    else if (this.#text.charCodeAt(found + 2) !== GREATER) {
      throw this.#invalid('a comment contains --');
    } else {
      this.#at = found + 3;
      this.#state = 'content';
    }
    return undefined;
  }

  #cdata(): XMLEvent | undefined {
    const found = this.#text.indexOf(']]>', this.#at);
    const end = found === -1 ? this.#wholeEnd(this.#text.length) : found;
    const text = this.#text.slice(this.#at, end);
    this.#at = end;
    if (found !== -1) {
      this.#at += ']]>'.length;
      this.#state = 'content';
    }
    return text === '' ? undefined : { type: 'text', text: withLineFeeds(text) };
  }

  /** Text up to the next tag, or as much of it as is whole. */
  #characters(): XMLEvent | undefined {
    const less = this.#text.indexOf('<', this.#at);
    const end = less === -1 ? this.#referenceStart(this.#wholeEnd(this.#text.length)) : less;
    if (end <= this.#at) return undefined;
    const raw = this.#text.slice(this.#at, end);
    if (raw.includes(']]>')) throw this.#invalid('text contains ]]>');
    if (this.depth === 0) {
      if (!SPACE.test(raw)) throw this.#invalid('text is outside the root element');
      this.#at = end;
      return undefined;
    }
    const lines = withLineFeeds(raw);
    const text = lines.includes('&') ? replaceReferences(lines) : lines;
    if (text === undefined) throw this.#invalid('text contains an undefined reference');
    this.#at = end;
    return { type: 'text', text };
  }

  /** Without an end that the next piece may continue: `]`, `]]` or a carriage return. */
  #wholeEnd(end: number): number {
    let whole = end;
    while (whole > this.#at && end - whole < 2 && this.#text[whole - 1] === ']') whole -= 1;
    return whole > this.#at && this.#text[whole - 1] === '\r' ? whole - 1 : whole;
  }

  /** Without an unfinished reference at the end. */
  #referenceStart(end: number): number {
    const ampersand = this.#text.lastIndexOf('&', end - 1);
    if (ampersand < this.#at || this.#text.indexOf(';', ampersand) !== -1) return end;
    if (end - ampersand > MAX_REFERENCE_LENGTH) {
      throw this.#invalid('text contains an undefined reference');
    }
    return ampersand;
  }

  #invalid(problem: string, options?: ErrorOptions): InvalidXMLError {
    return new InvalidXMLError(problem, this.#passed + this.#at, options);
  }
}

/** XML 1.0 section 2.11. */
function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

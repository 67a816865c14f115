/** Field lines to be sent: validated, and serialized once. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { isAuthority } from './authority.js';
import { InvalidHTTPOutputError } from './errors.js';
import { isToken, VALUE } from './octets.js';

/** Fields by name. A list of values is sent as a line for each. */
export type FieldRecord = Readonly<Record<string, string | readonly string[]>>;

/**
 * Fields to be sent, in order. Names are tokens; values are sent in Latin-1 and contain no CR, LF, NUL or other control
 * character except HTAB. Make a {@link FieldBlock} of fields that are sent often: it is validated once.
 */
export type HTTPFields =
  | FieldBlock
  | readonly (readonly [name: string, value: string])[]
  | FieldRecord;

const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** The kinds of field names. */
const PLAIN = 0;
const CONTENT_LENGTH = 1;
const TRANSFER_ENCODING = 2;
const CONNECTION = 3;
const DATE = 4;
const HOST_FIELD = 5;
/** Not allowed in trailers, without further meaning here. */
const HEAD_ONLY = 6;

const KINDS: ReadonlyMap<string, number> = new Map([
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['connection', CONNECTION],
  ['date', DATE],
  ['host', HOST_FIELD],
  ['expect', HEAD_ONLY],
  ['te', HEAD_ONLY],
  ['trailer', HEAD_ONLY],
  ['upgrade', HEAD_ONLY],
]);

/** The kinds of names that have been validated. It does not grow further: names may come from peers. */
const knownNames = new Map<string, number>();
const MAX_KNOWN_NAMES = 500;
const MAX_KNOWN_NAME_LENGTH = 64;

/** Validated fields in their form on the wire. Immutable, and usable for any number of messages. */
export class FieldBlock {
  /** The field lines, each with its CRLF: a character per octet. */
  readonly text: string = '';
  /** Whether `text` is ASCII, and so the same in Latin-1 and UTF-8. */
  readonly isASCII: boolean = true;
  /** The value of Content-Length; -1 if there is none. */
  readonly contentLength: number = -1;
  readonly hasDate: boolean = false;
  readonly hasHost: boolean = false;
  /** Whether Connection has `close`. */
  readonly closes: boolean = false;

  /**
   * @param fields Transfer-Encoding is not allowed: it depends on the peer, and the serializer adds it.
   * @throws InvalidHTTPOutputError, InvalidArgumentTypeError
   */
  constructor(fields: Exclude<HTTPFields, FieldBlock> = []) {
    let text = '';
    for (const [name, values] of entriesOf(fields)) {
      const kind = kindOf(name);
      for (const value of typeof values === 'string' ? [values] : valuesOf(name, values)) {
        if (!checkValue(name, value)) this.isASCII = false;
        text += `${name}: ${value}\r\n`;
        if (kind === CONTENT_LENGTH) this.contentLength = readLength(this.contentLength, value);
        else if (kind === DATE) this.hasDate = true;
        else if (kind === HOST_FIELD) this.hasHost = checkHost(this.hasHost, value);
        else if (kind === CONNECTION) this.closes ||= CLOSE.test(value);
        else if (kind === TRANSFER_ENCODING) {
          throw new InvalidHTTPOutputError(name, 'is added by the serializer');
        }
      }
    }
    this.text = text;
  }
}

export const NO_FIELDS: FieldBlock = new FieldBlock();

export function fieldBlock(fields: HTTPFields): FieldBlock {
  return fields instanceof FieldBlock ? fields : new FieldBlock(fields);
}

/** The lines of a trailer section. Fields for framing, routing and the connection are refused (RFC 9110 section 6.5.1). */
export function trailerBlock(trailers: Exclude<HTTPFields, FieldBlock>): FieldBlock {
  for (const [name] of entriesOf(trailers)) {
    const kind = kindOf(name);
    if (kind !== PLAIN && kind !== DATE) {
      throw new InvalidHTTPOutputError(name, 'is not allowed in a trailer section');
    }
  }
  return new FieldBlock(trailers);
}

/** @throws InvalidHTTPOutputError `text` is not a token. */
export function checkToken(part: string, text: string): void {
  if (!isToken(text))
    throw new InvalidHTTPOutputError(part, `is ${shown(text)}, which is not a token`);
}

/**
 * @param allowed The octets that the text may have.
 * @returns Whether the text is ASCII.
 * @throws InvalidHTTPOutputError
 */
export function checkText(part: string, text: string, allowed: Uint8Array = VALUE): boolean {
  let isASCII = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || allowed[code] !== 1) {
      throw new InvalidHTTPOutputError(
        part,
        `has the character ${hex(code)} at ${i}, which is not allowed there: encode or remove it`,
      );
    }
    if (code > 0x7f) isASCII = false;
  }
  return isASCII;
}

function kindOf(name: string): number {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string')
    throw new InvalidArgumentTypeError('a field name', 'a string', name);
  checkToken('field name', name);
  const kind = KINDS.get(name.toLowerCase()) ?? PLAIN;
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= MAX_KNOWN_NAME_LENGTH) {
    knownNames.set(name, kind);
  }
  return kind;
}

export function checkValue(name: string, value: string): boolean {
  if (typeof value !== 'string') {
    throw new InvalidArgumentTypeError(
      `the field ${name}`,
      'a string or an array of strings',
      value,
    );
  }
  return checkText(`field ${name}`, value);
}

export function valuesOf(name: string, values: readonly string[]): readonly string[] {
  if (Array.isArray(values)) return values;
  throw new InvalidArgumentTypeError(
    `the field ${name}`,
    'a string or an array of strings',
    values,
  );
}

export function entriesOf(
  fields: Exclude<HTTPFields, FieldBlock>,
): readonly (readonly [name: string, values: string | readonly string[]])[] {
  if (isList(fields)) return fields;
  if (typeof fields === 'object' && fields !== null) return Object.entries(fields);
  throw new InvalidArgumentTypeError('fields', 'an object or a list of names and values', fields);
}

function isList(fields: HTTPFields): fields is Extract<HTTPFields, readonly unknown[]> {
  return Array.isArray(fields);
}

function readLength(previous: number, value: string): number {
  const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (previous !== -1) throw new InvalidHTTPOutputError('Content-Length', 'occurs twice');
  if (!Number.isSafeInteger(length)) {
    throw new InvalidHTTPOutputError('Content-Length', 'is not a decimal number');
  }
  return length;
}

function checkHost(hasHost: boolean, value: string): true {
  if (hasHost) throw new InvalidHTTPOutputError('Host', 'occurs twice');
  const bytes = Buffer.from(value, 'latin1');
  if (isAuthority(bytes, 0, bytes.length)) return true;
  throw new InvalidHTTPOutputError('Host', 'is not a host with an optional port');
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function hex(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

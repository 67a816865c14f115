/** The field lines of outgoing messages (RFC 9110 section 5), checked when they are added, in the order in which they were. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { InvalidHTTPOutputError } from '../protocols/http/errors.js';

/** A value of one field, or of several lines of it. */
export type FieldValue = string | number | readonly string[];

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5: no control characters but HTAB, and nothing beyond Latin-1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ASCII = /^[\t\x20-\x7e]*$/;

/** Names in lower case, by the spelling in which programs use them: those that were checked. */
const checkedNames = new Map<string, string>();
const MAX_CHECKED_NAMES = 1_000;

/** @returns The name in lower case. @throws InvalidHTTPOutputError it is not a token. */
export function checkFieldName(name: string): string {
  const known = checkedNames.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string') throw new InvalidArgumentTypeError('name', 'a string', name);
  if (!TOKEN.test(name)) throw new InvalidHTTPOutputError('name of a field', 'is not a token');
  const lower = name.toLowerCase();
  if (checkedNames.size < MAX_CHECKED_NAMES) checkedNames.set(name, lower);
  return lower;
}

export class FieldLines {
  /** Whether all of it is ASCII, so that it can be written as UTF-8. */
  isAscii = true;
  /** The name in lower case, the value and the line of each field line. */
  private readonly parts: string[] = [];

  /** @throws InvalidHTTPOutputError a value contains a control character, or a character beyond Latin-1. */
  add(lower: string, name: string, value: FieldValue): void {
    if (typeof value === 'object') {
      if (!Array.isArray(value)) throw wrongValue(value);
      for (const one of value as readonly string[]) this.add(lower, name, one);
      return;
    }
    if (typeof value !== 'string' && typeof value !== 'number') throw wrongValue(value);
    const text = typeof value === 'number' ? String(value) : value;
    if (!ASCII.test(text)) {
      if (!VALUE.test(text)) throw invalidValue(name);
      this.isAscii = false;
    }
    this.parts.push(lower, text, `${name}: ${text}\r\n`);
  }

  remove(lower: string): void {
    const { parts } = this;
    let to = 0;
    for (let at = 0; at < parts.length; at += 3) {
      if (parts[at] === lower) continue;
      for (let i = 0; i < 3; i++) parts[to + i] = parts[at + i] as string;
      to += 3;
    }
    parts.length = to;
  }

  has(lower: string): boolean {
    for (let at = 0; at < this.parts.length; at += 3) if (this.parts[at] === lower) return true;
    return false;
  }

  values(lower: string): string[] {
    const found: string[] = [];
    for (let at = 0; at < this.parts.length; at += 3) {
      if (this.parts[at] === lower) found.push(this.parts[at + 1] as string);
    }
    return found;
  }

  /** All lines, each with its CRLF. */
  get text(): string {
    const { parts } = this;
    let text = '';
    for (let at = 2; at < parts.length; at += 3) text += parts[at] as string;
    return text;
  }
}

function invalidValue(name: string): InvalidHTTPOutputError {
  return new InvalidHTTPOutputError(
    `value of the field ${name}`,
    'contains a control character or one beyond Latin-1',
  );
}

function wrongValue(value: unknown): InvalidArgumentTypeError {
  return new InvalidArgumentTypeError('value', 'a string, a number or an array of strings', value);
}

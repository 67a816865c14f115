/** The field lines of outgoing messages (RFC 9110 section 5), checked when they are made. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkText, checkToken } from '../protocols/http/field-block.js';

/** A value of one field, or of several lines of it. */
export type FieldValue = string | number | readonly string[];

/** One field line. Immutable. */
export interface FieldLine {
  /** The name in lower case. */
  readonly lower: string;
  readonly value: string;
  /** The line with its CRLF. */
  readonly text: string;
  /** Whether it is ASCII, and so the same in Latin-1 and UTF-8. */
  readonly isAscii: boolean;
}

/** The last line that was made of each name: most fields have the same value in all responses. */
const lastLines = new Map<string, FieldLine>();
const MAX_NAMES = 500;
const MAX_TEXT_LENGTH = 256;

/** @returns The name in lower case. @throws InvalidArgumentTypeError, InvalidHTTPOutputError it is not a token. */
export function checkFieldName(name: string): string {
  const known = lastLines.get(name);
  if (known !== undefined) return known.lower;
  if (typeof name !== 'string') throw new InvalidArgumentTypeError('name', 'a string', name);
  checkToken('field name', name);
  return name.toLowerCase();
}

/**
 * @throws InvalidArgumentTypeError, InvalidHTTPOutputError the name is not a token, or the value contains a control character or
 * one beyond Latin-1.
 */
export function fieldLine(name: string, value: string | number): FieldLine {
  const last = lastLines.get(name);
  if (last !== undefined && last.value === value) return last;
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongValue(value);
  const lower = checkFieldName(name);
  const made = String(value);
  const isAscii = checkText(`field ${name}`, made);
  const line: FieldLine = { lower, value: made, text: `${name}: ${made}\r\n`, isAscii };
  if (line.text.length <= MAX_TEXT_LENGTH && (last !== undefined || lastLines.size < MAX_NAMES)) {
    lastLines.set(name, line);
  }
  return line;
}

/** Adds a line, or one for each of several values. @throws as {@link fieldLine}; then some may have been added. */
export function addLines(lines: FieldLine[], name: string, value: FieldValue): void {
  if (typeof value !== 'object') {
    lines.push(fieldLine(name, value));
    return;
  }
  if (!Array.isArray(value)) throw wrongValue(value);
  for (const one of value as readonly string[]) {
    if (typeof one === 'object') throw new InvalidArgumentTypeError('each value', 'a string', one);
    lines.push(fieldLine(name, one));
  }
}

/** All lines, each with its CRLF. */
export function linesText(lines: readonly FieldLine[]): string {
  let text = '';
  for (let i = 0; i < lines.length; i++) text += (lines[i] as FieldLine).text;
  return text;
}

export function hasField(lines: readonly FieldLine[], lower: string): boolean {
  for (let i = 0; i < lines.length; i++) if ((lines[i] as FieldLine).lower === lower) return true;
  return false;
}

export function without(lines: readonly FieldLine[], lower: string): FieldLine[] {
  return lines.filter((line) => line.lower !== lower);
}

export function areAscii(lines: readonly FieldLine[]): boolean {
  for (let i = 0; i < lines.length; i++) if (!(lines[i] as FieldLine).isAscii) return false;
  return true;
}

function wrongValue(value: unknown): InvalidArgumentTypeError {
  return new InvalidArgumentTypeError('value', 'a string, a number or an array of strings', value);
}

/** The header fields of a response that a program sets one by one: checked when they are set, as lines that are made once. */

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { type FieldLine, fieldLine } from '../http/field-lines.js';
import { InvalidHTTPOutputError } from '../protocols/http/errors.js';
import { isToken } from '../protocols/http/octets.js';
import {
  invalidArgument,
  invalidCharacter,
  invalidHeaderValue,
  invalidToken,
} from './node-errors.js';

/** One value, or the values of several lines. Node converts other types to strings. */
export type HeaderValue = number | string | readonly string[];

/** A field that was set. */
export interface HeaderEntry {
  /** The name in lower case. */
  readonly lower: string;
  /** As it was set. Lists may be changed by the program. */
  readonly value: HeaderValue;
  /** The name in the case in which it was set; undefined: see `line`. */
  readonly name: string | undefined;
  /** Of a single value. */
  readonly line: FieldLine | undefined;
}

/** @throws ERR_INVALID_HTTP_TOKEN, ERR_HTTP_INVALID_HEADER_VALUE, ERR_INVALID_CHAR */
export function headerEntry(name: string, value: HeaderValue): HeaderEntry {
  if (typeof value === 'string') return new SingleHeader(checkedLine(name, value), value);
  if (Array.isArray(value)) {
    const lower = checkedName(name);
    const values = value as readonly string[];
    for (const one of values) checkedLine(name, one);
    return { lower, value: values, name, line: undefined };
  }
  return new SingleHeader(checkedLine(name, value), value);
}

class SingleHeader implements HeaderEntry {
  readonly lower: string;
  readonly line: FieldLine;
  readonly value: HeaderValue;

  constructor(line: FieldLine, value: HeaderValue) {
    this.lower = line.lower;
    this.line = line;
    this.value = value;
  }

  get name(): string {
    return this.line.text.slice(0, this.line.lower.length);
  }
}

/** One line of a field, converted as Node does. @throws as {@link headerEntry}. */
export function checkedLine(name: string, value: unknown): FieldLine {
  try {
    if (typeof value === 'string') return fieldLine(name, value);
    if (value === undefined) throw invalidHeaderValue(name);
    return fieldLine(name, String(value));
  } catch (error) {
    throw nodeError(error, name);
  }
}

/** @returns The name in lower case. @throws ERR_INVALID_HTTP_TOKEN */
export function checkedName(name: unknown, what = 'Header name'): string {
  if (typeof name !== 'string' || !isToken(name)) throw invalidToken(what, name);
  return name.toLowerCase();
}

function nodeError(error: unknown, name: unknown): unknown {
  if (error instanceof InvalidArgumentTypeError) return invalidToken('Header name', name);
  if (!(error instanceof InvalidHTTPOutputError)) return error;
  if (error.part === 'field name') return invalidToken('Header name', name);
  return invalidCharacter('header content', String(name));
}

/** The index of a field; -1 if it was not set. */
export function indexOf(entries: readonly HeaderEntry[], lower: string): number {
  for (let i = 0; i < entries.length; i++) {
    if ((entries[i] as HeaderEntry).lower === lower) return i;
  }
  return -1;
}

/** Names in lower case, by name: programs use few. */
const lowerNames = new Map<string, string>();
const MAX_NAMES = 500;
const MAX_NAME_LENGTH = 64;

export function lowerCase(name: string): string {
  const known = lowerNames.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string') throw invalidArgument('name', 'of type string', name);
  const lower = name.toLowerCase();
  if (lowerNames.size < MAX_NAMES && name.length <= MAX_NAME_LENGTH) lowerNames.set(name, lower);
  return lower;
}

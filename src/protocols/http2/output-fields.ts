/** Fields to be sent: those of the HTTP/1 core, with the names that HTTP/2 has. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { InvalidHTTPOutputError } from '../http/errors.js';
import {
  checkToken,
  checkValue,
  entriesOf,
  FieldBlock,
  type HTTPFields,
  valuesOf,
} from '../http/field-block.js';
import { isConnectionField, mayBeTrailer } from './field-rules.js';

/** Names and values in turn, validated: names in lower case, values without outer whitespace. */
export type OutputFields = readonly string[];

/** Fields that were validated when they were set: they are not checked again. */
export class CheckedFields {
  /** @internal */
  readonly list: string[] = [];

  /**
   * @param name A token in lower case, not one of HTTP/1.1 connections.
   * @param value Has a character per octet, and no control character but HTAB.
   */
  add(name: string, value: string): void {
    this.list.push(name, trimmed(value));
  }
}

export type HTTP2OutputFields = HTTPFields | CheckedFields;

/** The fields of blocks, which are immutable, so that blocks that are sent often are converted once. */
const converted = new WeakMap<FieldBlock, OutputFields>();

/** Validated names and their lower case. It does not grow further: names may come from peers. */
const knownNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 500;
const MAX_KNOWN_NAME_LENGTH = 64;

/** @throws InvalidHTTPOutputError, InvalidArgumentTypeError */
export function outputFields(fields: HTTP2OutputFields): OutputFields {
  if (fields instanceof CheckedFields) return fields.list;
  if (!(fields instanceof FieldBlock)) return fieldList(entriesOf(fields), undefined);
  let list = converted.get(fields);
  if (list === undefined) {
    const lines = fields.text.split('\r\n').slice(0, -1);
    list = fieldList(
      lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      undefined,
    );
    converted.set(fields, list);
  }
  return list;
}

/** Fields for framing, routing and the connection are refused (RFC 9110 section 6.5.1). */
export function outputTrailers(fields: Exclude<HTTPFields, FieldBlock>): OutputFields {
  return fieldList(entriesOf(fields), 'is not allowed in a trailer section');
}

/** The value of Content-Length; -1 if there is none. */
export function announcedLength(fields: OutputFields): number {
  let length = -1;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'content-length') continue;
    const value = fields[i + 1] as string;
    if (length !== -1) throw new InvalidHTTPOutputError('Content-Length', 'occurs twice');
    length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(length)) {
      throw new InvalidHTTPOutputError('Content-Length', 'is not a decimal number');
    }
  }
  return length;
}

/** RFC 9113 section 8.3.1. @param pseudo The pseudo-header fields of the request. */
export function checkHost(fields: OutputFields, pseudo: OutputFields): void {
  const authority = pseudo[pseudo.indexOf(':authority') + 1] as string;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'host') continue;
    if ((fields[i + 1] as string).toLowerCase() !== authority.toLowerCase()) {
      throw new InvalidHTTPOutputError('Host', 'differs from :authority');
    }
  }
}

function fieldList(
  entries: readonly (readonly [name: string, values: string | readonly string[]])[],
  trailerProblem: string | undefined,
): OutputFields {
  const list: string[] = [];
  for (const [name, values] of entries) {
    const lower = lowerName(name);
    if (trailerProblem !== undefined && !mayBeTrailer(lower)) {
      throw new InvalidHTTPOutputError(name, trailerProblem);
    }
    for (const value of typeof values === 'string' ? [values] : valuesOf(name, values)) {
      checkValue(name, value);
      if (lower === 'te' && value !== 'trailers') {
        throw new InvalidHTTPOutputError('TE', 'can only be trailers in HTTP/2');
      }
      list.push(lower, trimmed(value));
    }
  }
  return list;
}

function lowerName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string')
    throw new InvalidArgumentTypeError('a field name', 'a string', name);
  checkToken('field name', name);
  const lower = name.toLowerCase();
  if (isConnectionField(lower)) {
    throw new InvalidHTTPOutputError(name, 'is a field of HTTP/1.1 connections');
  }
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= MAX_KNOWN_NAME_LENGTH) {
    knownNames.set(name, lower);
  }
  return lower;
}

function trimmed(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const hasSpace = first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
  return hasSpace ? value.replace(/^[ \t]+|[ \t]+$/g, '') : value;
}

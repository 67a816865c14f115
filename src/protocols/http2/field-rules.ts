/** The rules for single fields (RFC 9113 section 8.2), with the octets of the HTTP/1 core. */
import { TOKEN, VALUE } from '../http/octets.js';
import { type HTTP2Rule, protocolError } from './errors.js';
import type { HeaderField } from './hpack/header-field.js';

/** Kinds of fields. 0 is not determined yet. */
export const PLAIN = 1;
export const PSEUDO = 2;
/** Not allowed in trailers, as in HTTP/1.1. */
export const HEAD_ONLY = 3;
export const CONTENT_LENGTH = 4;
export const HOST = 5;
export const EXPECT = 6;
const INVALID_NAME = 7;
const INVALID_VALUE = 8;
const CONNECTION = 9;
const INVALID_TE = 10;

const FAULTS: ReadonlyMap<number, HTTP2Rule> = new Map<number, HTTP2Rule>([
  [INVALID_NAME, 'field-name'],
  [INVALID_VALUE, 'field-value'],
  [CONNECTION, 'connection-field'],
  [INVALID_TE, 'te'],
]);

const NAMES: ReadonlyMap<string, number> = new Map([
  ['connection', CONNECTION],
  ['content-length', CONTENT_LENGTH],
  ['expect', EXPECT],
  ['host', HOST],
  ['keep-alive', CONNECTION],
  ['proxy-connection', CONNECTION],
  ['te', HEAD_ONLY],
  ['trailer', HEAD_ONLY],
  ['transfer-encoding', CONNECTION],
  ['upgrade', CONNECTION],
]);

const COLON = 0x3a;

/**
 * The kind of a received field, which is determined once for each entry of a table.
 * @throws HTTP2ProtocolError The field is malformed, and so is its message.
 */
export function kindOf(field: HeaderField, streamId: number): number {
  if (field.kind === 0) field.kind = classify(field.name, field.value);
  if (field.kind < INVALID_NAME) return field.kind;
  throw protocolError(FAULTS.get(field.kind) as HTTP2Rule, streamId);
}

function classify(name: string, value: string): number {
  if (!isValue(value)) return INVALID_VALUE;
  if (name.charCodeAt(0) === COLON) return PSEUDO;
  if (!isLowerToken(name)) return INVALID_NAME;
  if (name === 'te' && value.toLowerCase() !== 'trailers') return INVALID_TE;
  return NAMES.get(name) ?? PLAIN;
}

/** Whether names of this kind are those of an HTTP/1.1 connection, which HTTP/2 does not send. @param name In lower case. */
export function isConnectionField(name: string): boolean {
  return NAMES.get(name) === CONNECTION;
}

/** Whether trailers may have the field. @param name In lower case. */
export function mayBeTrailer(name: string): boolean {
  return !NAMES.has(name);
}

function isLowerToken(name: string): boolean {
  if (name === '') return false;
  for (let i = 0; i < name.length; i++) {
    const octet = name.charCodeAt(i);
    if (TOKEN[octet] !== 1 || (octet >= 0x41 && octet <= 0x5a)) return false;
  }
  return true;
}

/** RFC 9113 section 8.2.1: whitespace at either end is malformed, too. */
function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (VALUE[value.charCodeAt(i)] !== 1) return false;
  return !isSpace(value.charCodeAt(0)) && !isSpace(value.charCodeAt(value.length - 1));
}

function isSpace(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}

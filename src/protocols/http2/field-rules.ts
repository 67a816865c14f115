/** The rules for single fields (RFC 9113 section 8.2), with the octets of the HTTP/1 core. */
import { isAuthority } from '../http/authority.js';
import { isToken, TARGET, TOKEN, VALUE } from '../http/octets.js';
import { type HTTP2Rule, protocolError } from './errors.js';
import type { HeaderField } from './hpack/header-field.js';

/** Kinds of fields. 0 is not determined yet. */
export const PLAIN = 1;
/** A pseudo-header field that does not exist. */
export const UNKNOWN_PSEUDO = 2;
/** Not allowed in trailers, as in HTTP/1.1. */
export const HEAD_ONLY = 3;
export const CONTENT_LENGTH = 4;
export const HOST = 5;
export const EXPECT = 6;
const INVALID_NAME = 7;
const INVALID_VALUE = 8;
const CONNECTION = 9;
const INVALID_TE = 10;

/** Pseudo-header fields: the sum of this, the number of one, and what its value is. */
export const PSEUDO = 64;
export const METHOD = 0;
export const SCHEME = 1;
export const AUTHORITY = 2;
export const PATH = 3;
export const PROTOCOL = 4;
export const STATUS = 5;
export const PSEUDO_MASK = 7;
/** The value is invalid. */
export const INVALID = 8;
/** The path is `*`, which only OPTIONS has. */
export const ASTERISK = 16;

const PSEUDO_NAMES: ReadonlyMap<string, number> = new Map([
  [':method', METHOD],
  [':scheme', SCHEME],
  [':authority', AUTHORITY],
  [':path', PATH],
  [':protocol', PROTOCOL],
  [':status', STATUS],
]);
const SCHEME_TEXT = /^[a-z][a-z0-9+.-]*$/i;
/** HTTP/2 has no 101 (RFC 9113 section 8.6). */
const STATUS_TEXT = /^(?!101)[1-9]\d\d$/;

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
const SLASH = 0x2f;

/**
 * The kind of a received field, which is determined once for each entry of a table.
 * @throws HTTP2ProtocolError The field is malformed, and so is its message.
 */
export function kindOf(field: HeaderField, streamId: number): number {
  if (field.kind === 0) field.kind = classify(field.name, field.value);
  const { kind } = field;
  if (kind < INVALID_NAME || kind >= PSEUDO) return kind;
  throw protocolError(FAULTS.get(field.kind) as HTTP2Rule, streamId);
}

function classify(name: string, value: string): number {
  if (name.charCodeAt(0) === COLON) return pseudoKind(name, value);
  if (!isValue(value)) return INVALID_VALUE;
  if (!isLowerToken(name)) return INVALID_NAME;
  if (name === 'te' && value.toLowerCase() !== 'trailers') return INVALID_TE;
  return NAMES.get(name) ?? PLAIN;
}

function pseudoKind(name: string, value: string): number {
  const number = PSEUDO_NAMES.get(name);
  if (number === PATH && isPath(value)) return PSEUDO + PATH;
  if (!isValue(value)) return INVALID_VALUE;
  if (number === undefined) return UNKNOWN_PSEUDO;
  if (number === PATH && value === '*') return PSEUDO + PATH + ASTERISK;
  return PSEUDO + number + (isValidPseudo(number, value) ? 0 : INVALID);
}

function isValidPseudo(number: number, value: string): boolean {
  switch (number) {
    case METHOD:
    case PROTOCOL:
      return isToken(value);
    case SCHEME:
      return SCHEME_TEXT.test(value);
    case AUTHORITY:
      return isAuthorityText(value);
    case STATUS:
      return STATUS_TEXT.test(value);
    default:
      return false;
  }
}

function isPath(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  for (let i = 1; i < path.length; i++) if (TARGET[path.charCodeAt(i)] !== 1) return false;
  return true;
}

/** The authorities that were valid lately: most requests have one of a few. */
const validAuthorities = new Set<string>();
const MAX_KNOWN_AUTHORITIES = 100;

/** Whether a text with a character per octet is an authority without a user name. */
export function isAuthorityText(text: string): boolean {
  if (validAuthorities.has(text)) return true;
  const bytes = Buffer.from(text, 'latin1');
  if (!isAuthority(bytes, 0, bytes.length)) return false;
  if (validAuthorities.size < MAX_KNOWN_AUTHORITIES && text.length <= 64) {
    validAuthorities.add(text);
  }
  return true;
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

/** The rules for received heads and trailer sections (RFC 9113 section 8.3, RFC 8441). Those that break one are malformed. */
import { isHostWithPort } from '../http/authority.js';
import { type HTTP2ProtocolError, type HTTP2Rule, protocolError } from './errors.js';
import {
  ASTERISK,
  AUTHORITY,
  CONTENT_LENGTH,
  EXPECT,
  HOST,
  INVALID,
  isAuthorityText,
  kindOf,
  METHOD,
  PATH,
  PLAIN,
  PROTOCOL,
  PSEUDO,
  PSEUDO_MASK,
  SCHEME,
  STATUS,
  UNKNOWN_PSEUDO,
} from './field-rules.js';
import { HTTP2Fields, HTTP2RequestHead, HTTP2ResponseHead } from './heads.js';
import type { HeaderField } from './hpack/header-field.js';
import { DEFAULT_PRIORITY, parsePriority } from './priority.js';

/** Sets of pseudo-header fields: bits by their numbers. */
const NO_PSEUDO = 0;
const REQUEST_PSEUDO: number =
  (1 << METHOD) | (1 << SCHEME) | (1 << AUTHORITY) | (1 << PATH) | (1 << PROTOCOL);
const RESPONSE_PSEUDO: number = 1 << STATUS;

/** Reads the fields of a section once. Its result is valid until the next section. */
class SectionReader {
  private streamId = 0;
  /** The number of pseudo-header fields, which are in front. */
  pseudoCount = 0;
  /** The kinds and values of those that `seen` contains, by their numbers. */
  seen = 0;
  readonly kinds: number[] = [0, 0, 0, 0, 0, 0];
  readonly values: string[] = ['', '', '', '', '', ''];
  contentLength: number | undefined = undefined;
  host: string | undefined = undefined;
  expectsContinue = false;
  /** The value of Priority. */
  priority = '';

  /** @throws HTTP2ProtocolError */
  read(list: readonly HeaderField[], allowed: number, streamId: number): void {
    this.streamId = streamId;
    this.pseudoCount = 0;
    this.seen = 0;
    this.contentLength = undefined;
    this.host = undefined;
    this.expectsContinue = false;
    this.priority = '';
    for (let i = 0; i < list.length; i++) {
      const field = list[i] as HeaderField;
      const kind = kindOf(field, streamId);
      if (kind === PLAIN) {
        if (field.name === 'priority') this.addPriority(field.value);
      } else if (kind >= PSEUDO || kind === UNKNOWN_PSEUDO) {
        this.pseudo(kind, field.value, i, allowed);
      } else this.special(kind, field.value);
    }
  }

  has(number: number): boolean {
    return (this.seen & (1 << number)) !== 0;
  }

  /** Whether the value of a field that was seen is invalid. */
  isInvalid(number: number): boolean {
    return ((this.kinds[number] as number) & INVALID) !== 0;
  }

  /** The value of a field that was seen. */
  value(number: number): string {
    return this.values[number] as string;
  }

  fault(rule: HTTP2Rule): HTTP2ProtocolError {
    return protocolError(rule, this.streamId);
  }

  private pseudo(kind: number, value: string, index: number, allowed: number): void {
    if (allowed === NO_PSEUDO) throw this.fault('pseudo-field-trailer');
    if (index !== this.pseudoCount) throw this.fault('pseudo-field-order');
    const number = kind & PSEUDO_MASK;
    const bit = 1 << number;
    if (kind === UNKNOWN_PSEUDO || (allowed & ~this.seen & bit) === 0) {
      throw this.fault('pseudo-field');
    }
    this.seen |= bit;
    this.kinds[number] = kind;
    this.values[number] = value;
    this.pseudoCount += 1;
  }

  private special(kind: number, value: string): void {
    if (kind === EXPECT) this.expectsContinue ||= value.toLowerCase() === '100-continue';
    if (kind === HOST) {
      if (this.host !== undefined) throw this.fault('host');
      this.host = value;
    }
    if (kind !== CONTENT_LENGTH) return;
    const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (this.contentLength !== undefined || !Number.isSafeInteger(length)) {
      throw this.fault('content-length');
    }
    this.contentLength = length;
  }

  private addPriority(value: string): void {
    this.priority = this.priority === '' ? value : `${this.priority}, ${value}`;
  }
}

const reader: SectionReader = new SectionReader();

/**
 * @param allowsProtocol Whether extended CONNECT is enabled.
 * @throws HTTP2ProtocolError
 */
export function requestHead(
  list: readonly HeaderField[],
  streamId: number,
  allowsProtocol: boolean,
): HTTP2RequestHead {
  reader.read(list, REQUEST_PSEUDO, streamId);
  if (!reader.has(METHOD)) throw reader.fault('pseudo-field');
  if (reader.isInvalid(METHOD)) throw reader.fault('method');
  const method = reader.value(METHOD);
  const authority = authorityOf();
  const protocol = reader.has(PROTOCOL) ? reader.value(PROTOCOL) : undefined;
  const isTunnel = method === 'CONNECT' && protocol === undefined;
  if (isTunnel) checkTunnel();
  else checkTarget(method, authority, protocol, allowsProtocol);
  const { pseudoCount, contentLength, expectsContinue, priority } = reader;
  return new HTTP2RequestHead(
    list,
    pseudoCount,
    method,
    isTunnel ? '' : reader.value(SCHEME).toLowerCase(),
    authority,
    isTunnel ? '' : reader.value(PATH),
    protocol,
    contentLength,
    expectsContinue,
    priority === '' ? DEFAULT_PRIORITY : parsePriority(priority),
  );
}

/** @throws HTTP2ProtocolError */
export function responseHead(list: readonly HeaderField[], streamId: number): HTTP2ResponseHead {
  reader.read(list, RESPONSE_PSEUDO, streamId);
  if (!reader.has(STATUS)) throw reader.fault('pseudo-field');
  if (reader.isInvalid(STATUS)) throw reader.fault('status');
  const status = Number(reader.value(STATUS));
  return new HTTP2ResponseHead(list, reader.pseudoCount, status, reader.contentLength);
}

/** @throws HTTP2ProtocolError */
export function trailerSection(list: readonly HeaderField[], streamId: number): HTTP2Fields {
  reader.read(list, NO_PSEUDO, streamId);
  for (const field of list) if (field.kind !== PLAIN) throw reader.fault('trailer');
  return new HTTP2Fields(list, 0);
}

/** CONNECT without a protocol (RFC 9113 section 8.5). */
function checkTunnel(): void {
  if (reader.has(SCHEME) || reader.has(PATH)) throw reader.fault('pseudo-field');
  if (!reader.has(AUTHORITY) || !isHostWithPort(reader.value(AUTHORITY))) {
    throw reader.fault('authority');
  }
}

function checkTarget(
  method: string,
  authority: string,
  protocol: string | undefined,
  allowsProtocol: boolean,
): void {
  if (protocol !== undefined) {
    const isAllowed = method === 'CONNECT' && allowsProtocol;
    if (!isAllowed || reader.isInvalid(PROTOCOL)) throw reader.fault('protocol');
  }
  if (!reader.has(SCHEME) || !reader.has(PATH)) throw reader.fault('pseudo-field');
  if (reader.isInvalid(SCHEME)) throw reader.fault('scheme');
  const isAsterisk = ((reader.kinds[PATH] as number) & ASTERISK) !== 0;
  if (reader.isInvalid(PATH) || (isAsterisk && method !== 'OPTIONS')) throw reader.fault('path');
  if (authority === '') throw reader.fault('authority');
}

/** RFC 9113 section 8.3.1: Host and `:authority` must not differ. A user name in either is refused. */
function authorityOf(): string {
  const { host } = reader;
  if (host !== undefined && !isAuthorityText(host)) throw reader.fault('host');
  if (!reader.has(AUTHORITY)) return host ?? '';
  const named = reader.value(AUTHORITY);
  if (reader.isInvalid(AUTHORITY)) throw reader.fault('authority');
  if (host !== undefined && host.toLowerCase() !== named.toLowerCase()) throw reader.fault('host');
  return named;
}

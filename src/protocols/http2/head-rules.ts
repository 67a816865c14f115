/** The rules for received heads and trailer sections (RFC 9113 section 8.3, RFC 8441). Those that break one are malformed. */
import { isAuthority, isHostWithPort } from '../http/authority.js';
import { isToken, TARGET } from '../http/octets.js';
import { type HTTP2ProtocolError, type HTTP2Rule, protocolError } from './errors.js';
import { CONTENT_LENGTH, EXPECT, HOST, kindOf, PLAIN, PSEUDO } from './field-rules.js';
import { HTTP2Fields, HTTP2RequestHead, HTTP2ResponseHead, type RequestTarget } from './heads.js';
import type { HeaderField } from './hpack/header-field.js';
import { DEFAULT_PRIORITY, parsePriority } from './priority.js';

const SCHEME = /^[a-z][a-z0-9+.-]*$/i;
const NO_PSEUDO: readonly string[] = [];
const REQUEST_PSEUDO: readonly string[] = [
  ':method',
  ':scheme',
  ':authority',
  ':path',
  ':protocol',
];
const RESPONSE_PSEUDO: readonly string[] = [':status'];

/** Reads the fields of a section once. Its result is valid until the next section. */
class SectionReader {
  private streamId = 0;
  /** The number of pseudo-header fields, which are in front. */
  pseudoCount = 0;
  /** Their values, in the order of the names that are allowed. */
  values: (string | undefined)[] = [];
  contentLength: number | undefined = undefined;
  host: string | undefined = undefined;
  expectsContinue = false;
  /** The value of Priority. */
  priority = '';

  /** @throws HTTP2ProtocolError */
  read(list: readonly HeaderField[], allowed: readonly string[], streamId: number): void {
    this.streamId = streamId;
    this.pseudoCount = 0;
    this.values = [];
    this.contentLength = undefined;
    this.host = undefined;
    this.expectsContinue = false;
    this.priority = '';
    for (let i = 0; i < list.length; i++) {
      const field = list[i] as HeaderField;
      const kind = kindOf(field, streamId);
      if (kind === PSEUDO) this.pseudo(field, i, allowed);
      else if (kind !== PLAIN) this.special(kind, field.value);
      else if (field.name === 'priority') this.addPriority(field.value);
    }
  }

  fault(rule: HTTP2Rule): HTTP2ProtocolError {
    return protocolError(rule, this.streamId);
  }

  private pseudo({ name, value }: HeaderField, index: number, allowed: readonly string[]): void {
    if (allowed === NO_PSEUDO) throw this.fault('pseudo-field-trailer');
    if (index !== this.pseudoCount) throw this.fault('pseudo-field-order');
    const at = allowed.indexOf(name);
    if (at === -1 || this.values[at] !== undefined) throw this.fault('pseudo-field');
    this.values[at] = value;
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
  const target = targetOf(reader.values, allowsProtocol);
  const { pseudoCount, contentLength, expectsContinue, priority } = reader;
  return new HTTP2RequestHead(
    list,
    pseudoCount,
    target,
    contentLength,
    expectsContinue,
    priority === '' ? DEFAULT_PRIORITY : parsePriority(priority),
  );
}

/** @throws HTTP2ProtocolError */
export function responseHead(list: readonly HeaderField[], streamId: number): HTTP2ResponseHead {
  reader.read(list, RESPONSE_PSEUDO, streamId);
  const [text] = reader.values;
  if (text === undefined) throw reader.fault('pseudo-field');
  // HTTP/2 has no 101 (RFC 9113 section 8.6).
  if (!/^[1-9]\d\d$/.test(text) || text === '101') throw reader.fault('status');
  return new HTTP2ResponseHead(list, reader.pseudoCount, Number(text), reader.contentLength);
}

/** @throws HTTP2ProtocolError */
export function trailerSection(list: readonly HeaderField[], streamId: number): HTTP2Fields {
  reader.read(list, NO_PSEUDO, streamId);
  for (const field of list) if (field.kind !== PLAIN) throw reader.fault('trailer');
  return new HTTP2Fields(list, 0);
}

function targetOf(values: readonly (string | undefined)[], allowsProtocol: boolean): RequestTarget {
  const [method, scheme, named, path, protocol] = values;
  if (method === undefined) throw reader.fault('pseudo-field');
  if (!isToken(method)) throw reader.fault('method');
  const authority = authorityOf(named);
  if (method === 'CONNECT' && protocol === undefined) {
    if (scheme !== undefined || path !== undefined) throw reader.fault('pseudo-field');
    if (named === undefined || !isHostWithPort(named)) throw reader.fault('authority');
    return { method, scheme: '', authority: named, path: '', protocol };
  }
  if (protocol !== undefined && (method !== 'CONNECT' || !allowsProtocol || !isToken(protocol))) {
    throw reader.fault('protocol');
  }
  if (scheme === undefined || path === undefined) throw reader.fault('pseudo-field');
  if (!SCHEME.test(scheme)) throw reader.fault('scheme');
  if (!isPath(path, method)) throw reader.fault('path');
  if (authority === '') throw reader.fault('authority');
  return { method, scheme: scheme.toLowerCase(), authority, path, protocol };
}

/** RFC 9113 section 8.3.1: Host and `:authority` must not differ. A user name in either is refused. */
function authorityOf(named: string | undefined): string {
  const { host } = reader;
  if (host !== undefined && !isAuthorityText(host)) throw reader.fault('host');
  if (named === undefined) return host ?? '';
  if (!isAuthorityText(named)) throw reader.fault('authority');
  if (host !== undefined && host.toLowerCase() !== named.toLowerCase()) throw reader.fault('host');
  return named;
}

/** The authorities that were valid lately: most requests have one of a few. */
const validAuthorities = new Set<string>();
const MAX_KNOWN_AUTHORITIES = 100;

function isAuthorityText(text: string): boolean {
  if (validAuthorities.has(text)) return true;
  const bytes = Buffer.from(text, 'latin1');
  if (!isAuthority(bytes, 0, bytes.length)) return false;
  if (validAuthorities.size < MAX_KNOWN_AUTHORITIES && text.length <= 64) {
    validAuthorities.add(text);
  }
  return true;
}

function isPath(path: string, method: string): boolean {
  if (path === '*') return method === 'OPTIONS';
  if (path.charCodeAt(0) !== 0x2f) return false;
  for (let i = 1; i < path.length; i++) if (TARGET[path.charCodeAt(i)] !== 1) return false;
  return true;
}

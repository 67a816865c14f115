/** The type-length-value fields of version 2 headers (sections 2.2.1 to 2.2.8): one byte type, two bytes length, the value. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkBoolean, checkInteger, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { UTF8 } from '../../internal/utf8.js';
import { InvalidProxyHeaderError } from './errors.js';
import type { ProxyHeaderExtras, ProxySSL, ProxyTLV } from './events.js';

const ALPN = 0x01;
const AUTHORITY = 0x02;
export const CRC32C = 0x03;
const NOOP = 0x04;
const UNIQUE_ID = 0x05;
const SSL = 0x20;
const NETNS = 0x30;

/** Sub-fields of SSL. */
const SSL_TEXTS = {
  version: 0x21,
  commonName: 0x22,
  cipher: 0x23,
  signatureAlgorithm: 0x24,
  keyAlgorithm: 0x25,
} as const;

/** The bits of the SSL field's first byte. */
const OVER_TLS = 0x01;
const CERTIFICATE_IN_CONNECTION = 0x02;
const CERTIFICATE_IN_SESSION = 0x04;

const SSL_PREFIX_BYTES = 5;
const MAX_UNIQUE_ID_BYTES = 128;
const MAX_VALUE_BYTES = 0xffff;

/** The fields of a header. */
export interface ReadTLVs extends ProxyHeaderExtras {
  readonly tlvs: readonly ProxyTLV[];
  /** Where the checksum begins in the bytes that were read. */
  readonly checksumAt: number | undefined;
}

/**
 * Reads all fields. The first of each known type counts. Values are copied.
 * @throws InvalidProxyHeaderError
 */
export function readTLVs(bytes: Buffer): ReadTLVs {
  const { known, rest, offsets } = sortFields(bytes, [
    ALPN,
    AUTHORITY,
    CRC32C,
    UNIQUE_ID,
    SSL,
    NETNS,
  ]);
  const uniqueId = known.get(UNIQUE_ID);
  if (uniqueId !== undefined && uniqueId.length > MAX_UNIQUE_ID_BYTES) {
    throw malformed(`a unique ID of ${uniqueId.length} bytes`);
  }
  const checksum = known.get(CRC32C);
  if (checksum !== undefined && checksum.length !== 4) {
    throw malformed(`a checksum of ${checksum.length} bytes`);
  }
  const ssl = known.get(SSL);
  return {
    alpn: known.get(ALPN)?.toString('latin1'),
    authority: textOf(known.get(AUTHORITY), 'authority'),
    uniqueId: uniqueId === undefined ? undefined : Buffer.copyBytesFrom(uniqueId),
    ssl: ssl === undefined ? undefined : readSSL(ssl),
    netns: textOf(known.get(NETNS), 'network namespace'),
    tlvs: rest.filter(({ type }) => type !== NOOP).map(copied),
    checksumAt: offsets.get(CRC32C),
  };
}

function readSSL(bytes: Buffer): ProxySSL {
  if (bytes.length < SSL_PREFIX_BYTES) throw malformed(`an SSL field of ${bytes.length} bytes`);
  const flags = bytes.readUInt8(0);
  const certificateInConnection = (flags & CERTIFICATE_IN_CONNECTION) !== 0;
  const certificateInSession = certificateInConnection || (flags & CERTIFICATE_IN_SESSION) !== 0;
  const { known, rest } = sortFields(bytes.subarray(SSL_PREFIX_BYTES), Object.values(SSL_TEXTS));
  const text = (name: keyof typeof SSL_TEXTS): string | undefined =>
    textOf(known.get(SSL_TEXTS[name]), name);
  return {
    overTLS: (flags & OVER_TLS) !== 0,
    certificateInConnection,
    certificateInSession,
    verified: certificateInSession && bytes.readUInt32BE(1) === 0,
    version: text('version'),
    commonName: text('commonName'),
    cipher: text('cipher'),
    signatureAlgorithm: text('signatureAlgorithm'),
    keyAlgorithm: text('keyAlgorithm'),
    tlvs: rest.map(copied),
  };
}

interface Fields {
  /** The first value of each known type. */
  readonly known: ReadonlyMap<number, Buffer>;
  /** All others. */
  readonly rest: readonly { readonly type: number; readonly value: Buffer }[];
  /** Where the values of known types begin. */
  readonly offsets: ReadonlyMap<number, number>;
}

function sortFields(bytes: Buffer, types: readonly number[]): Fields {
  const known = new Map<number, Buffer>();
  const offsets = new Map<number, number>();
  const rest: { type: number; value: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) throw malformed('a TLV without a length');
    const type = bytes.readUInt8(at);
    const start = at + 3;
    at = start + bytes.readUInt16BE(at + 1);
    if (at > bytes.length) throw malformed(`a TLV of type ${type} exceeds the header`);
    const value = bytes.subarray(start, at);
    if (!types.includes(type) || known.has(type)) {
      if (type === CRC32C && types.includes(type)) throw malformed('two checksums');
      rest.push({ type, value });
      continue;
    }
    known.set(type, value);
    offsets.set(type, start);
  }
  return { known, rest, offsets };
}

function textOf(bytes: Buffer | undefined, what: string): string | undefined {
  try {
    return bytes === undefined ? undefined : UTF8.decode(bytes);
  } catch {
    throw malformed(`the ${what} is not UTF-8`);
  }
}

function copied({ type, value }: { type: number; value: Buffer }): ProxyTLV {
  return { type, value: Buffer.copyBytesFrom(value) };
}

function malformed(problem: string): InvalidProxyHeaderError {
  return new InvalidProxyHeaderError(problem, 2);
}

const SSL_FIELDS: OptionNames<ProxySSL> = {
  overTLS: true,
  certificateInConnection: true,
  certificateInSession: true,
  verified: true,
  version: true,
  commonName: true,
  cipher: true,
  signatureAlgorithm: true,
  keyAlgorithm: true,
  tlvs: true,
};

/**
 * The fields of a header, without a checksum.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function writeTLVs(extras: ProxyHeaderExtras): Buffer {
  const { alpn, authority, uniqueId, ssl, netns, tlvs = [] } = extras;
  const parts: Buffer[] = [];
  if (alpn !== undefined) parts.push(field('alpn', ALPN, latin1(alpn)));
  if (authority !== undefined) parts.push(textField('authority', AUTHORITY, authority));
  if (uniqueId !== undefined) {
    const bytes = checkBytes('uniqueId', uniqueId);
    checkInteger('the length of uniqueId', bytes.length, 0, MAX_UNIQUE_ID_BYTES);
    parts.push(field('uniqueId', UNIQUE_ID, bytes));
  }
  if (ssl !== undefined) parts.push(field('ssl', SSL, writeSSL(ssl)));
  if (netns !== undefined) parts.push(textField('netns', NETNS, netns));
  return Buffer.concat([...parts, ...customFields('tlvs', tlvs)]);
}

function writeSSL(ssl: ProxySSL): Buffer {
  checkOptions('ProxySSL', ssl, SSL_FIELDS);
  const flag = (
    name: 'overTLS' | 'certificateInConnection' | 'certificateInSession',
    bit: number,
  ) => (checkBoolean(`ssl.${name}`, ssl[name]) ? bit : 0);
  const prefix = Buffer.alloc(SSL_PREFIX_BYTES);
  const flags =
    flag('overTLS', OVER_TLS) |
    flag('certificateInConnection', CERTIFICATE_IN_CONNECTION) |
    flag('certificateInSession', CERTIFICATE_IN_SESSION);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(checkBoolean('ssl.verified', ssl.verified) ? 0 : 1, 1);
  const texts = Object.entries(SSL_TEXTS).flatMap(([name, type]) => {
    const text = ssl[name as keyof typeof SSL_TEXTS];
    return text === undefined ? [] : [textField(`ssl.${name}`, type, text)];
  });
  return Buffer.concat([prefix, ...texts, ...customFields('ssl.tlvs', ssl.tlvs ?? [])]);
}

const TLV_FIELDS: OptionNames<ProxyTLV> = { type: true, value: true };

function customFields(what: string, tlvs: readonly ProxyTLV[]): Buffer[] {
  if (!Array.isArray(tlvs)) throw new InvalidArgumentTypeError(what, 'an array', tlvs);
  return tlvs.map((tlv) => {
    checkOptions(`an element of ${what}`, tlv, TLV_FIELDS);
    checkInteger(`type of ${what}`, tlv.type, 0, 0xff);
    if (tlv.type === CRC32C && what === 'tlvs') {
      const expected = 'a type other than 3: use the option checksum';
      throw new InvalidArgumentValueError(`type of ${what}`, expected, tlv.type);
    }
    return field(`value of ${what}`, tlv.type, checkBytes(`value of ${what}`, tlv.value));
  });
}

function textField(what: string, type: number, text: string): Buffer {
  return field(what, type, Buffer.from(checkString(what, text)));
}

/** One field in wire format. */
export function field(what: string, type: number, value: Uint8Array): Buffer {
  checkInteger(`the length of ${what}`, value.length, 0, MAX_VALUE_BYTES);
  const prefix = Buffer.of(type, value.length >>> 8, value.length & 0xff);
  return Buffer.concat([prefix, value]);
}

function checkBytes(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new InvalidArgumentTypeError(what, 'a Uint8Array', value);
}

function latin1(alpn: unknown): Buffer {
  const bytes = Buffer.from(checkString('alpn', alpn), 'latin1');
  if (bytes.toString('latin1') === alpn) return bytes;
  throw new InvalidArgumentValueError('alpn', 'Latin-1 text', alpn);
}

/** Reads certificates, keys and CRLs in the forms that users have them. */
import { createPrivateKey, KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf, toError } from '../core/text-of.js';
import { subjectOf } from './failures.js';

/** One or more certificates: PEM, which may contain several, DER, or Node's class. */
export type CertificateSource = string | Uint8Array | X509Certificate;

/** A private key: PEM, DER (PKCS #8, PKCS #1 or SEC 1), or Node's class. */
export type PrivateKeySource = string | Uint8Array | KeyObject;

/** A certificate revocation list: PEM, which may contain several, or DER. */
export type CRLSource = string | Uint8Array;

/** OpenSSL's reasons to refuse a key or a signature at the security level of the ciphers. */
export const TOO_WEAK: RegExp = /too (?:small|weak)/;

const DER_SEQUENCE = 0x30;
const DER_ENUMERATED = 0x0a;

/** The contents of PEM blocks. */
interface PEMKind {
  readonly label: RegExp;
  readonly name: string;
}

const CERTIFICATE: PEMKind = { label: /^(?:X509 |TRUSTED )?CERTIFICATE$/, name: 'a certificate' };
const REVOCATION_LIST: PEMKind = { label: /^X509 CRL$/, name: 'a revocation list' };

const PEM_BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;
/** The version at the beginning of PKCS #12 (RFC 7292 section 4). Nothing else has version 3 there. */
const PKCS12_VERSION = Buffer.of(2, 1, 3);
/** The content type at the beginning of PKCS #7 with certificates (RFC 2315 section 14). */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');

/** All certificates of the sources, DER. @throws TLSContextError */
export function readCertificates(
  what: string,
  sources: CertificateSource | readonly CertificateSource[],
): Buffer[] {
  return listOf(sources).flatMap((source) => {
    if (source instanceof X509Certificate) return [Buffer.from(source.raw)];
    return readBlocks(what, source, CERTIFICATE).map((der) => {
      parseCertificate(what, der);
      return der;
    });
  });
}

/** All lists of the sources, DER. @throws TLSContextError */
export function readCRLs(what: string, sources: CRLSource | readonly CRLSource[]): Buffer[] {
  return listOf(sources).flatMap((source) => {
    const lists = readBlocks(what, source, REVOCATION_LIST);
    for (const der of lists) checkCRL(what, der);
    return lists;
  });
}

function checkCRL(what: string, der: Buffer): void {
  try {
    createSecureContext({ ca: [], crl: pemOf('X509 CRL', der) });
  } catch (cause) {
    throw new TLSContextError(`${what} has a list that cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

const GIVE_PASSPHRASE = 'give its passphrase, or decrypt it with `openssl pkey -in FILE`';

/**
 * @param remedy Advice for an encrypted key without a passphrase.
 * @throws TLSContextError
 */
export function readPrivateKey(
  what: string,
  source: PrivateKeySource,
  passphrase: string | undefined,
  remedy: string = GIVE_PASSPHRASE,
): KeyObject {
  if (source instanceof KeyObject) {
    if (source.type === 'private') return source;
    throw new TLSContextError(`${what} is a ${source.type} key, not a private one`);
  }
  const bytes = bytesOf(what, source);
  const key = parseKey(bytes, passphrase);
  if (key instanceof KeyObject) return key;
  const fault = keyFault(bytes, passphrase, key, remedy);
  throw new TLSContextError(`${what} ${fault}${pathHint(source)}`, { cause: key });
}

/** @param what, certificates The names of the two. @throws TLSContextError */
export function checkKeyMatches(
  what: string,
  key: KeyObject,
  certificates: string,
  chain: readonly Buffer[],
): void {
  const own = parseCertificate(certificates, chain[0] as Buffer);
  if (own.checkPrivateKey(key)) return;
  const subject = subjectOf(own) ?? 'without a subject';
  throw new TLSContextError(
    `${what} is not the key of the first certificate (${subject}) of ${certificates}. Give the key of that certificate; the own certificate comes first, then the intermediate ones`,
  );
}

/** @returns The key, or the first error. */
function parseKey(key: Buffer, passphrase: string | undefined): KeyObject | Error {
  const secret = passphrase === undefined ? {} : { passphrase };
  const forms =
    key[0] === DER_SEQUENCE
      ? (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => ({ format: 'der' as const, type }))
      : [{ format: 'pem' as const }];
  let fault: Error | undefined;
  for (const form of forms) {
    try {
      return createPrivateKey({ key, ...form, ...secret });
    } catch (error) {
      fault ??= toError(error);
    }
  }
  return fault as Error;
}

function keyFault(
  bytes: Buffer,
  passphrase: string | undefined,
  fault: Error,
  remedy: string,
): string {
  if (!isEncrypted(parseKey(bytes, undefined))) return unreadableKey(bytes, fault);
  if (passphrase === undefined) return `is encrypted: ${remedy}`;
  return 'cannot be decrypted: check passphrase';
}

function isEncrypted(key: KeyObject | Error): boolean {
  const { code } = key as { code?: unknown };
  return code === 'ERR_MISSING_PASSPHRASE' || code === 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED';
}

function unreadableKey(bytes: Buffer, fault: Error): string {
  if (bytes[0] === DER_SEQUENCE) {
    if (isCertificate(bytes)) return 'is a certificate, not a private key';
    return otherDER(bytes) ?? `is DER of no private key: ${messageOf(fault)}`;
  }
  const text = bytes.toString('latin1');
  const labels = new Set([...text.matchAll(PEM_BEGIN)].map(([, label]) => label));
  if (labels.size === 0) return textFault(bytes) ?? 'is neither PEM nor DER of a private key';
  if (text.includes('----------BEGIN ')) {
    return 'has two PEM blocks without a line end between them: insert one';
  }
  if ([...labels].some((label) => label?.endsWith('PRIVATE KEY'))) {
    return `has a private key that cannot be read: ${messageOf(fault)}`;
  }
  return `contains no private key, but ${listed(labels)}`;
}

/** @throws TLSContextError */
function parseCertificate(what: string, der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    const key = parseKey(der, undefined);
    const fault =
      key instanceof KeyObject || isEncrypted(key)
        ? 'is a private key, not a certificate'
        : (otherDER(der) ??
          'has a certificate that cannot be read: it is damaged, or not of X.509');
    throw new TLSContextError(`${what} ${fault}`, { cause });
  }
}

function isCertificate(der: Buffer): boolean {
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}

/** @throws TLSContextError the bytes do not begin as a successful OCSP response does (RFC 6960 section 4.2.1). */
export function checkOCSPResponse(what: string, response: unknown): void {
  if (!(response instanceof Uint8Array)) {
    throw new TLSContextError(`${what} must be bytes. The name of a file is ocspResponseFile`);
  }
  const [kind, length, status] = contentOf(Buffer.from(response));
  if (response[0] === DER_SEQUENCE && kind === DER_ENUMERATED && length === 1) {
    if (status === 0) return;
    throw new TLSContextError(`${what} is the error ${status} of an OCSP responder: get it again`);
  }
  throw new TLSContextError(
    `${what} is not an OCSP response in DER, as \`openssl ocsp -respout FILE\` writes it`,
  );
}

/** The bytes behind the tag and the length. */
function contentOf(der: Buffer): Buffer {
  // The length is one byte, or the number of bytes that this one has.
  const { 1: length = 0 } = der;
  return der.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
}

/** Formats that users have, and that are not read here. */
function otherDER(der: Buffer): string | undefined {
  const content = contentOf(der);
  if (startsWith(content, PKCS12_VERSION)) {
    return 'is PKCS #12 (.p12 or .pfx), not PEM or DER: `openssl pkcs12 -in FILE -noenc` converts it, and an identity takes it as pfx or pfxFile';
  }
  if (startsWith(content, SIGNED_DATA)) {
    return 'is PKCS #7 (.p7b), not PEM or DER: `openssl pkcs7 -inform DER -in FILE -print_certs` converts it';
  }
  return undefined;
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.byteLength).equals(beginning);
}

/** A fault of data that is not DER and has no complete PEM. */
function textFault(bytes: Buffer): string | undefined {
  if (bytes.byteLength === 0) return 'is empty';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'is UTF-16 text: save it as UTF-8';
  if (bytes.includes('-----BEGIN ')) return 'has a PEM block without its last line: it is cut off';
  return undefined;
}

/** @param kind The wanted PEM blocks; others are skipped. */
function readBlocks(what: string, source: string | Uint8Array, kind: PEMKind): Buffer[] {
  const bytes = bytesOf(what, source);
  if (bytes[0] === DER_SEQUENCE) {
    const other = otherDER(bytes);
    if (other === undefined) return [bytes];
    throw new TLSContextError(`${what} ${other}`);
  }
  const blocks: Buffer[] = [];
  const others = new Set<string>();
  const pem = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
  for (const [, found = '', base64 = ''] of bytes.toString('latin1').matchAll(pem)) {
    if (kind.label.test(found)) blocks.push(Buffer.from(base64, 'base64'));
    else others.add(found);
  }
  if (blocks.length > 0) return blocks;
  if (others.size > 0) {
    throw new TLSContextError(
      `${what} is PEM, but not ${kind.name}: it contains ${listed(others)}`,
    );
  }
  const fault = textFault(bytes) ?? `is neither PEM nor DER of ${kind.name}`;
  throw new TLSContextError(`${what} ${fault}${pathHint(source)}`);
}

function pathHint(source: string | Uint8Array): string {
  return typeof source === 'string' && source !== '' && !source.includes('-----')
    ? '. A string is PEM text, not the name of a file'
    : '';
}

/** PEM labels for a message. */
function listed(labels: ReadonlySet<string | undefined>): string {
  return [...labels].join(', ').slice(0, 100);
}

function bytesOf(what: string, source: string | Uint8Array): Buffer {
  if (typeof source === 'string') {
    if (!source.includes('\ufffd') || source.includes('-----'))
      return Buffer.from(source, 'latin1');
    throw new TLSContextError(
      `${what} is binary, and was decoded as text: read the file without an encoding`,
    );
  }
  if (source instanceof Uint8Array) return Buffer.from(source);
  throw new TLSContextError(`${what} must be PEM text or bytes`);
}

/** DER as PEM. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

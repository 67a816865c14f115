/** Reads certificates, keys and CRLs in the forms that users have them. */
import { createPrivateKey, KeyObject, X509Certificate } from 'node:crypto';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf, toError } from '../core/text-of.js';

/** One or more certificates: PEM, which may contain several, DER, or Node's class. */
export type CertificateSource = string | Uint8Array | X509Certificate;

/** A private key: PEM, DER (PKCS #8, PKCS #1 or SEC 1), or Node's class. */
export type PrivateKeySource = string | Uint8Array | KeyObject;

/** A certificate revocation list: PEM, which may contain several, or DER. */
export type CRLSource = string | Uint8Array;

const DER_SEQUENCE = 0x30;
const PEM_BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;

/** All certificates of the sources, DER. @throws TLSContextError */
export function readCertificates(
  what: string,
  sources: CertificateSource | readonly CertificateSource[],
): Buffer[] {
  return listOf(sources).flatMap((source) => {
    if (source instanceof X509Certificate) return [source.raw];
    return readBlocks(what, source, /^(?:X509 |TRUSTED )?CERTIFICATE$/).map((der) => {
      parseCertificate(what, der);
      return der;
    });
  });
}

/** All lists of the sources, DER. @throws TLSContextError */
export function readCRLs(what: string, sources: CRLSource | readonly CRLSource[]): Buffer[] {
  return listOf(sources).flatMap((source) => readBlocks(what, source, /^X509 CRL$/));
}

/** @throws TLSContextError */
export function readPrivateKey(
  what: string,
  source: PrivateKeySource,
  passphrase: string | undefined,
): KeyObject {
  if (source instanceof KeyObject) {
    if (source.type === 'private') return source;
    throw new TLSContextError(`${what} is a ${source.type} key, not a private one`);
  }
  const bytes = bytesOf(what, source);
  const key = parseKey(bytes, passphrase);
  if (key instanceof KeyObject) return key;
  throw new TLSContextError(`${what} ${keyFault(bytes, passphrase, key)}${pathHint(source)}`, {
    cause: key,
  });
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

function keyFault(bytes: Buffer, passphrase: string | undefined, fault: Error): string {
  const { code } = parseKey(bytes, undefined) as { code?: unknown };
  const isEncrypted =
    code === 'ERR_MISSING_PASSPHRASE' || code === 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED';
  if (!isEncrypted) return unreadableKey(bytes, fault);
  if (passphrase === undefined) return 'is encrypted, and passphrase is not given';
  return 'cannot be decrypted: check passphrase';
}

function unreadableKey(bytes: Buffer, fault: Error): string {
  if (bytes[0] === DER_SEQUENCE) return `is no readable private key: ${messageOf(fault)}`;
  const labels = new Set(
    [...bytes.toString('latin1').matchAll(PEM_BEGIN)].map(([, label]) => label),
  );
  if (labels.size === 0) return 'is neither PEM nor DER of a private key';
  if ([...labels].some((label) => label?.endsWith('PRIVATE KEY'))) {
    return `has a private key that cannot be read: ${messageOf(fault)}`;
  }
  return `contains no private key, but ${listed(labels)}`;
}

/** @throws TLSContextError */
export function parseCertificate(what: string, der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new TLSContextError(`${what} is no certificate: ${messageOf(cause)}`, { cause });
  }
}

/** @param label The label of the wanted PEM blocks; others are skipped. */
function readBlocks(what: string, source: string | Uint8Array, label: RegExp): Buffer[] {
  const bytes = bytesOf(what, source);
  if (bytes[0] === DER_SEQUENCE) return [bytes];
  const blocks: Buffer[] = [];
  const others = new Set<string>();
  const pem = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
  for (const [, found = '', base64 = ''] of bytes.toString('latin1').matchAll(pem)) {
    if (label.test(found)) blocks.push(Buffer.from(base64, 'base64'));
    else others.add(found);
  }
  if (blocks.length > 0) return blocks;
  if (others.size > 0) {
    throw new TLSContextError(`${what} is a PEM of another kind: it contains ${listed(others)}`);
  }
  throw new TLSContextError(
    `${what} is neither PEM nor DER of the expected kind${pathHint(source)}`,
  );
}

function pathHint(source: string | Uint8Array): string {
  return typeof source === 'string' && !source.includes('-----')
    ? '. A string is PEM text, not the name of a file'
    : '';
}

/** PEM labels for a message. */
function listed(labels: ReadonlySet<string | undefined>): string {
  return [...labels].join(', ').slice(0, 100);
}

function bytesOf(what: string, source: string | Uint8Array): Buffer {
  if (typeof source === 'string') return Buffer.from(source, 'latin1');
  if (source instanceof Uint8Array) return Buffer.from(source);
  throw new TLSContextError(`${what} must be PEM text or bytes`);
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

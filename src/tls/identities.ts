/** The certificates and keys of a context, as options and as settings. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { checkSecretString, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  type CertificateSource,
  checkKeyMatches,
  checkOCSPResponse,
  type PrivateKeySource,
  readCertificates,
  readPrivateKey,
  TOO_WEAK,
} from './certificates.js';
import { warnOfDates } from './own-certificates.js';
import type { TLSIdentity } from './settings.js';

/**
 * A certificate with its private key: from memory, from files, or as PKCS #12. Exactly one of `certificate`, `certificateFile`,
 * `pfx` and `pfxFile` is required.
 */
export interface TLSIdentityOptions {
  /** The own certificate, then the intermediate ones. */
  readonly certificate?: CertificateSource | readonly CertificateSource[] | undefined;
  readonly key?: PrivateKeySource | undefined;
  /** A file with the same. It is read when the context is made, and again by `reload`. */
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Certificates and key as PKCS #12. */
  readonly pfx?: Uint8Array | undefined;
  readonly pfxFile?: string | undefined;
  /** Of the key or the PKCS #12 data. */
  readonly passphrase?: string | undefined;
  /** Server: the OCSP response for the certificate, DER, which is sent to clients that ask for it. */
  readonly ocspResponse?: Uint8Array | undefined;
  readonly ocspResponseFile?: string | undefined;
}

const OPTIONS: OptionNames<TLSIdentityOptions> = {
  certificate: true,
  key: true,
  certificateFile: true,
  keyFile: true,
  pfx: true,
  pfxFile: true,
  passphrase: true,
  ocspResponse: true,
  ocspResponseFile: true,
};

/** Pairs of which one option would be ignored. */
const EXCLUSIVE = [
  ['key', 'keyFile'],
  ['pfx', 'key'],
  ['pfx', 'keyFile'],
  ['pfxFile', 'key'],
  ['pfxFile', 'keyFile'],
  ['ocspResponse', 'ocspResponseFile'],
] as const;

/** One identity, or several with different kinds of keys. */
export type TLSIdentities = TLSIdentityOptions | readonly TLSIdentityOptions[];

/** Reads files and checks that keys match. @throws TLSContextError, UnknownOptionError */
export function readIdentities(what: string, identities: TLSIdentities): TLSIdentity[] {
  const list = Array.isArray(identities) ? identities : [identities as TLSIdentityOptions];
  if (list.length === 0) throw new TLSContextError(`${what} is an empty list: leave it out`);
  const names = new Map<string, string>();
  return list.map((options, i) => {
    const name = list.length === 1 ? what : `${what}[${i}]`;
    const { identity, keyType } = readIdentity(name, options);
    const first = keyType === undefined ? undefined : names.get(keyType);
    if (first === undefined) {
      if (keyType !== undefined) names.set(keyType, name);
      return identity;
    }
    throw new TLSContextError(
      `${name} and ${first} have the same kind of key (${keyType}), of which only one can be used. Certificates by name are serverNames`,
    );
  });
}

/** The files that the identities are read from. */
export function filesOf(identities: TLSIdentities): string[] {
  const list = Array.isArray(identities) ? identities : [identities as TLSIdentityOptions];
  return list.flatMap((options) => {
    checkIdentity('identity', options);
    const { certificateFile, keyFile, pfxFile, ocspResponseFile } = options;
    return [certificateFile, keyFile, pfxFile, ocspResponseFile].filter(
      (file) => file !== undefined,
    );
  });
}

function checkIdentity(what: string, options: TLSIdentityOptions): void {
  if (typeof options !== 'object' || options instanceof Uint8Array) {
    const expected =
      'an object: { certificate, key }, { certificateFile, keyFile }, { pfx } or { pfxFile }';
    // Text is shown by its class: it may be a key.
    throw new InvalidArgumentTypeError(what, expected, Object(options));
  }
  checkOptions(what, options, OPTIONS);
}

/** An identity, and the kind of its key, if that is known. */
interface ReadIdentity {
  readonly identity: TLSIdentity;
  readonly keyType: string | undefined;
}

function readIdentity(what: string, options: TLSIdentityOptions): ReadIdentity {
  checkIdentity(what, options);
  const sources = ['certificate', 'certificateFile', 'pfx', 'pfxFile'] as const;
  const given = sources.filter((name) => options[name] !== undefined);
  const [source] = given;
  if (source === undefined || given.length > 1) {
    throw new TLSContextError(`${what} needs exactly one of ${sources.join(', ')}`);
  }
  for (const [one, other] of EXCLUSIVE) {
    if (options[one] === undefined || options[other] === undefined) continue;
    throw new TLSContextError(`${what} has ${one} and ${other}, but only one of them can be used`);
  }
  const { passphrase } = options;
  if (passphrase !== undefined) checkSecretString(`${what}.passphrase`, passphrase);
  const ocspResponse = ocspResponseOf(what, options);
  const name = `${what}.${source}`;
  if (source === 'pfx' || source === 'pfxFile') {
    const pfx = options.pfxFile === undefined ? options.pfx : readFile(name, options.pfxFile);
    return pfxIdentity(name, pfx as Uint8Array, passphrase, ocspResponse);
  }
  const chain = readCertificates(
    name,
    options.certificateFile === undefined
      ? (options.certificate as CertificateSource)
      : readFile(name, options.certificateFile),
  );
  if (chain.length === 0) throw new TLSContextError(`${name} is an empty list`);
  const key = matchingKey(what, name, chain, options);
  warnOfDates(name, chain[0]);
  return {
    identity: { chain, key: key.export({ type: 'pkcs8', format: 'der' }), ocspResponse },
    keyType: key.asymmetricKeyType,
  };
}

function ocspResponseOf(what: string, options: TLSIdentityOptions): Buffer | undefined {
  const { ocspResponse, ocspResponseFile } = options;
  const name = `${what}.${ocspResponseFile === undefined ? 'ocspResponse' : 'ocspResponseFile'}`;
  const response = ocspResponseFile === undefined ? ocspResponse : readFile(name, ocspResponseFile);
  if (response === undefined) return undefined;
  checkOCSPResponse(name, response);
  return Buffer.from(response);
}

/** @param certificates The name of the option with the chain. */
function matchingKey(
  what: string,
  certificates: string,
  chain: readonly Buffer[],
  options: TLSIdentityOptions,
): KeyObject {
  const { keyFile, passphrase } = options;
  const name = `${what}.${keyFile === undefined ? 'key' : 'keyFile'}`;
  const source = keyFile === undefined ? options.key : readFile(name, keyFile);
  if (source === undefined) throw new TLSContextError(`${what} has no key and no keyFile`);
  const key = readPrivateKey(name, source, passphrase);
  checkKeyMatches(name, key, certificates, chain);
  return key;
}

function pfxIdentity(
  what: string,
  pfx: Uint8Array,
  passphrase: string | undefined,
  ocspResponse: Buffer | undefined,
): ReadIdentity {
  if (!(pfx instanceof Uint8Array)) {
    throw new TLSContextError(`${what} must be bytes. The name of a file is pfxFile`);
  }
  const bytes = Buffer.from(pfx);
  const identity = { pfx: bytes, passphrase: passphrase ?? '', ocspResponse };
  try {
    const { context } = createSecureContext({ ca: [], pfx: bytes, passphrase: passphrase ?? '' });
    // Node's types omit it.
    const { getCertificate } = context as { getCertificate?: () => Buffer | null };
    const certificate = getCertificate?.call(context) ?? undefined;
    warnOfDates(what, certificate);
    const keyType = certificate && new X509Certificate(certificate).publicKey.asymmetricKeyType;
    return { identity, keyType };
  } catch (cause) {
    const reason = messageOf(cause);
    // The ciphers of the context decide.
    if (TOO_WEAK.test(reason)) return { identity, keyType: undefined };
    throw new TLSContextError(`${what} ${pfxFault(bytes, passphrase, reason)}`, { cause });
  }
}

function pfxFault(bytes: Buffer, passphrase: string | undefined, reason: string): string {
  if (bytes.byteLength === 0) return 'is empty';
  if (bytes.includes('-----BEGIN ')) {
    return 'is PEM, not PKCS #12: give it as certificateFile and keyFile, or certificate and key';
  }
  if (/mac verify failure/i.test(reason)) {
    return passphrase === undefined
      ? 'is encrypted: give its passphrase'
      : `cannot be decrypted (${reason}): check passphrase`;
  }
  if (/unsupported/i.test(reason)) {
    return `has an encryption that OpenSSL 3 does not read by default (${reason}): make it again from the output of \`openssl pkcs12 -legacy -in FILE -noenc\``;
  }
  return `is no PKCS #12 with a certificate and its key: ${reason}`;
}

/** @throws TLSContextError */
function readFile(what: string, file: string): Buffer {
  checkString(what, file);
  // The system's error would show it.
  if (file.includes('-----BEGIN ') || file.includes('\n') || file.includes('\0')) {
    throw new TLSContextError(
      `${what} is the content of a file, not its name. PEM is given as certificate and key, PKCS #12 as pfx`,
    );
  }
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TLSContextError(`${what} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** A digest of the settings that must be equal for a session to be resumed. */
export function digestOf(parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}

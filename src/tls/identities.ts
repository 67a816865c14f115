/** The certificates and keys of a context, as options and as settings. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { TLSContextError } from '../core/errors/tls.js';
import { messageOf } from '../core/text-of.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import {
  type CertificateSource,
  type PrivateKeySource,
  parseCertificate,
  readCertificates,
  readPrivateKey,
} from './certificates.js';
import { subjectOf } from './failures.js';
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
  return list.map((options, i) =>
    readIdentity(list.length === 1 ? what : `${what}[${i}]`, options),
  );
}

/** The files that the identities are read from. */
export function filesOf(identities: TLSIdentities): string[] {
  const list = Array.isArray(identities) ? identities : [identities as TLSIdentityOptions];
  return list.flatMap((options) => {
    checkOptions('identity', options, OPTIONS);
    const { certificateFile, keyFile, pfxFile, ocspResponseFile } = options;
    return [certificateFile, keyFile, pfxFile, ocspResponseFile].filter(
      (file) => file !== undefined,
    );
  });
}

function readIdentity(what: string, options: TLSIdentityOptions): TLSIdentity {
  checkOptions(what, options, OPTIONS);
  const sources = ['certificate', 'certificateFile', 'pfx', 'pfxFile'] as const;
  const given = sources.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    throw new TLSContextError(`${what} needs exactly one of ${sources.join(', ')}`);
  }
  for (const [one, other] of EXCLUSIVE) {
    if (options[one] === undefined || options[other] === undefined) continue;
    throw new TLSContextError(`${what} has ${one} and ${other}, but only one of them can be used`);
  }
  const { passphrase } = options;
  if (passphrase !== undefined) checkString(`${what}.passphrase`, passphrase);
  const ocspResponse =
    options.ocspResponseFile === undefined
      ? options.ocspResponse && Buffer.from(options.ocspResponse)
      : readFile(`${what}.ocspResponseFile`, options.ocspResponseFile);
  const pfx =
    options.pfxFile === undefined ? options.pfx : readFile(`${what}.pfxFile`, options.pfxFile);
  if (pfx !== undefined) return pfxIdentity(what, pfx, passphrase ?? '', ocspResponse);
  const chain = readCertificates(
    `${what}.${given[0]}`,
    options.certificateFile === undefined
      ? (options.certificate as CertificateSource)
      : readFile(`${what}.certificateFile`, options.certificateFile),
  );
  const key = matchingKey(what, chain, options);
  warnOfDates(`${what}.${given[0]}`, chain[0]);
  return { chain, key, ocspResponse };
}

function matchingKey(what: string, chain: readonly Buffer[], options: TLSIdentityOptions): Buffer {
  const { keyFile, passphrase } = options;
  const source = keyFile === undefined ? options.key : readFile(`${what}.keyFile`, keyFile);
  const name = `${what}.${keyFile === undefined ? 'key' : 'keyFile'}`;
  if (source === undefined) throw new TLSContextError(`${what} has no key and no keyFile`);
  const key = readPrivateKey(name, source, passphrase);
  const own = parseCertificate(what, chain[0] as Buffer);
  if (own.checkPrivateKey(key)) return key.export({ type: 'pkcs8', format: 'der' });
  const subject = subjectOf(own) ?? 'without a subject';
  throw new TLSContextError(
    `${name} is not the key of the first certificate (${subject}). The own certificate comes first, then the intermediate ones`,
  );
}

function pfxIdentity(
  what: string,
  pfx: Uint8Array,
  passphrase: string,
  ocspResponse: Buffer | undefined,
): TLSIdentity {
  const bytes = Buffer.from(pfx);
  try {
    const { context } = createSecureContext({ pfx: bytes, passphrase });
    // Node's types omit it.
    const { getCertificate } = context as { getCertificate?: () => Buffer | null };
    warnOfDates(`${what}.pfx`, getCertificate?.call(context) ?? undefined);
  } catch (cause) {
    const reason = messageOf(cause);
    const hint = /mac verify failure/i.test(reason) ? '. Check passphrase' : '';
    throw new TLSContextError(`${what}.pfx cannot be read: ${reason}${hint}`, { cause });
  }
  return { pfx: bytes, passphrase, ocspResponse };
}

/** @throws TLSContextError */
function readFile(what: string, file: string): Buffer {
  checkString(what, file);
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

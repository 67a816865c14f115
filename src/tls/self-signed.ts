/** Self-signed certificates for development and tests. They are made by the package `@peculiar/x509`, which is loaded at the first use. */
import { KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { MissingPackageError } from '../core/errors/tls.js';
import { checkChoice, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { peerName } from './server-names.js';

const DEFAULT_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];
const DEFAULT_DAYS = 30;
const MAX_DAYS = 3650;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks differ between machines. */
const BACKDATED_MS = 60 * 60 * 1000;
/** RFC 5280, appendix A.1: ub-common-name. */
const MAX_COMMON_NAME_LENGTH = 64;

/** The second one is a peer that version 2 of the first one does not install. */
const PACKAGES = ['@peculiar/x509', 'reflect-metadata'] as const;

export interface SelfSignedCertificateOptions {
  /**
   * Host names, wildcard names such as `*.example.com`, and IP addresses. Default: `localhost`, `127.0.0.1` and `::1`.
   */
  readonly names?: readonly string[] | undefined;
  /** How long it is valid: 1 to 3,650. Default 30. */
  readonly days?: number | undefined;
  /** ECDSA with P-256, the default, or RSA with 2,048 bits. */
  readonly keyType?: 'ecdsa' | 'rsa' | undefined;
}

const OPTIONS: OptionNames<SelfSignedCertificateOptions> = {
  names: true,
  days: true,
  keyType: true,
};

/** A certificate and its key as PEM: an `identity` of a context. The certificate alone is a root for the other side's `trustRoots`. */
export interface SelfSignedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes a certificate that only itself vouches for, for development and tests: servers and clients may use it. It needs the
 * packages `@peculiar/x509` and `reflect-metadata` as development dependencies.
 *
 * @throws MissingPackageError one of them is not installed.
 * @throws InvalidHostNameError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 *
 * @example
 * const identity = await selfSignedCertificate({ names: ['localhost'] });
 * listenTLS(reactor, 8443, factory, { identity });
 * connectTLS(reactor, 'localhost', 8443, factory, { trustRoots: identity.certificate });
 */
export async function selfSignedCertificate(
  options: SelfSignedCertificateOptions = {},
): Promise<SelfSignedCertificate> {
  checkOptions('selfSignedCertificate', options, OPTIONS);
  const { names = DEFAULT_NAMES, days = DEFAULT_DAYS, keyType = 'ecdsa' } = options;
  checkInteger('days', days, 1, MAX_DAYS);
  checkChoice('keyType', keyType, ['ecdsa', 'rsa'] as const);
  const [first, ...others] = checkNames(names);
  const x509 = await loadX509();
  const keys = await generateKeys(keyType);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [first.value.slice(0, MAX_COMMON_NAME_LENGTH)] }],
    keys,
    signingAlgorithm: { name: keyAlgorithm(keyType).name, hash: 'SHA-256' },
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + days * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([first, ...others]),
      // Without them, OpenSSL takes any root of the same name for the issuer.
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { certificate: `${certificate.toString('pem')}\n`, key: key as string };
}

interface AlternativeName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

function checkNames(names: readonly string[]): [AlternativeName, ...AlternativeName[]] {
  if (!Array.isArray(names)) throw new InvalidArgumentTypeError('names', 'an array', names);
  const [first, ...others] = names.map(alternativeName);
  if (first !== undefined) return [first, ...others];
  throw new InvalidArgumentValueError('names', 'at least one name or address', names);
}

function alternativeName(name: string): AlternativeName {
  if (typeof name === 'string' && name.startsWith('*.')) {
    return { type: 'dns', value: `*.${peerName(name.slice(2))}` };
  }
  const value = peerName(name);
  return { type: isIP(value) === 0 ? 'dns' : 'ip', value };
}

async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  try {
    await import('reflect-metadata');
    return await import('@peculiar/x509');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new MissingPackageError('selfSignedCertificate', PACKAGES, { cause });
  }
}

function keyAlgorithm(
  keyType: 'ecdsa' | 'rsa',
): webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams {
  if (keyType === 'ecdsa') return { name: 'ECDSA', namedCurve: 'P-256' };
  const publicExponent = Uint8Array.of(1, 0, 1);
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent };
}

function generateKeys(keyType: 'ecdsa' | 'rsa'): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm(keyType), true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

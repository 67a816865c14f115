/** Certificates for tests, made when they are needed, so that no test depends on the date. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

const DAY_MS = 24 * 60 * 60 * 1000;

type KeyKind = 'ecdsa' | 'rsa' | 'weak';

const ALGORITHMS: Readonly<
  Record<KeyKind, webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams>
> = {
  ecdsa: { name: 'ECDSA', namedCurve: 'P-256' },
  rsa: rsa(2048),
  // OpenSSL's security level 1 refuses it.
  weak: rsa(512),
};

export interface CertificateOptions {
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  readonly use?: 'server' | 'client';
  readonly keys?: KeyKind;
}

/** PEM, as `identity` of a context takes it. */
export interface MadeCertificate {
  readonly certificate: string;
  readonly key: string;
}

let serial = 1;

/** A certificate authority of one test. */
export class Authority implements MadeCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(
    name: string,
    keys: webcrypto.CryptoKeyPair,
    certificate: string,
    key: string,
  ) {
    this.#name = name;
    this.#keys = keys;
    this.certificate = certificate;
    this.key = key;
  }

  /** @param issuer Default: itself. */
  static async make(
    commonName = 'Test root',
    issuer?: Authority,
    options: CertificateOptions & { readonly ca?: boolean } = {},
  ): Promise<Authority> {
    const keys = await generate('ecdsa');
    const name = `CN=${commonName}`;
    const limited = options.use === 'client' ? [ExtendedKeyUsage.clientAuth] : [];
    const certificate = await X509CertificateGenerator.create({
      ...validity(options),
      subject: name,
      issuer: issuer === undefined ? name : issuer.#name,
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new BasicConstraintsExtension(options.ca !== false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        ...(limited.length > 0 ? [new ExtendedKeyUsageExtension(limited)] : []),
      ],
    });
    return new Authority(name, keys, certificate.toString('pem'), await pemOf(keys));
  }

  /** A certificate of this authority. @param commonName Empty: no subject. */
  async issue(commonName: string, options: CertificateOptions = {}): Promise<MadeCertificate> {
    const keys = await generate(options.keys ?? 'ecdsa');
    const usage =
      options.use === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
    const extensions: Extension[] = [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([usage]),
    ];
    const names = [
      ...(options.names ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(options.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
    const certificate = await X509CertificateGenerator.create({
      ...validity(options),
      subject: commonName === '' ? '' : `CN=${commonName}`,
      issuer: this.#name,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      extensions,
    });
    return { certificate: certificate.toString('pem'), key: await pemOf(keys) };
  }

  /** The list of this authority that revokes the certificates, as PEM. */
  async revoke(...certificates: MadeCertificate[]): Promise<string> {
    const { X509Certificate } = await import('node:crypto');
    const crl = await X509CrlGenerator.create({
      issuer: this.#name,
      thisUpdate: days(-1),
      nextUpdate: days(1),
      signingKey: this.#keys.privateKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      entries: certificates.map(({ certificate }) => ({
        serialNumber: new X509Certificate(certificate).serialNumber,
        revocationDate: days(-1),
      })),
    });
    return crl.toString('pem').replaceAll(/(BEGIN|END) CRL/g, '$1 X509 CRL');
  }
}

/** A certificate that nobody but itself vouches for. */
export async function selfSigned(options: CertificateOptions = {}): Promise<MadeCertificate> {
  const keys = await generate('ecdsa');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(options),
    name: 'CN=self-signed',
    keys: keys,
    extensions: [
      new SubjectAlternativeNameExtension(
        (options.names ?? ['localhost']).map((value) => ({ type: 'dns' as const, value })),
      ),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys) };
}

function validity({ from = -1, to = 30 }: CertificateOptions): {
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  signingAlgorithm: webcrypto.EcdsaParams;
} {
  return {
    serialNumber: (serial++).toString(16).padStart(4, '0'),
    notBefore: days(from),
    notAfter: days(to),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  };
}

function days(count: number): Date {
  return new Date(Date.now() + count * DAY_MS);
}

function rsa(modulusLength: number): webcrypto.RsaHashedKeyGenParams {
  return {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
}

function generate(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = ALGORITHMS[kind];
  return webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

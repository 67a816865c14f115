/** The options that server and client contexts share, and their settings. */
import { createHash, X509Certificate } from 'node:crypto';
import { DEFAULT_CIPHERS } from 'node:tls';

import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { TLSContextError } from '../core/errors/tls.js';
import type { TLSEngineKind, TLSVersion } from '../core/tls.js';
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkString,
} from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';
import {
  type CertificateSource,
  type CRLSource,
  readCertificates,
  readCRLs,
} from './certificates.js';
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MAX_HANDSHAKES } from './handshakes.js';
import { readIdentities, type TLSIdentities } from './identities.js';
import { nativeTLS, nativeTLSReport } from './native-tls.js';
import { checkLists, SUITE_OF_TLS13 } from './openssl-lists.js';
import type { TLSIdentity, TLSSettings } from './settings.js';

/** Trusts every certificate, regardless of its issuer: an attacker on the path can read and change all data. For tests only. */
export const TRUST_ANY: 'dangerouslyTrustAnyCertificate' = 'dangerouslyTrustAnyCertificate';

/** The certificates that are trusted to issue others: those of Node and the system, given ones, or none. */
export type TrustRoots =
  | 'system'
  | typeof TRUST_ANY
  | CertificateSource
  | readonly CertificateSource[];

export interface TLSOptions {
  /** The own certificates and keys; several if they have different kinds of keys. */
  readonly identity?: TLSIdentities | undefined;
  /** Default `TLSv1.2`. */
  readonly minVersion?: TLSVersion | undefined;
  /** Default `TLSv1.3`. */
  readonly maxVersion?: TLSVersion | undefined;
  /** The cipher suites of TLS 1.2, as OpenSSL's list, which skips unknown names. Default: those of Node. */
  readonly ciphers?: string | undefined;
  /** The cipher suites of TLS 1.3, likewise. */
  readonly cipherSuites?: string | undefined;
  /** Groups of the key exchange, as OpenSSL's list, such as `X25519:P-256`. Default: OpenSSL's. */
  readonly groups?: string | undefined;
  /** As OpenSSL's list, such as `ECDSA+SHA256:RSA-PSS+SHA256`. Default: OpenSSL's. */
  readonly signatureAlgorithms?: string | undefined;
  /** The protocols of ALPN in order of preference. A server's order decides; without a common protocol the handshake fails. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** Default of clients: `system`. A server needs them if it asks for certificates, and may have them only then. */
  readonly trustRoots?: TrustRoots | undefined;
  /**
   * If there are any, each certificate of the peer's chain is checked against the list of its issuer, which must be given. A server
   * may have them, and `pinnedKeys`, only if it asks for certificates.
   */
  readonly crls?: CRLSource | readonly CRLSource[] | undefined;
  /**
   * SHA-256 of public keys (SubjectPublicKeyInfo, DER), as 32 bytes or in base64 (RFC 7469): the key of one certificate of the
   * peer's verified chain must be among them.
   */
  readonly pinnedKeys?: readonly (string | Uint8Array)[] | undefined;
  /** Whether sessions are resumed, which saves most of the handshake's cost. Default true. */
  readonly resumption?: boolean | undefined;
  /** A file to which the keys of all connections are appended, for Wireshark. A reader of this file can decrypt all of them. */
  readonly keyLogFile?: string | undefined;
  /** Default `auto`: native if it is available. */
  readonly engine?: TLSEngineKind | 'auto' | undefined;
  /** Time limit of a handshake. 0: none. Default {@link DEFAULT_HANDSHAKE_TIMEOUT_MS}. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Handshakes in progress at most; for one more, the oldest one is ended. Default {@link DEFAULT_MAX_HANDSHAKES}. */
  readonly maxHandshakes?: number | undefined;
}

/** The options that `reload` cannot change. */
export type FixedTLSOption = 'engine' | 'handshakeTimeoutMs' | 'maxHandshakes';

export const TLS_OPTIONS: OptionNames<TLSOptions> = {
  identity: true,
  minVersion: true,
  maxVersion: true,
  ciphers: true,
  cipherSuites: true,
  groups: true,
  signatureAlgorithms: true,
  alpnProtocols: true,
  trustRoots: true,
  crls: true,
  pinnedKeys: true,
  resumption: true,
  keyLogFile: true,
  engine: true,
  handshakeTimeoutMs: true,
  maxHandshakes: true,
};

const VERSIONS: readonly TLSVersion[] = ['TLSv1.2', 'TLSv1.3'];
const ENGINES: readonly (TLSEngineKind | 'auto')[] = ['auto', 'native', 'node'];
const PIN_BYTES = 32;
const MAX_ALPN_BYTES = 255;

/** The settings that both roles have in common. */
export type SharedSettings = Pick<
  TLSSettings,
  | 'identities'
  | 'minVersion'
  | 'maxVersion'
  | 'ciphers'
  | 'cipherSuites'
  | 'groups'
  | 'signatureAlgorithms'
  | 'alpnProtocols'
  | 'trust'
  | 'roots'
  | 'crls'
  | 'pins'
  | 'resumption'
>;

/** Reads files and checks everything that is not left to OpenSSL. @throws TLSContextError, and errors of arguments */
export function sharedSettings(
  options: TLSOptions,
  defaultRoots: 'system' | 'none',
): SharedSettings {
  const { minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3', resumption = true } = options;
  checkChoice('minVersion', minVersion, VERSIONS);
  checkChoice('maxVersion', maxVersion, VERSIONS);
  if (minVersion > maxVersion) {
    throw new InvalidArgumentValueError(
      'minVersion',
      `at most maxVersion, ${maxVersion}`,
      minVersion,
    );
  }
  checkLists(options, minVersion, maxVersion);
  const defaults = DEFAULT_CIPHERS.split(':');
  const { trustRoots: roots = defaultRoots === 'system' ? 'system' : [] } = options;
  return {
    identities: identitiesOf(options),
    minVersion,
    maxVersion,
    ciphers: options.ciphers ?? defaults.filter((name) => !SUITE_OF_TLS13.test(name)).join(':'),
    cipherSuites:
      options.cipherSuites ?? defaults.filter((name) => SUITE_OF_TLS13.test(name)).join(':'),
    groups: options.groups,
    signatureAlgorithms: options.signatureAlgorithms,
    alpnProtocols: checkALPN('alpnProtocols', options.alpnProtocols ?? []),
    trust: roots === TRUST_ANY ? 'dangerouslyAny' : 'roots',
    roots: rootsOf(roots),
    crls: crlsOf(options, roots),
    pins: pinsOf(options),
    resumption: checkBoolean('resumption', resumption),
  };
}

/** Options that do not go into the settings. */
export function checkLimits(options: TLSOptions): {
  readonly engine: TLSEngineKind;
  readonly timeoutMs: number;
  readonly maxHandshakes: number;
} {
  const { engine = 'auto', handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = options;
  const { maxHandshakes = DEFAULT_MAX_HANDSHAKES } = options;
  return {
    engine: engineOf(checkChoice('engine', engine, ENGINES)),
    timeoutMs: checkMilliseconds('handshakeTimeoutMs', handshakeTimeoutMs),
    maxHandshakes: checkInteger('maxHandshakes', maxHandshakes, 1, Number.MAX_SAFE_INTEGER),
  };
}

/** @throws NativeTLSUnavailableError */
function engineOf(engine: TLSEngineKind | 'auto'): TLSEngineKind {
  if (engine === 'auto') return nativeTLSReport().available ? 'native' : 'node';
  if (engine === 'native') nativeTLS();
  return engine;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkALPN(what: string, protocols: readonly string[]): readonly string[] {
  if (!Array.isArray(protocols)) throw new InvalidArgumentTypeError(what, 'an array', protocols);
  for (const name of protocols) {
    const bytes = Buffer.byteLength(checkString(`a protocol of ${what}`, name));
    if (bytes === 0 || bytes > MAX_ALPN_BYTES) {
      throw new InvalidArgumentValueError(
        `a protocol of ${what}`,
        '1 to 255 bytes long in UTF-8',
        name,
      );
    }
  }
  return [...protocols];
}

export function checkCallback(what: string, callback: unknown): void {
  if (callback !== undefined) checkFunction(what, callback);
}

function identitiesOf({ identity }: TLSOptions): TLSIdentity[] {
  return identity === undefined ? [] : readIdentities('identity', identity);
}

function rootsOf(roots: TrustRoots): 'system' | Buffer[] {
  if (roots === 'system') return roots;
  if (roots === TRUST_ANY) return [];
  if (!Array.isArray(roots)) {
    if (
      typeof roots === 'string' ||
      ArrayBuffer.isView(roots) ||
      roots instanceof X509Certificate
    ) {
      return readCertificates('trustRoots', roots);
    }
    const expected = "certificates (PEM text or bytes), 'system' or TRUST_ANY";
    throw new InvalidArgumentTypeError('trustRoots', expected, roots);
  }
  if (roots.includes('system') || roots.includes(TRUST_ANY)) {
    const expected =
      "certificates, 'system' or TRUST_ANY, and not a list with one of the last two. Those of Node are also tls.rootCertificates";
    throw new InvalidArgumentValueError('trustRoots', expected, roots);
  }
  return roots.length === 0 ? [] : readCertificates('trustRoots', roots);
}

function crlsOf({ crls }: TLSOptions, roots: TrustRoots): Buffer[] {
  if (!isGiven(crls)) return [];
  if (roots !== TRUST_ANY) return readCRLs('crls', crls);
  throw new TLSContextError('crls need trustRoots: with TRUST_ANY no chain is verified');
}

function pinsOf({ pinnedKeys = [] }: TLSOptions): Buffer[] {
  if (Array.isArray(pinnedKeys)) return pinnedKeys.map(pinOf);
  throw new InvalidArgumentTypeError('pinnedKeys', 'an array', pinnedKeys);
}

/** An empty list is the same as none. */
export function isGiven<Value>(value: Value | undefined): value is Value {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function pinOf(pin: string | Uint8Array): Buffer {
  const bytes = typeof pin === 'string' ? Buffer.from(pin, 'base64') : Buffer.from(pin);
  if (bytes.byteLength === PIN_BYTES) return bytes;
  const expected = 'a SHA-256 digest: 32 bytes, or 44 characters of base64';
  throw new InvalidArgumentValueError('a key of pinnedKeys', expected, pin);
}

/** The pin of a certificate's key, for `pinnedKeys`. */
export function pinOfCertificate(source: CertificateSource): string {
  const [der] = readCertificates('certificate', source);
  const key = new X509Certificate(der as Buffer).publicKey.export({ type: 'spki', format: 'der' });
  return digest(key);
}

function digest(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64');
}

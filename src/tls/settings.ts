/**
 * The settings of a TLS context after its options were checked and read: the same for both engines. Certificates, keys and CRLs
 * are DER. Nothing here changes after it was made.
 */
import type { TLSVersion } from '../core/tls.js';

/** A chain of certificates and its private key. */
export interface TLSChainIdentity {
  /** DER, the own certificate first; without the root. */
  readonly chain: readonly Buffer[];
  /** PKCS #8, DER, not encrypted. */
  readonly key: Buffer;
  /** DER. Sent to clients that ask for it. */
  readonly ocspResponse: Buffer | undefined;
}

/** The same as PKCS #12, which is not read before it reaches OpenSSL. */
export interface TLSPfxIdentity {
  readonly pfx: Buffer;
  readonly passphrase: string;
  readonly ocspResponse: Buffer | undefined;
}

export type TLSIdentity = TLSChainIdentity | TLSPfxIdentity;

export interface TLSSettings {
  /** Several if they have different kinds of keys (RSA, ECDSA, Ed25519). Empty for a client without a certificate. */
  readonly identities: readonly TLSIdentity[];
  readonly minVersion: TLSVersion;
  readonly maxVersion: TLSVersion;
  /** For TLS 1.2, OpenSSL's list. */
  readonly ciphers: string;
  /** For TLS 1.3, OpenSSL's list. */
  readonly cipherSuites: string;
  readonly groups: string | undefined;
  readonly signatureAlgorithms: string | undefined;
  /** In order of preference: a server's order decides. Empty: no ALPN. */
  readonly alpnProtocols: readonly string[];
  /** Whether a certificate of the peer is asked for, and whether the handshake fails without one. Never ignored by clients. */
  readonly peerCertificate: 'ignored' | 'requested' | 'required';
  /** `dangerouslyAny`: the chain and the dates are not verified; pins and names are, as the settings say. */
  readonly trust: 'roots' | 'dangerouslyAny';
  /** DER; `system`: those of Node (`systemRoots`). */
  readonly roots: 'system' | readonly Buffer[];
  /** DER. If there are any, each certificate of the peer's chain is checked against them. */
  readonly crls: readonly Buffer[];
  /** Client: whether the host name is verified. */
  readonly checksName: boolean;
  /** SHA-256 of the public key (SubjectPublicKeyInfo): one certificate of the verified chain must match one. Empty: not checked. */
  readonly pins: readonly Buffer[];
  /** Whether sessions are resumed. */
  readonly resumption: boolean;
  /** Server: keys of 48 bytes, of which the first encrypts new tickets and all decrypt. Empty: a random one. */
  readonly ticketKeys: readonly Buffer[];
  /** Server: 32 bytes; sessions are resumed only by contexts with the same. Equal in all processes with the same settings. */
  readonly sessionIdContext: Buffer;
  /** Client: the maximum number of host names of which sessions are kept. */
  readonly sessionCacheSize: number;
  /** Server: whether the context is chosen for each connection when the client's hello has arrived. */
  readonly selectsByName: boolean;
  /** Client: whether to ask for a stapled OCSP response. */
  readonly requestsOCSP: boolean;
  /** Called with each line of the key log (NSS format), without a line end; undefined: no key log. */
  readonly keyLog: ((line: string) => void) | undefined;
}

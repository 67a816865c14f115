/** TLS as protocols and transports see it. The implementation is in `src/tls`. */
import type { X509Certificate } from 'node:crypto';

export type TLSRole = 'client' | 'server';

/** The versions of TLS that are supported. */
export type TLSVersion = 'TLSv1.2' | 'TLSv1.3';

/** The implementation that serves a connection: the addon over the process's OpenSSL, or `node:tls`. */
export type TLSEngineKind = 'native' | 'node';

/**
 * The facts of a TLS connection: `transport.tls`. Read them while the connection is open: values that are first read after its end
 * may be undefined.
 */
export interface TLSConnection {
  readonly role: TLSRole;
  readonly engine: TLSEngineKind;
  /** Whether the handshake is complete. Before that, the values below are undefined, except a client's `serverName`. */
  readonly handshakeComplete: boolean;
  readonly version: TLSVersion | undefined;
  /** OpenSSL's name of the cipher suite, such as `TLS_AES_128_GCM_SHA256` or `ECDHE-ECDSA-AES128-GCM-SHA256`. */
  readonly cipher: string | undefined;
  /** The protocol agreed on by ALPN (RFC 7301), such as `h2`; undefined if none was. */
  readonly negotiatedProtocol: string | undefined;
  /** The name that the client asked for (SNI, RFC 6066 section 3), in lower case; undefined if it named none. */
  readonly serverName: string | undefined;
  /** Whether an earlier session was resumed, so that no certificates were exchanged. */
  readonly resumed: boolean;
  /** Client: the stapled OCSP response (RFC 6066 section 8), DER; undefined if it was not requested or none was sent. */
  readonly ocspResponse: Buffer | undefined;
  /** Server: the result of the context's `mapClientCertificate`. */
  readonly clientIdentity: unknown;
  /** The peer's certificate; undefined if it sent none. On a resumed connection, that of the first one. */
  getPeerCertificate(): X509Certificate | undefined;
  /**
   * The certificates that the peer sent, its own first. A resumed connection of a server has the peer's own only.
   */
  getPeerCertificateChain(): readonly X509Certificate[];
  /**
   * Derives key material that both ends can derive and nobody else (RFC 5705; RFC 8446 section 7.5).
   * @param length In bytes, 1 to 65,535.
   * @throws TLSContextError the handshake is not complete, or the connection has ended.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer;
}

/** How one connection is secured. */
export interface StartTLSOptions {
  /**
   * Client: the name or IP address of the server. It is verified against the certificate, and a name is sent as SNI. Required,
   * unless the context does not verify names.
   */
  readonly hostname?: string | undefined;
  /** The protocols to offer or accept by ALPN, in order of preference, instead of those of the context. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /**
   * @internal Ciphertext that a layer below TLS has read already, behind a PROXY header. The first that the engine receives.
   */
  readonly received?: Buffer | undefined;
}

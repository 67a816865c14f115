/** The content of PROXY protocol headers. */
import type { Address } from '../../core/address.js';

/** The versions of the protocol: 1 is a line of text, 2 is binary. */
export type ProxyVersion = 1 | 2;

/** A type-length-value field of a version 2 header. */
export interface ProxyTLV {
  /** 0 to 255. 0xe0 to 0xef are for applications, 0xf0 to 0xf7 for experiments. */
  readonly type: number;
  /** At most 65,535 bytes. */
  readonly value: Uint8Array;
}

/** The client's TLS connection to the proxy (section 2.2.6). */
export interface ProxySSL {
  /** Whether the client connected over TLS. */
  readonly overTLS: boolean;
  /** Whether the client presented a certificate over this connection. */
  readonly certificateInConnection: boolean;
  /** Whether the client presented a certificate over this connection, or an earlier one of the same TLS session. */
  readonly certificateInSession: boolean;
  /**
   * Whether the client presented a certificate and the proxy verified it. HAProxy sends the code for success also without a
   * certificate; that counts as not verified.
   */
  readonly verified: boolean;
  /** The TLS version, such as `TLSv1.3`. */
  readonly version?: string | undefined;
  /** The common name of the client's certificate. */
  readonly commonName?: string | undefined;
  /** The cipher suite, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher?: string | undefined;
  /** The algorithm that signed the proxy's own certificate, such as `RSA-SHA256`. */
  readonly signatureAlgorithm?: string | undefined;
  /** The algorithm of the key of the proxy's own certificate, such as `RSA2048`. */
  readonly keyAlgorithm?: string | undefined;
  /** Fields of other types, and repeated ones, in order. */
  readonly tlvs?: readonly ProxyTLV[] | undefined;
}

/** The fields of a version 2 header besides its addresses. */
export interface ProxyHeaderExtras {
  /** The application protocol negotiated between client and proxy (RFC 7301), such as `h2`. Latin-1. */
  readonly alpn?: string | undefined;
  /** The host name that the client requested (SNI). */
  readonly authority?: string | undefined;
  /** The proxy's identifier of this connection: at most 128 bytes. */
  readonly uniqueId?: Uint8Array | undefined;
  readonly ssl?: ProxySSL | undefined;
  /** The name of the proxy's network namespace. */
  readonly netns?: string | undefined;
  /** Fields of other types, and repeated ones, in order; without padding and checksum. */
  readonly tlvs?: readonly ProxyTLV[] | undefined;
}

/** A received header. */
export interface ProxyHeader extends ProxyHeaderExtras {
  readonly version: ProxyVersion;
  /** `LOCAL`: the proxy connected for itself, as in a health check. It has no other fields. Version 1 has no such command. */
  readonly command: 'PROXY' | 'LOCAL';
  /** The kind of the proxied connection. Undefined if it has no addresses. */
  readonly kind: 'stream' | 'datagram' | undefined;
  /** The client's address. Undefined for `LOCAL`, and if the proxy cannot say (`UNKNOWN`, `AF_UNSPEC`). */
  readonly source: Address | undefined;
  /** The address that the client connected to. Undefined if `source` is. */
  readonly destination: Address | undefined;
  readonly tlvs: readonly ProxyTLV[];
}

/**
 * The PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): a header in front of a
 * connection that a proxy or load balancer relays, with the addresses of the client's connection.
 *
 * Both directions, all families and kinds, and all registered TLVs; a checksum is verified. The rest of a
 * `LOCAL` header, and of one without addresses (`AF_UNSPEC`), is not read. Families, kinds and commands that version 2 does not define are
 * refused, as the specification requires. Datagrams with a header in each are not supported.
 */
export { ProxyProtocolClientFactory } from './client.js';
export {
  InvalidProxyHeaderError,
  ProxyHeaderChecksumError,
  ProxyHeaderTimeoutError,
  ProxyHeaderTooLongError,
  UntrustedProxyError,
} from './errors.js';
export type {
  ProxyHeader,
  ProxyHeaderExtras,
  ProxySSL,
  ProxyTLV,
  ProxyVersion,
} from './events.js';
export {
  MAX_PROXY_HEADER_BYTES,
  ProxyHeaderParser,
  type ProxyHeaderParserOptions,
} from './parser.js';
export { proxyHeaderOf } from './protocol.js';
export { type ProxyHeaderOptions, serializeProxyHeader } from './serializer.js';
export {
  PROXY_HEADER_TIMEOUT_MS,
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
} from './server.js';
export type { TrustedPeers } from './trusted-peers.js';

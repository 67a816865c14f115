/** TLS: `ropewalk/tls`. */
export type { CertificateSource, CRLSource, PrivateKeySource } from './certificates.js';
export {
  type TLSClientChanges,
  TLSClientContext,
  type TLSClientOptions,
} from './client-context.js';
export {
  pinOfCertificate,
  type TLSOptions,
  TRUST_ANY,
  type TrustRoots,
} from './context-options.js';
export { TLSClientFactory, type TLSClientFactoryOptions, TLSServerFactory } from './factories.js';
export { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_MAX_HANDSHAKES } from './handshakes.js';
export type { TLSIdentities, TLSIdentityOptions } from './identities.js';
export { type ConnectTLSOptions, connectTLS, listenTLS } from './listen-connect.js';
export {
  type SelfSignedCertificate,
  type SelfSignedCertificateOptions,
  selfSignedCertificate,
} from './self-signed.js';
export {
  type SelectedContext,
  TICKET_KEY_BYTES,
  TICKET_KEYS_KEPT,
  type TLSInterval,
  type TLSServerChanges,
  TLSServerContext,
  type TLSServerOptions,
} from './server-context.js';

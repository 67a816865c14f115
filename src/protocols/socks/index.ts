/**
 * `ropewalk/socks`: proxies and clients of SOCKS 4, 4a (https://www.openssh.org/txt/socks4.protocol, socks4a.protocol) and 5
 * (RFC 1928), with user name and password (RFC 1929).
 *
 * All commands: CONNECT, BIND and UDP ASSOCIATE; the client endpoint uses CONNECT. Omitted: GSS-API (RFC 1961), which RFC 1928
 * requires and no common client uses; fragments of datagrams, which are dropped; look-ups of user names by ident in SOCKS 4.
 */
export { SocksAccessRules, type SocksAccessRulesOptions } from './access-rules.js';
export { SOCKS_ENDPOINT, SocksClientEndpoint, type SocksClientOptions } from './client.js';
export {
  SocksClientConnection,
  type SocksClientRequest,
  SocksServerConnection,
} from './connection.js';
export { readSocksDatagram, type SocksDatagram, socksDatagramHeader } from './datagrams.js';
export type { SocksAccess, SocksPermit, SocksReactor } from './destinations.js';
export {
  InvalidSocksMessageError,
  SocksAuthenticationError,
  SocksConnectError,
  SocksRefusedError,
  SocksSequenceError,
} from './errors.js';
export type {
  SocksClientEvent,
  SocksCommand,
  SocksReply,
  SocksRequest,
  SocksServerEvent,
  SocksVersion,
} from './events.js';
export type { SocksAuthenticate, SocksUser } from './protocol.js';
export { SocksServerFactory, type SocksServerOptions } from './server.js';

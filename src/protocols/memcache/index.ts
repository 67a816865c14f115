/**
 * `ropewalk/memcache`: a client of memcached and servers with the same protocol (doc/protocol.txt of memcached 1.6): the text
 * commands and the meta commands.
 *
 * Omitted: `noreply` and the meta flag `q`, because an error of such a command would be taken for the answer to the next one;
 * the binary protocol and UDP, which memcached has deprecated or disabled; SASL, which only the binary protocol has.
 */
export {
  MemcacheClient,
  type MemcacheClientOptions,
  type MemcacheCredentials,
  type MemcacheFailover,
  type MemcacheServer,
  type MemcacheServerState,
} from './client.js';
export {
  type MemcacheCasResult,
  MemcacheCommands,
  type MemcacheFlushOptions,
  type MemcacheGetManyOptions,
  type MemcacheGetOptions,
  type MemcacheRoute,
  type MemcacheSetOptions,
  memcacheCommands,
} from './commands.js';
export { type MemcacheAnswer, MemcacheConnection } from './connection.js';
export {
  InvalidMemcacheReplyError,
  InvalidMemcacheRequestError,
  MemcacheClientError,
  MemcacheConnectionLostError,
  MemcacheNotStartedError,
  MemcacheOverloadError,
  MemcacheServerError,
  MemcacheTimeoutError,
  MemcacheUnavailableError,
  MemcacheUnknownCommandError,
  MemcacheValueError,
} from './errors.js';
export type {
  MemcacheErrorReply,
  MemcacheMetaReply,
  MemcacheMetaStatus,
  MemcachePart,
  MemcacheReply,
  MemcacheReplyKind,
  MemcacheRequest,
  MemcacheStatus,
  MemcacheValue,
} from './events.js';
export type { MemcacheExpiry } from './expiry.js';
export { HashRing, type RingServer } from './hash-ring.js';
export type { MemcacheLimits } from './limits.js';
export { MemcacheParser } from './parser.js';
export {
  type MemcacheCallOptions,
  MemcacheProtocol,
  type MemcacheProtocolOptions,
} from './protocol.js';
export {
  arithmeticRequest,
  casRequest,
  deleteRequest,
  flushAllRequest,
  getAndTouchRequest,
  getRequest,
  type MemcacheData,
  type MemcacheMetaKey,
  type MemcacheStorage,
  type MemcacheStorageCommand,
  metaDebugRequest,
  metaNoopRequest,
  metaRequest,
  metaSetRequest,
  statsRequest,
  storageRequest,
  touchRequest,
  verbosityRequest,
  versionRequest,
} from './serializer.js';
export {
  type MemcacheCodec,
  memcacheJSON,
  memcacheText,
  TypedMemcache,
  type TypedMemcacheValue,
} from './typed.js';

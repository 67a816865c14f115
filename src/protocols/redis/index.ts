/**
 * `ropewalk/redis`: a client of Redis 6 and later, and of servers with the same protocol (RESP3).
 *
 * Omitted: Redis Cluster and Sentinel (a MOVED answer is a RedisServerError), client-side caching, which would need a cache with rules of
 * its own (its `invalidate` pushes reach `onPush`), and commands that change the form of answers, such as MONITOR.
 */
export { RedisClient, type RedisClientOptions } from './client.js';
export { type RedisAnswer, RedisConnection } from './connection.js';
export {
  InvalidRedisCommandError,
  InvalidRedisReplyError,
  RedisConnectionLostError,
  RedisNotStartedError,
  RedisOverloadError,
  RedisServerError,
  RedisTimeoutError,
  RedisUnavailableError,
} from './errors.js';
export type { RedisArgument, RedisCommand, RedisEvent, RedisValue } from './events.js';
export type { RedisLimits } from './limits.js';
export { RedisParser } from './parser.js';
export {
  type RedisCallOptions,
  RedisProtocol,
  type RedisProtocolOptions,
  type RedisPushReceiver,
} from './protocol.js';
export { serializeCommand } from './serializer.js';

/** The options of `ropewalk/redis`. */
import {
  RedisClient,
  RedisConnection,
  RedisParser,
  RedisProtocol,
} from '../../src/protocols/redis/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call } from './option-calls.js';

const clock = new ManualClock();
const protocol = new RedisProtocol({ clock });
const endpoint = { connect: () => undefined as never };

export const REDIS_CALLS: Readonly<Record<string, readonly Call[]>> = {
  RedisLimits: [(o) => new RedisParser(o), (o) => new RedisConnection(o)],
  RedisProtocolOptions: [(o) => new RedisProtocol(and(o, { clock }))],
  RedisClientOptions: [(o) => new RedisClient(endpoint, and(o, { clock }))],
  RedisCallOptions: [(o) => protocol.call(['PING'], o)],
};

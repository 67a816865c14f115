// Counts its runs in Redis: `node --import tsx examples/redis-counter.ts`, several times.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor } from 'ropewalk';
import { RedisClient } from 'ropewalk/redis';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'tcp:127.0.0.1:6379' },
    password: { type: 'string' },
  },
});
const { server, password } = values;
const reactor = createReactor();
const redis = new RedisClient(clientFromString(reactor, server), {
  clock: reactor,
  timeoutMs: 2_000,
  ...(password !== undefined && { password }),
});
redis.startService();
try {
  const runs = await redis.call(['INCR', 'redis-counter']);
  await redis.call(['EXPIRE', 'redis-counter', 3_600]);
  console.log(`run ${runs}`);
} catch (error) {
  console.error(`redis-counter: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await redis.stopService();
}

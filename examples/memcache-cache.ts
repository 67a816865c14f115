// Keeps the results of slow work in memcached: `node --import tsx examples/memcache-cache.ts 600851475143`, twice.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor } from 'ropewalk';
import { MemcacheClient, memcacheJSON, TypedMemcache } from 'ropewalk/memcache';

function factors(n: number): number[] {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return [d, ...factors(n / d)];
  return [n];
}

const { values, positionals } = parseArgs({
  options: { server: { type: 'string', default: 'tcp:127.0.0.1:11211' } },
  allowPositionals: true,
});
const number = Number(positionals[0] ?? 600_851_475_143);
const reactor = createReactor();
const endpoint = clientFromString(reactor, values.server);
const client = new MemcacheClient(endpoint, { clock: reactor, timeoutMs: 1_000 });
const cache = new TypedMemcache(client, memcacheJSON<number[]>());
client.startService();

async function factorsOf(n: number): Promise<readonly [number[], string]> {
  const key = `factors:${n}`;
  // A cache that is away is a miss.
  const found = await cache.get(key).addErrback((failure) => {
    console.error(`memcache-cache: ${failure.message}`);
  });
  if (found !== undefined) return [found, 'from the cache'];
  const computed = factors(n);
  await cache.set(key, computed, { expiresInSeconds: 60 }).addErrback(() => {});
  return [computed, 'computed'];
}

const [found, how] = await factorsOf(number);
console.log(`${number} = ${found.join(' x ')} (${how})`);
await client.stopService();

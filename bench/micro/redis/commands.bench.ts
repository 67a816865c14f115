// What commands cost a client of Redis, against the package @redis/client, the core of redis.
//
//     npx tsx bench/micro/redis/commands.bench.ts [--rounds N] [--quick]

import { clientFromString, createReactor } from '../../../src/index.js';
import { RedisClient, type RedisValue } from '../../../src/protocols/redis/index.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import {
  COMMAND_WORKLOAD,
  commandCases,
  type DatabaseContender,
  type StartContender,
} from '../../harness/micro/commands.js';
import { hasRedis, redisSocket, startRedis } from './redis-server.js';

/** The parts of the package that are used here. */
interface TheirClient {
  connect(): Promise<unknown>;
  close(): Promise<void>;
  /** With values as Buffers. */
  withTypeMapping(types: object): { get(key: string): Promise<Buffer> };
  set(key: string, value: Buffer): Promise<string>;
}

interface Package {
  createClient(options: object): TheirClient;
  readonly RESP_TYPES: { readonly BLOB_STRING: number };
}

const PACKAGE: string = '@redis/client';

async function ropewalk(kind: 'native' | 'node'): Promise<DatabaseContender> {
  const reactor = createReactor({ kind });
  const endpoint = clientFromString(reactor, `unix:${redisSocket()}`);
  const client = new RedisClient(endpoint, { clock: reactor });
  client.startService();
  const lengthOf = (value: RedisValue): number => (value as Buffer).length;
  return {
    get: (key) => client.call(['GET', key]).addCallback(lengthOf),
    set: (key, value) => client.call(['SET', key, value]).addCallback((answer) => answer === 'OK'),
    end: async () => {
      await client.stopService();
      await reactor[Symbol.asyncDispose]();
    },
  };
}

async function theirs(): Promise<DatabaseContender> {
  const { createClient, RESP_TYPES } = (await import(PACKAGE)) as Package;
  const client = createClient({ socket: { path: redisSocket() }, RESP: 3 });
  await client.connect();
  const reader = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    get: async (key) => (await reader.get(key)).length,
    set: async (key, value) => (await client.set(key, value)) === 'OK',
    end: () => client.close(),
  };
}

const CONTENDERS: Readonly<Record<string, StartContender>> = {
  native: () => ropewalk('native'),
  node: () => ropewalk('node'),
  '@redis/client': theirs,
};

export const bench: MicroBench = {
  title: 'Commands of Redis',
  workload:
    `${COMMAND_WORKLOAD} \`native\` and \`node\` are RedisClient on both reactors; \`@redis/client\` is the core of the package redis. All three ` +
    'read values as Buffers and use RESP3. The server is local, on a UNIX socket; CPU is that of the client.',
  unit: 'ns a command',
  prepare: startRedis,
  // A machine without Redis measures nothing.
  cases: hasRedis ? commandCases('@redis/client', CONTENDERS) : [],
  bars: [],
};

await runAlone(import.meta.url, bench);

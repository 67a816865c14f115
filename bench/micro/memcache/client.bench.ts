// What commands cost a client of memcached, against the packages memjs and memcached.
//
//     npx tsx bench/micro/memcache/client.bench.ts [--rounds N] [--quick]

import { clientFromString, createReactor } from '../../../src/index.js';
import { MemcacheClient } from '../../../src/protocols/memcache/index.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import {
  COMMAND_WORKLOAD,
  commandCases,
  type DatabaseContender,
  type StartContender,
} from '../../harness/micro/commands.js';
import { hasMemcached, memcachedPort, startMemcached } from './memcached-server.js';

/** The part of memjs that is used here: neither package has types. */
interface MemjsModule {
  readonly Client: {
    create(server: string): {
      get(key: string): Promise<{ readonly value: Buffer }>;
      set(key: string, value: Buffer, options: object): Promise<boolean>;
      close(): void;
    };
  };
}

type Answer = (error: unknown, data: unknown) => void;

type MemcachedModule = new (
  server: string,
  options: object,
) => {
  get(key: string, answer: Answer): void;
  set(key: string, value: Buffer, lifetimeSeconds: number, answer: Answer): void;
  end(): void;
};

const PACKAGES: Readonly<Record<'memjs' | 'memcached', string>> = {
  memjs: 'memjs',
  memcached: 'memcached',
};

async function ropewalk(kind: 'native' | 'node'): Promise<DatabaseContender> {
  const reactor = createReactor({ kind });
  const endpoint = clientFromString(reactor, `tcp:127.0.0.1:${memcachedPort()}`);
  const client = new MemcacheClient(endpoint, { clock: reactor });
  client.startService();
  return {
    get: (key) => client.get(key).addCallback((found) => found?.value.length ?? 0),
    set: (key, value) => client.set(key, value),
    end: async () => {
      await client.stopService();
      await reactor[Symbol.asyncDispose]();
    },
  };
}

async function memjs(): Promise<DatabaseContender> {
  const { default: module } = (await import(PACKAGES.memjs)) as { readonly default: MemjsModule };
  const client = module.Client.create(`127.0.0.1:${memcachedPort()}`);
  return {
    get: async (key) => (await client.get(key)).value.length,
    set: (key, value) => client.set(key, value, {}),
    end: () => client.close(),
  };
}

async function memcached(): Promise<DatabaseContender> {
  const module = (await import(PACKAGES.memcached)) as { readonly default: MemcachedModule };
  // One connection, as the others have.
  const client = new module.default(`127.0.0.1:${memcachedPort()}`, { poolSize: 1 });
  const asked = <T>(ask: (answer: Answer) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      ask((error, data) => (error == null ? resolve(data as T) : reject(error)));
    });
  return {
    get: async (key) => (await asked<string>((answer) => client.get(key, answer))).length,
    set: (key, value) => asked((answer) => client.set(key, value, 0, answer)),
    end: () => client.end(),
  };
}

const CONTENDERS: Readonly<Record<string, StartContender>> = {
  native: () => ropewalk('native'),
  node: () => ropewalk('node'),
  memjs,
  memcached,
};

export const bench: MicroBench = {
  title: 'Commands of memcached',
  workload:
    `${COMMAND_WORKLOAD} \`native\` and \`node\` are MemcacheClient on both reactors. ` +
    'memjs has the binary protocol, memcached the text protocol. The server is local; CPU is that of the client.',
  unit: 'ns a command',
  prepare: startMemcached,
  // A machine without memcached measures nothing.
  cases: hasMemcached ? commandCases('memjs', CONTENDERS) : [],
  bars: hasMemcached
    ? [
        { row: 'get one by one: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 1.1 },
        { row: 'get at once: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 0.8 },
        { row: 'set at once: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 0.5 },
      ]
    : [],
};

await runAlone(import.meta.url, bench);

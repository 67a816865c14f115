// What commands cost a client of memcached, against the packages memjs and memcached.
//
//     npx tsx bench/micro/memcache/client.bench.ts [--rounds N] [--quick]

import { clientFromString, createReactor } from '../../../src/index.js';
import { MemcacheClient } from '../../../src/protocols/memcache/index.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { cpuAndTimePerOperation, expectSame } from '../../harness/micro/timing.js';
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

interface Contender {
  /** The length of the value. */
  get(key: string): PromiseLike<number>;
  set(key: string, value: Buffer): PromiseLike<boolean>;
  end(): unknown;
}

async function ropewalk(kind: 'native' | 'node'): Promise<Contender> {
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

async function memjs(): Promise<Contender> {
  const { default: module } = (await import(PACKAGES.memjs)) as { readonly default: MemjsModule };
  const client = module.Client.create(`127.0.0.1:${memcachedPort()}`);
  return {
    get: async (key) => (await client.get(key)).value.length,
    set: (key, value) => client.set(key, value, {}),
    end: () => client.close(),
  };
}

async function memcached(): Promise<Contender> {
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

const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = {
  native: () => ropewalk('native'),
  node: () => ropewalk('node'),
  memjs,
  memcached,
};

const KEY = 'session:42';
const VALUE = Buffer.alloc(100, 'v');
const COMMANDS = 2_000;

/** The octets that were read or stored. */
type Batch = (contender: Contender) => Promise<number>;

const get = ({ get }: Contender): PromiseLike<number> => get(KEY);
const set = async ({ set }: Contender): Promise<number> =>
  (await set(KEY, VALUE)) ? VALUE.length : 0;

function oneByOne(command: (contender: Contender) => PromiseLike<number>): Batch {
  return async (contender) => {
    let octets = 0;
    for (let n = 0; n < COMMANDS; n++) octets += await command(contender);
    return octets;
  };
}

function together(command: (contender: Contender) => PromiseLike<number>): Batch {
  return async (contender) => {
    const answers = await Promise.all(Array.from({ length: COMMANDS }, () => command(contender)));
    return answers.reduce((sum, octets) => sum + octets, 0);
  };
}

function caseOf(name: string, batch: Batch): MicroCase {
  const measures = Object.entries(CONTENDERS).map(([one, start]) => {
    const run = async (effort: Effort): Promise<Figures> => {
      const contender = await start();
      const check = (octets: number): void => {
        expectSame('the octets', octets, COMMANDS * VALUE.length);
      };
      try {
        await contender.set(KEY, VALUE);
        return await cpuAndTimePerOperation(effort, COMMANDS, () => batch(contender), check);
      } finally {
        await contender.end();
      }
    };
    return [one, run] as const;
  });
  return { name, reference: 'memjs', contenders: Object.fromEntries(measures) };
}

export const bench: MicroBench = {
  title: 'Commands of memcached',
  workload:
    `A value of ${VALUE.length} bytes is read or stored, over one connection: \`one by one\`, each after the answer to the previous one, and ` +
    `\`at once\`, ${COMMANDS.toLocaleString('en')} commands without waiting. \`native\` and \`node\` are MemcacheClient on both reactors. ` +
    'memjs has the binary protocol, memcached the text protocol. The server is local; CPU is that of the client.',
  unit: 'ns a command',
  prepare: startMemcached,
  // A machine without memcached measures nothing.
  cases: hasMemcached
    ? [
        caseOf('get one by one', oneByOne(get)),
        caseOf('get at once', together(get)),
        caseOf('set one by one', oneByOne(set)),
        caseOf('set at once', together(set)),
      ]
    : [],
  bars: hasMemcached
    ? [
        { row: 'get one by one: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 1.1 },
        { row: 'get at once: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 0.8 },
        { row: 'set at once: CPU', of: 'native', to: 'memjs', sense: 'at most', limit: 0.5 },
      ]
    : [],
};

await runAlone(import.meta.url, bench);

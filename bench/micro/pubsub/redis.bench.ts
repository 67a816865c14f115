// What publications through Redis cost the client, against the package @redis/client, the core of redis.
//
//     npx tsx bench/micro/pubsub/redis.bench.ts [--rounds N] [--quick]

import { clientFromString, createReactor } from '../../../src/index.js';
import { RedisClient } from '../../../src/protocols/redis/index.js';
import { RedisPubSub } from '../../../src/pubsub/index.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { cpuAndTimePerOperation, expectSame } from '../../harness/micro/timing.js';
import { hasRedis, redisSocket, startRedis } from '../redis/redis-server.js';

interface TheirClient {
  connect(): Promise<unknown>;
  close(): Promise<void>;
  publish(channel: string, text: string): Promise<number>;
  subscribe(channel: string, receive: (text: string) => void): Promise<void>;
}

/** The part of the package that is used here. */
interface Package {
  createClient(options: object): TheirClient;
}

const PACKAGE: string = '@redis/client';

const TOPIC = 'prices.gold';
const TEXT = 'x'.repeat(64);
const MESSAGES = 2_000;

interface Contender {
  /** Fires when the server has confirmed it. */
  publish(): PromiseLike<unknown>;
  end(): Promise<void>;
}

interface Kind {
  /** @param receive Called for each message; undefined: there is no subscriber. */
  open(receive: ((text: string) => void) | undefined): Promise<Contender>;
}

function ropewalk(kind: 'native' | 'node'): Kind {
  return {
    async open(receive) {
      const reactor = createReactor({ kind });
      const endpoint = clientFromString(reactor, `unix:${redisSocket()}`);
      if (receive === undefined) {
        const client = new RedisClient(endpoint, { clock: reactor });
        client.startService();
        return {
          publish: () => client.call(['PUBLISH', TOPIC, TEXT]),
          end: async () => {
            await client.stopService();
            await reactor[Symbol.asyncDispose]();
          },
        };
      }
      const pubsub = new RedisPubSub(endpoint, { clock: reactor });
      await pubsub.subscribe(TOPIC, ({ text }) => receive(text)).ready();
      return {
        publish: () => pubsub.publish(TOPIC, TEXT),
        end: async () => {
          await pubsub.close();
          await reactor[Symbol.asyncDispose]();
        },
      };
    },
  };
}

const theirs: Kind = {
  async open(receive) {
    const { createClient } = (await import(PACKAGE)) as Package;
    const make = async (): Promise<TheirClient> => {
      const client = createClient({ socket: { path: redisSocket() }, RESP: 3 });
      await client.connect();
      return client;
    };
    const publisher = await make();
    // Its documentation requires a connection of its own for subscriptions.
    const subscriber = receive && (await make());
    if (receive !== undefined) await subscriber?.subscribe(TOPIC, receive);
    return {
      publish: () => publisher.publish(TOPIC, TEXT),
      end: async () => {
        await publisher.close();
        await subscriber?.close();
      },
    };
  },
};

const CONTENDERS: Readonly<Record<string, Kind>> = {
  native: ropewalk('native'),
  node: ropewalk('node'),
  '@redis/client': theirs,
};

type Batch = (contender: Contender) => Promise<unknown>;

const oneByOne: Batch = async ({ publish }) => {
  for (let i = 0; i < MESSAGES; i++) await publish();
};

const atOnce: Batch = ({ publish }) => Promise.all(Array.from({ length: MESSAGES }, publish));

function caseOf(name: string, batch: Batch, receives: boolean): MicroCase {
  const measure = ({ open }: Kind) => {
    return async (effort: Effort): Promise<Figures> => {
      let received = 0;
      let all: (() => void) | undefined;
      const receive = (text: string): void => {
        received += text.length;
        if (received === MESSAGES * TEXT.length) all?.();
      };
      const contender = await open(receives ? receive : undefined);
      const run = async (): Promise<number> => {
        received = 0;
        const arrived = receives
          ? new Promise<void>((resolve) => {
              all = resolve;
            })
          : undefined;
        await batch(contender);
        await arrived;
        return received;
      };
      const check = (octets: number): void =>
        expectSame('characters', octets, receives ? MESSAGES * TEXT.length : 0);
      try {
        return await cpuAndTimePerOperation(effort, MESSAGES, run, check);
      } finally {
        await contender.end();
      }
    };
  };
  const contenders = Object.entries(CONTENDERS).map(([one, kind]) => [one, measure(kind)] as const);
  return { name, reference: '@redis/client', contenders: Object.fromEntries(contenders) };
}

export const bench: MicroBench = {
  title: 'Publishing through Redis',
  workload:
    'Messages of 64 characters are published: `one by one`, each after the confirmation of the previous one, and `at once`, ' +
    `${MESSAGES.toLocaleString('en')} without waiting, without a subscriber, or to one in the same process. \`native\` and \`node\` are Ropewalk on both ` +
    'reactors: RedisClient without a subscriber, RedisPubSub with one. `@redis/client` is the core of the package redis; it has a second connection for the ' +
    'subscriber. The server is local, on a UNIX socket; CPU is that of the client.',
  unit: 'ns a message',
  prepare: startRedis,
  // A machine without Redis measures nothing.
  cases: hasRedis
    ? [
        caseOf('publish one by one', oneByOne, false),
        caseOf('publish at once', atOnce, false),
        caseOf('publish and receive', atOnce, true),
      ]
    : [],
  bars: [],
};

await runAlone(import.meta.url, bench);

/**
 * Processes of ours and real servers, killed under load. What is lost is what docs/howto/publish-subscribe.md says: the rules of its table
 * "What is lost" are checked here.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { command } from '../../support/child.js';
import { PeerProgram } from '../../support/peers.js';
import { havePrograms } from '../peer-files.js';
import { type BrokerServer, natsServer, redisServer } from './servers.js';

const PROGRAM = command(new URL('../programs/pubsub-node.ts', import.meta.url));

/** One process of ours. Its output is whole lines; the last may be cut if it was killed. */
class PubSubNode extends PeerProgram {
  constructor(kind: string, server: BrokerServer, ...args: readonly string[]) {
    super(process.execPath, [...PROGRAM, kind, server.address, ...args]);
  }

  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  numbers(word: string): number[] {
    return this.lines
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => Number(line.split(' ')[1]));
  }

  /** Waits for that many further lines that begin with a word. */
  async further(word: string, count: number): Promise<void> {
    const wanted = this.numbers(word).length + count;
    await this.until(() => this.numbers(word).length >= wanted, `to print ${word}`, 30_000);
  }

  line(line: string): Promise<void> {
    return this.until(() => this.lines.includes(line), `to print ${line}`, 30_000);
  }
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing[Symbol.asyncDispose]();
});

function use<T extends AsyncDisposable>(thing: T): T {
  open.push(thing);
  return thing;
}

/**
 * A publisher and subscribers, which start at the same time. The publisher begins when all are ready.
 * @param groups The arguments of the subscribers.
 */
async function nodes(
  kind: string,
  server: BrokerServer,
  ...groups: readonly (readonly string[])[]
): Promise<PubSubNode[]> {
  const publisher = use(new PubSubNode(kind, server, 'publish'));
  const subscribers = groups.map((args) => use(new PubSubNode(kind, server, 'subscribe', ...args)));
  const all = [publisher, ...subscribers];
  for (const made of all) await made.line('ready');
  publisher.write('go\n');
  return all;
}

type Two = [PubSubNode, PubSubNode];
type Three = [PubSubNode, PubSubNode, PubSubNode];

/** Ends a publisher, and waits until a subscriber has its last message. */
async function finish(publisher: PubSubNode, ...subscribers: readonly PubSubNode[]): Promise<void> {
  publisher.process.stdin?.end();
  await publisher.line('done');
  const last = Math.max(...publisher.numbers('ok'));
  const has = (): boolean => subscribers.some((made) => made.numbers('got').includes(last));
  for (const made of subscribers) {
    await made.until(has, 'to receive the last message', 30_000);
  }
}

const ascending = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number));

const BROKERS = [
  { kind: 'redis', program: 'redis-server', make: () => redisServer() },
  { kind: 'nats', program: 'nats-server', make: () => natsServer() },
];

describe.each(BROKERS)('$kind', ({ kind, program, make }) => {
  const skipped = !havePrograms(program);

  it.skipIf(skipped)('loses nothing of others when a process is killed', async () => {
    const server = use(await make());
    const [publisher, killed, other] = (await nodes(kind, server, [], [])) as Three;
    await killed.further('got', 200);
    killed.process.kill('SIGKILL');
    await other.further('got', 500);
    await finish(publisher, other);
    const confirmed = publisher.numbers('ok');
    expect(publisher.numbers('maybe').length + publisher.numbers('no').length).toBe(0);
    expect(other.lines.filter((line) => line.startsWith('gap'))).toEqual([]);
    const got = other.numbers('got');
    expect(got).toEqual([...confirmed].sort((a, b) => a - b));
    // The killed one has received a part without holes.
    const part = killed.numbers('got');
    expect(part).toEqual(Array.from(part, (_, i) => i));
  });

  it.skipIf(skipped)('loses only messages of the gap when the server is killed', async () => {
    const server = use(await make());
    const [publisher, receiver] = (await nodes(kind, server, [])) as Two;
    await receiver.further('got', 200);
    await server.kill();
    await publisher.further('no', 20);
    await server.start();
    await receiver.line('gap connection');
    await receiver.further('got', 200);
    await finish(publisher, receiver);
    const got = receiver.numbers('got');
    expect(ascending(got), 'order, and no duplicates').toBe(true);
    const { lines } = receiver;
    const at = lines.indexOf('gap connection');
    expect(lines.filter((line) => line.startsWith('gap'))).toHaveLength(1);
    const isMessage = (line: string): boolean => line.startsWith('got');
    const before = Math.max(...lines.slice(0, at).filter(isMessage).map(numberOf));
    const after = Math.min(
      ...lines
        .slice(at + 1)
        .filter(isMessage)
        .map(numberOf),
    );
    const seen = new Set(got);
    const missing = publisher.numbers('ok').filter((number) => !seen.has(number));
    expect(missing.filter((number) => number < before || number > after)).toEqual([]);
    for (const number of publisher.numbers('no')) expect(seen.has(number), `${number}`).toBe(false);
    const sent = new Set([...publisher.numbers('ok'), ...publisher.numbers('maybe')]);
    expect(got.filter((number) => !sent.has(number))).toEqual([]);
  });
});

describe.skipIf(!havePrograms('redis-server'))('streams', () => {
  it('lose no confirmed message when the server is killed, if it saves each write', async () => {
    const server = use(await redisServer(true));
    const [publisher, receiver] = (await nodes('streams', server, [])) as Two;
    await receiver.further('got', 200);
    await server.kill();
    await publisher.further('no', 20);
    await server.start();
    await receiver.further('got', 200);
    await finish(publisher, receiver);
    const got = receiver.numbers('got');
    const seen = new Set(got);
    expect(seen.size, 'no duplicates').toBe(got.length);
    expect(publisher.numbers('ok').filter((number) => !seen.has(number))).toEqual([]);
    for (const number of publisher.numbers('no')) expect(seen.has(number), `${number}`).toBe(false);
    expect(receiver.lines.filter((line) => line.startsWith('gap'))).toEqual([]);
  });

  it('deliver each confirmed message to a group at least once when a consumer is killed', async () => {
    const server = use(await redisServer());
    const consumers = [
      ['g', 'a'],
      ['g', 'b'],
    ];
    const [publisher, killed, other] = (await nodes('streams', server, ...consumers)) as Three;
    await killed.further('got', 200);
    killed.process.kill('SIGKILL');
    await other.further('got', 300);
    publisher.process.stdin?.end();
    await publisher.line('done');
    const confirmed = publisher.numbers('ok');
    const missing = (): number[] => {
      const seen = new Set([...killed.numbers('got'), ...other.numbers('got')]);
      return confirmed.filter((number) => !seen.has(number));
    };
    await other.until(() => missing().length === 0, 'to receive what the other has not', 30_000);
    // A message that comes a second time says so.
    const counts = new Map<number, number>();
    for (const line of [...killed.lines, ...other.lines].filter((text) => text.startsWith('got'))) {
      const number = numberOf(line);
      const count = (counts.get(number) ?? 0) + 1;
      counts.set(number, count);
      if (count > 1) expect(line).toBe(`got ${number} again`);
    }
  });
});

function numberOf(line: string): number {
  return Number(line.split(' ')[1]);
}

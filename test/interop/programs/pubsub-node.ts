/**
 * One process of a test of publish/subscribe: `node --import tsx pubsub-node.ts KIND ADDRESS publish|subscribe [GROUP CONSUMER]`.
 * Each prints `ready`. After the first line of its input a publisher publishes 0, 1, 2 and so on, 20 at a time, and prints `ok N`,
 * `maybe N` or `no N` for each, until its input ends. A subscriber prints `got N`, with `again` if it is redelivered, and `gap REASON`.
 */
import { once } from 'node:events';
import { clientFromString, createReactor } from '../../../src/index.js';
import { NatsPubSub, type PubSub, RedisPubSub, RedisStreams } from '../../../src/pubsub/index.js';

const [kind = '', address = '', role = '', group, consumer] = process.argv.slice(2);
const reactor = createReactor();
const TOPIC = 'load';
const settings = { clock: reactor, retryPolicy: () => 50 };

function open(): PubSub {
  if (kind === 'nats') return new NatsPubSub(reactor, { servers: address, retryPolicy: () => 50 });
  const endpoint = clientFromString(reactor, address);
  return kind === 'streams'
    ? new RedisStreams(endpoint, { ...settings, maxLength: 1_000_000 })
    : new RedisPubSub(endpoint, settings);
}

const pubsub = open();
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function publish(): Promise<void> {
  let next = 0;
  let isOver = false;
  process.stdin.on('end', () => {
    isOver = true;
  });
  print('ready');
  await once(process.stdin, 'data');
  process.stdin.resume();
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const number = next++;
      try {
        await pubsub.publish(TOPIC, `${number}`);
        print(`ok ${number}`);
      } catch (error) {
        print(
          `${(error as { mayBePublished: boolean }).mayBePublished ? 'maybe' : 'no'} ${number}`,
        );
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  print('done');
  await pubsub.close();
}

async function subscribe(): Promise<void> {
  const onGap = ({ reason }: { readonly reason: string }): void => print(`gap ${reason}`);
  const options =
    group === undefined ? { onGap } : { group, consumer, claimAfterMs: 500, after: 'oldest' };
  const subscription = pubsub.subscribe(
    TOPIC,
    ({ text, redelivered }) => print(`got ${text}${redelivered ? ' again' : ''}`),
    options,
  );
  await subscription.ready();
  print('ready');
  process.stdin.on('end', () => void pubsub.close());
  process.stdin.resume();
}

await (role === 'publish' ? publish() : subscribe());

// Publish/subscribe between processes: `node --import tsx examples/pubsub-news.ts listen 'news.>'` in some terminals, and
// `node --import tsx examples/pubsub-news.ts say news.sport 'two to one'` in another. With --nats 127.0.0.1:4222 through NATS.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor } from 'ropewalk';
import { NatsPubSub, RedisPubSub } from 'ropewalk/pubsub';

const { values, positionals } = parseArgs({
  options: { redis: { type: 'string', default: 'tcp:127.0.0.1:6379' }, nats: { type: 'string' } },
  allowPositionals: true,
});
const [command, topic = 'news.>', text = ''] = positionals;
const reactor = createReactor();
const pubsub =
  values.nats === undefined
    ? new RedisPubSub(clientFromString(reactor, values.redis), { clock: reactor })
    : new NatsPubSub(reactor, { servers: values.nats });
try {
  if (command === 'listen') {
    const subscription = pubsub.subscribe(
      topic,
      (message) => console.log(`${message.topic}: ${message.text}`),
      { onGap: ({ reason }) => console.log(`messages may be missing (${reason})`) },
    );
    await subscription.ready();
    console.log(`listening to ${topic}`);
    await reactor.run(); // until SIGINT or SIGTERM
  } else if (command === 'say') {
    await pubsub.publish(topic, text);
  } else {
    throw new TypeError('the command is listen or say');
  }
} catch (error) {
  console.error(`pubsub-news: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await pubsub.close();
}

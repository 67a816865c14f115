/** Each kind of publish/subscribe keeps the contract. Those of real servers are in test/interop/pubsub. */
import { describe, expect, it } from 'vitest';
import { createReactor, HostnameEndpoint } from '../../src/index.js';
import { MemoryPubSub, type PubSub, RedisPubSub } from '../../src/pubsub/index.js';
import { pubSubContract } from '../../src/testing/index.js';
import { FakeRedis } from '../support/fake-redis.js';
import { endsOf } from './ends.js';

describe('MemoryPubSub', () => {
  for (const { name, run } of pubSubContract(() => endsOf(() => new MemoryPubSub(), 1))) {
    it(name, run);
  }
});

describe('RedisPubSub', () => {
  const makeStage = async (): ReturnType<typeof endsOf> => {
    const fake = await FakeRedis.listen();
    const reactor = createReactor();
    const make = (): PubSub => {
      const endpoint = new HostnameEndpoint(reactor, '127.0.0.1', fake.port);
      return new RedisPubSub(endpoint, { clock: reactor, prefix: 'app:' });
    };
    return await endsOf(make, 2, reactor, fake);
  };
  for (const { name, run } of pubSubContract(makeStage)) it(name, run);
});

describe('the contract', () => {
  it('finds a publisher that delivers twice', async () => {
    class Twice extends MemoryPubSub {
      override publish(topic: string, data: string): ReturnType<MemoryPubSub['publish']> {
        super.publish(topic, data);
        return super.publish(topic, data);
      }
    }
    const contract = pubSubContract(() => endsOf(() => new Twice(), 1));
    for (const rule of [
      'delivers a message once to each subscription, whatever else matches it',
      'keeps the order of the messages of one publisher',
    ]) {
      const found = contract.find(({ name }) => name === rule);
      await expect(found?.run()).rejects.toThrow('strictly');
    }
  });
});

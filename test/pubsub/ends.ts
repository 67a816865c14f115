/** The stage of the contract of publish/subscribe in real time. */
import type { PubSub } from '../../src/pubsub/index.js';
import type { PubSubStage } from '../../src/testing/index.js';
import { PATIENCE } from '../support/deadline.js';

/**
 * @param count 2: `other` is an object of its own.
 * @param others Are disposed of after the ends.
 */
export async function endsOf(
  make: () => PubSub,
  count: 1 | 2,
  ...others: readonly AsyncDisposable[]
): Promise<PubSubStage> {
  const pubsub = make();
  const other = count === 2 ? make() : pubsub;
  return {
    pubsub,
    other,
    async until(condition, what) {
      const deadline = performance.now() + 5_000 * PATIENCE;
      while (!condition()) {
        if (performance.now() > deadline) throw new Error(`no ${what} in time`);
        await new Promise((resolve) => void setImmediate(resolve));
      }
    },
    /** A message of each end to the other, on the same connections: others came before. */
    async settle() {
      if (pubsub === other) {
        await new Promise((resolve) => void setTimeout(resolve, 1));
        return;
      }
      for (const [from, to] of [
        [pubsub, other],
        [other, pubsub],
        [pubsub, pubsub],
      ] as const) {
        await roundTrip(from, to);
      }
    },
    async dispose() {
      for (const thing of [pubsub, other, ...others]) await thing[Symbol.asyncDispose]();
    },
  };
}

async function roundTrip(from: PubSub, to: PubSub): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const subscription = to.subscribe('contract.settled', () => {
      void subscription.unsubscribe().addCallback(() => resolve());
    });
    subscription
      .ready()
      .addCallback(() => from.publish('contract.settled', ''))
      .addErrback(({ value }) => reject(value));
  });
}

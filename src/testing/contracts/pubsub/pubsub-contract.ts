/** The contract of {@link PubSub}, as cases over fresh ends. */
import assert from 'node:assert/strict';
import { checkBoolean, checkFunction } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ContractCase } from '../contract-case.js';
import { addPubSubDeliveryCases, addPubSubPatternCases } from './delivery.js';
import { type AddPubSubCase, type MakePubSubStage, pubSubCases } from './pubsub-stage.js';
import { addPubSubReceiverCases, addPubSubSlowCases } from './receivers.js';

export interface PubSubContractOptions {
  /** Whether it has patterns. If not, a case checks that it refuses them. Default true. */
  readonly patterns?: boolean;
  /**
   * Whether messages are sent to it as they come, so that those for a slow receiver are lost. Default true. False if it asks for as many as
   * receivers can take.
   */
  readonly pushes?: boolean;
}

const OPTIONS: OptionNames<PubSubContractOptions> = { patterns: true, pushes: true };

/**
 * The rules of publish/subscribe: delivery, order, patterns, receivers that are slow or fail, ends of subscriptions, invalid arguments.
 *
 * @param makeStage Called once by each case.
 * @throws InvalidArgumentTypeError
 * @example
 * const makeStage = () => {
 *   const pubsub = new MyPubSub();
 *   return { pubsub, other: pubsub, until, settle, dispose: async () => void (await pubsub.close()) };
 * };
 * for (const { name, run } of pubSubContract(makeStage)) it(name, run);
 */
export function pubSubContract(
  makeStage: MakePubSubStage,
  options: PubSubContractOptions = {},
): ContractCase[] {
  checkFunction('makeStage', makeStage);
  checkOptions('pubSubContract', options, OPTIONS);
  const patterns = checkBoolean('patterns', options.patterns ?? true);
  const pushes = checkBoolean('pushes', options.pushes ?? true);
  const { cases, add } = pubSubCases(makeStage);
  addPubSubDeliveryCases(add);
  addPubSubPatternCases(add, patterns);
  addPubSubReceiverCases(add);
  if (pushes) addPubSubSlowCases(add);
  addRefusalCases(add);
  addEndCases(add);
  return cases;
}

function addRefusalCases(add: AddPubSubCase): void {
  add('refuses invalid topics and patterns at the call', async ({ pubsub }) => {
    const code = { code: 'ERR_INVALID_ARG_VALUE' };
    for (const topic of ['', '.a', 'a.', 'a..b', 'a b', 'a\n', 'a.*', 'a.>', 'x'.repeat(513)]) {
      assert.throws(() => pubsub.publish(topic, 'x'), code, JSON.stringify(topic));
    }
    for (const pattern of ['', 'a..b', 'a.>.b', 'a*', 'a.b>', '\u0000', '\ud800']) {
      assert.throws(() => pubsub.subscribe(pattern, () => {}), code, JSON.stringify(pattern));
    }
  });

  add(
    'refuses other data than text and bytes, receivers that are not functions, and unknown options',
    async ({ pubsub }) => {
      const type = { code: 'ERR_INVALID_ARG_TYPE' };
      assert.throws(() => pubsub.publish('a', { a: 1 } as never), type);
      assert.throws(() => pubsub.publish('a', undefined as never), type);
      assert.throws(() => pubsub.subscribe('a', 'x' as never), type);
      assert.throws(() => pubsub.subscribe('a', () => {}, { maxQueue: 1 } as never), {
        code: 'ERR_UNKNOWN_OPTION',
      });
      assert.throws(() => pubsub.subscribe('a', () => {}, { maxQueued: 0 }), /must be/);
    },
  );
}

function addEndCases(add: AddPubSubCase): void {
  add('delivers nothing after unsubscribe, and to other subscriptions as before', async (scene) => {
    const { pubsub, other } = scene;
    const topic = scene.topic();
    const first = await scene.record(pubsub, topic);
    const second = await scene.record(pubsub, topic);
    await scene.publish(other, topic, '1');
    await scene.until(() => first.texts.length + second.texts.length === 2, 'two messages');
    let hasEnded = false;
    first.subscription.ended().addCallback(() => {
      hasEnded = true;
    });
    await scene.result(first.subscription.unsubscribe(), 'the end');
    assert.equal(first.subscription.state, 'ended');
    assert.equal(hasEnded, true);
    await scene.publish(other, topic, '2');
    await scene.until(() => second.texts.length === 2, 'the second message');
    await scene.result(second.subscription.unsubscribe(), 'the end');
    await scene.result(second.subscription.unsubscribe(), 'the end, again');
    await scene.publish(other, topic, '3');
    await scene.settle();
    assert.deepEqual([first.texts.length, second.texts.length], [1, 2]);
    assert.equal(pubsub.statistics().subscriptions, 0);
  });

  add('can be subscribed again after the last subscription of a topic has ended', async (scene) => {
    const { pubsub, other } = scene;
    const topic = scene.topic();
    const first = await scene.record(pubsub, topic);
    void first.subscription.unsubscribe();
    const second = await scene.record(pubsub, topic);
    await scene.publish(other, topic, 'x');
    await scene.until(() => second.texts.length === 1, 'a message');
    assert.deepEqual(first.texts, []);
  });

  add('ends all subscriptions when it is closed, and refuses calls afterwards', async (scene) => {
    const { pubsub } = scene;
    const { subscription } = await scene.record(pubsub, scene.topic());
    const ended = scene.result(subscription.ended(), 'the end');
    await scene.result(pubsub.close(), 'the close');
    await ended;
    await scene.result(pubsub.close(), 'the close, again');
    assert.throws(() => pubsub.publish('a', 'x'), { code: 'ERR_PUBSUB_CLOSED' });
    assert.throws(() => pubsub.subscribe('a', () => {}), { code: 'ERR_PUBSUB_CLOSED' });
    await assert.rejects(scene.result(subscription.ready(), 'an error'), {
      code: 'ERR_PUBSUB_CLOSED',
    });
  });
}

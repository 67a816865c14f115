/** Receivers that return promises, fail, or are slow. */
import assert from 'node:assert/strict';
import { Deferred } from '../../../defer/deferred.js';
import type { PubSubGap } from '../../../pubsub/subscribe-options.js';
import { captureLoggedErrors } from '../../logged-errors.js';
import type { AddPubSubCase, PubSubScene } from './pubsub-stage.js';

export function addPubSubReceiverCases(add: AddPubSubCase): void {
  add('waits for the promise of a receiver before the next message', async (scene) => {
    const topic = scene.topic();
    const waiting: Deferred<void>[] = [];
    const recording = await scene.record(scene.pubsub, topic, {}, () => {
      const deferred = new Deferred<void>();
      waiting.push(deferred);
      return deferred;
    });
    for (const text of ['1', '2', '3']) await scene.publish(scene.other, topic, text);
    await scene.until(() => recording.texts.length === 1, 'a message');
    await scene.settle();
    assert.equal(recording.texts.length, 1);
    waiting[0]?.callback(undefined);
    await scene.until(() => recording.texts.length === 2, 'the second message');
    waiting[1]?.errback(new Error('told'));
    using errors = captureLoggedErrors();
    await scene.until(() => recording.texts.length === 3, 'the third message');
    waiting[2]?.callback(undefined);
    await scene.settle();
    assert.equal(recording.subscription.queued, 0);
    assert.deepEqual(
      errors.flush().map(({ error }) => (error as Error).message),
      ['told'],
    );
  });

  add('reports the exception of a receiver, and delivers the next message', async (scene) => {
    using errors = captureLoggedErrors();
    const topic = scene.topic();
    const recording = await scene.record(scene.pubsub, topic, {}, ({ text }) => {
      if (text === '1') throw new Error('thrown');
    });
    const other = await scene.record(scene.pubsub, topic);
    for (const text of ['1', '2']) await scene.publish(scene.other, topic, text);
    await scene.until(() => recording.texts.length === 2, 'two messages');
    await scene.until(() => other.texts.length === 2, 'two messages');
    const [report, ...rest] = errors.flush();
    assert.match(String(report?.error), /thrown/);
    assert.equal(report?.where, `receiver of ${topic}`);
    assert.deepEqual(rest, []);
  });

  add('drops waiting messages if the receiver unsubscribes', async (scene) => {
    const topic = scene.topic();
    const recording = await scene.record(scene.pubsub, topic, {}, () => {
      void recording.subscription.unsubscribe();
    });
    const published = ['1', '2', '3'].map((text) => scene.other.publish(topic, text));
    for (const deferred of published) await scene.result(deferred, 'a publication');
    await scene.until(() => recording.subscription.state === 'ended', 'the end');
    await scene.settle();
    assert.deepEqual(recording.texts, [`${topic}=1`]);
    assert.equal(scene.pubsub.statistics().queued, 0);
  });
}

/** A receiver that waits for `release` at its first message, when `count` messages were published. */
async function flooded(
  scene: PubSubScene,
  options: object,
  count: number,
): Promise<{
  readonly topic: string;
  readonly texts: readonly string[];
  readonly gaps: readonly PubSubGap[];
  readonly ended: { reason: unknown };
  release(): void;
}> {
  const topic = scene.topic();
  const first = new Deferred<void>();
  const gaps: PubSubGap[] = [];
  const ended = { reason: undefined as unknown };
  const settings = { ...options, onGap: (gap: PubSubGap) => void gaps.push(gap) };
  const { texts, subscription } = await scene.record(scene.pubsub, topic, settings, ({ text }) =>
    text === '0' ? first : undefined,
  );
  subscription.ended().addCallbacks(
    () => {
      ended.reason = 'closed';
    },
    ({ value }) => {
      ended.reason = value;
    },
  );
  const mark = await scene.record(scene.pubsub, `${topic}.mark`);
  await scene.publish(scene.other, topic, '0');
  await scene.until(() => texts.length === 1, 'the first message');
  for (let i = 1; i < count; i++) await scene.publish(scene.other, topic, `${i}`);
  await scene.publish(scene.other, `${topic}.mark`, 'x');
  await scene.until(() => mark.texts.length === 1, 'the last message');
  const release = (): void => first.callback(undefined);
  return { topic, texts: texts as readonly string[], gaps, ended, release };
}

export function addPubSubSlowCases(add: AddPubSubCase): void {
  add('keeps maxQueued messages for a receiver that is busy', async (scene) => {
    const { topic, texts, gaps, release } = await flooded(scene, { maxQueued: 5 }, 6);
    assert.equal(scene.pubsub.statistics().queued, 5);
    release();
    await scene.until(() => texts.length === 6, 'all messages');
    assert.deepEqual(
      texts,
      [0, 1, 2, 3, 4, 5].map((i) => `${topic}=${i}`),
    );
    assert.deepEqual(gaps, []);
  });

  add('drops the oldest messages for a slow receiver, counts them, and says so', async (scene) => {
    const options = { maxQueued: 3, slow: 'drop-oldest' };
    const { topic, texts, gaps, release } = await flooded(scene, options, 9);
    assert.equal(scene.pubsub.statistics().dropped, 5);
    release();
    await scene.until(() => texts.length === 4, 'the newest messages');
    assert.deepEqual(
      texts,
      [0, 6, 7, 8].map((i) => `${topic}=${i}`),
    );
    assert.deepEqual(gaps, [{ reason: 'slow', count: 5 }]);
  });

  add('limits the bytes that wait for a receiver', async (scene) => {
    const options = { maxQueuedBytes: 2, slow: 'drop-oldest' };
    const { topic, texts, release } = await flooded(scene, options, 6);
    release();
    await scene.until(() => texts.length === 3, 'the newest messages');
    assert.deepEqual(
      texts,
      [0, 4, 5].map((i) => `${topic}=${i}`),
    );
  });

  add('ends the subscription of a slow receiver: policy close', async (scene) => {
    const { texts, ended, release } = await flooded(scene, { maxQueued: 2, slow: 'close' }, 5);
    assert.equal(ended.reason, 'closed');
    assert.equal(scene.pubsub.statistics().slowEnded, 1);
    release();
    await scene.settle();
    assert.equal(texts.length, 1);
  });

  add('ends the subscription of a slow receiver with an error: policy error', async (scene) => {
    const { topic, ended, release } = await flooded(scene, { maxQueued: 2 }, 5);
    const { code, option, limit, pattern } = ended.reason as Record<string, unknown>;
    assert.deepEqual(
      { code, option, limit, pattern },
      { code: 'ERR_SLOW_SUBSCRIBER', option: 'maxQueued', limit: 2, pattern: topic },
    );
    release();
  });

  add('reports that error if nobody waits for the end', async (scene) => {
    using errors = captureLoggedErrors();
    const topic = scene.topic();
    const first = new Deferred<void>();
    const slow = await scene.record(scene.pubsub, topic, { maxQueued: 1 }, () => first);
    for (let i = 0; i < 4; i++) await scene.publish(scene.other, topic, `${i}`);
    await scene.until(() => slow.subscription.state === 'ended', 'the end');
    assert.deepEqual(
      errors.flush().map(({ error }) => (error as { code?: string }).code),
      ['ERR_SLOW_SUBSCRIBER'],
    );
    first.callback(undefined);
  });
}

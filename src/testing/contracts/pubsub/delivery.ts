/** Which messages arrive, and in which order. */
import assert from 'node:assert/strict';
import type { AddPubSubCase, Recording } from './pubsub-stage.js';

export function addPubSubDeliveryCases(add: AddPubSubCase): void {
  add('delivers text and bytes to the subscribers of both ends', async (scene) => {
    const { pubsub, other } = scene;
    const topic = scene.topic();
    const near = await scene.record(pubsub, topic);
    const far = await scene.record(other, topic);
    const bytes = Uint8Array.of(0, 255, 13, 10);
    await scene.publish(pubsub, topic, 'héllo');
    await scene.publish(other, topic, bytes);
    await scene.publish(other, topic, '');
    for (const { messages } of [near, far]) {
      await scene.until(() => messages.length === 3, 'three messages');
      assert.deepEqual(
        messages.map((message) => [message.topic, message.data.toString('hex')]),
        [topic, topic, topic].map((name, i) => [name, ['68c3a96c6c6f', '00ff0d0a', ''][i]]),
      );
      assert.equal(messages[0]?.text, 'héllo');
    }
  });

  add('delivers no message of another topic', async (scene) => {
    const topic = scene.topic();
    const recording = await scene.record(scene.pubsub, topic);
    for (const wrong of [`${topic}.a`, topic.slice(0, -1), `x.${topic}`, topic.toUpperCase()]) {
      if (!wrong.endsWith('.')) await scene.publish(scene.other, wrong, 'no');
    }
    await scene.publish(scene.other, topic, 'yes');
    await scene.until(() => recording.texts.length > 0, 'a message');
    await scene.settle();
    assert.deepEqual(recording.texts, [`${topic}=yes`]);
  });

  add('keeps the order of the messages of one publisher', async (scene) => {
    const topic = scene.topic();
    const recording = await scene.record(scene.pubsub, topic);
    const expected = Array.from({ length: 500 }, (_, i) => `${topic}=${i}`);
    const published = expected.map((_text, i) => scene.other.publish(topic, `${i}`));
    for (const deferred of published) await scene.result(deferred, 'a publication');
    await scene.until(() => recording.texts.length >= 500, '500 messages');
    assert.deepEqual(recording.texts, expected);
    assert.equal(scene.other.statistics().published >= 500, true);
  });

  add('does not call receivers within subscribe and publish', async (scene) => {
    const { pubsub } = scene;
    const topic = scene.topic();
    const { texts } = await scene.record(pubsub, topic);
    const published = pubsub.publish(topic, 'x');
    assert.deepEqual(texts, []);
    await scene.result(published, 'a publication');
    await scene.until(() => texts.length === 1, 'a message');
  });

  add('copies bytes: the publisher may change them', async (scene) => {
    const topic = scene.topic();
    const { messages } = await scene.record(scene.pubsub, topic);
    const bytes = Buffer.from('before');
    const published = scene.pubsub.publish(topic, bytes);
    bytes.fill(0);
    await scene.result(published, 'a publication');
    await scene.until(() => messages.length === 1, 'a message');
    assert.equal(messages[0]?.text, 'before');
  });

  add('delivers messages that a receiver publishes', async (scene) => {
    const { pubsub } = scene;
    const [ping, pong] = [scene.topic(), scene.topic()];
    const answers = await scene.record(pubsub, pong);
    await scene.record(pubsub, ping, {}, ({ text }) => void pubsub.publish(pong, text));
    await scene.publish(scene.other, ping, 'a');
    await scene.publish(scene.other, ping, 'b');
    await scene.until(() => answers.texts.length === 2, 'two answers');
    assert.deepEqual(answers.texts, [`${pong}=a`, `${pong}=b`]);
  });

  add('delivers a message of 1 MiB, and refuses a longer one at the call', async (scene) => {
    const topic = scene.topic();
    const { messages } = await scene.record(scene.pubsub, topic);
    const long = Buffer.alloc(2 ** 20, 'long');
    await scene.publish(scene.other, topic, long);
    await scene.until(() => messages.length === 1, 'a message');
    assert.equal(messages[0]?.data.equals(long), true);
    assert.throws(() => scene.other.publish(topic, `${long}x`), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  add('takes characters of topics literally', async (scene) => {
    const prefix = scene.topic();
    const topics = ['a?c', 'a[b]c', 'a\\c', 'a^c', '$x', 'é', '日本', 'a-c', '{a}', 'a:c'];
    const expected = topics.map((topic) => `${prefix}.${topic}=x`);
    const recordings: Recording[] = [];
    for (const topic of topics) {
      recordings.push(await scene.record(scene.pubsub, `${prefix}.${topic}`));
    }
    for (const topic of topics) await scene.publish(scene.other, `${prefix}.${topic}`, 'x');
    for (const { texts } of recordings) await scene.until(() => texts.length > 0, 'a message');
    assert.deepEqual(
      recordings.flatMap(({ texts }) => texts),
      expected,
    );
  });
}

export function addPubSubPatternCases(add: AddPubSubCase, supported: boolean): void {
  if (!supported) {
    add('refuses patterns, since it has none', async ({ pubsub }) => {
      for (const pattern of ['a.*', 'a.>']) {
        assert.throws(() => pubsub.subscribe(pattern, () => {}), { code: 'ERR_INVALID_ARG_VALUE' });
      }
    });
    return;
  }

  add('matches one segment by *, and one or more by >', async (scene) => {
    const base = scene.topic();
    const patterns = ['*', '*.b', 'a.*', 'a.*.c', '>', 'a.>', '*.*'];
    const recordings: Recording[] = [];
    for (const pattern of patterns) {
      recordings.push(await scene.record(scene.pubsub, `${base}.${pattern}`));
    }
    for (const topic of ['a', 'a.b', 'b.b', 'a.b.c', 'a.x.c', 'a.b.c.d']) {
      await scene.publish(scene.other, `${base}.${topic}`, 'x');
    }
    await scene.publish(scene.other, base, 'no');
    await scene.until(() => recordings[4]?.texts.length === 6, 'six messages');
    await scene.settle();
    const short = recordings.map(({ texts }) =>
      texts.map((text) => text.slice(base.length + 1, -2)).join(' '),
    );
    assert.deepEqual(short, [
      'a',
      'a.b b.b',
      'a.b',
      'a.b.c a.x.c',
      'a a.b b.b a.b.c a.x.c a.b.c.d',
      'a.b a.b.c a.x.c a.b.c.d',
      'a.b b.b',
    ]);
  });

  add('delivers a message once to each subscription, whatever else matches it', async (scene) => {
    const base = scene.topic();
    const exact = await scene.record(scene.pubsub, `${base}.a`);
    const wild = await scene.record(scene.pubsub, `${base}.*`);
    const same = await scene.record(scene.pubsub, `${base}.*`);
    await scene.publish(scene.other, `${base}.a`, '1');
    await scene.publish(scene.other, `${base}.a`, '2');
    const all = [exact, wild, same];
    await scene.until(() => all.every(({ texts }) => texts.length >= 2), 'all messages');
    await scene.settle();
    for (const { texts } of all) assert.deepEqual(texts, [`${base}.a=1`, `${base}.a=2`]);
  });

  add('takes characters of patterns literally', async (scene) => {
    const base = scene.topic();
    const recording = await scene.record(scene.pubsub, `${base}.a[b]?\\.*`);
    await scene.publish(scene.other, `${base}.abx\\.c`, 'no');
    await scene.publish(scene.other, `${base}.a[b]?\\.c`, 'yes');
    await scene.until(() => recording.texts.length > 0, 'a message');
    await scene.settle();
    assert.deepEqual(recording.texts, [`${base}.a[b]?\\.c=yes`]);
  });
}

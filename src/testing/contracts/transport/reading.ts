/** Cases of the transport contract: transports as producers of received bytes. */
import assert from 'node:assert/strict';

import { patternedBytes } from '../patterned-bytes.js';
import type { TransportCases } from './scene.js';

export function addReadingCases(contract: TransportCases): void {
  contract.add(
    'stops receiving at pauseProducing and continues at resumeProducing',
    async (scene) => {
      const { client, server } = scene;
      client.call('pauseProducing');
      await scene.settle();
      server.call('write', 'one ');
      await scene.settle();
      assert.equal(client.receivedBytes, 0);
      client.call('resumeProducing');
      await scene.received(client, 4);
      server.call('write', 'two');
      assert.equal((await scene.received(client, 7)).toString(), 'one two');
    },
  );

  contract.add('does not count pauses and resumes', async (scene) => {
    const { client, server } = scene;
    for (let i = 0; i < 3; i++) client.call('pauseProducing');
    client.call('resumeProducing');
    server.call('write', 'a');
    await scene.received(client, 1);
    for (let i = 0; i < 3; i++) client.call('resumeProducing');
    server.call('write', 'b');
    assert.equal((await scene.received(client, 2)).toString(), 'ab');
  });

  contract.add(
    'receives nothing while paused from connectionMade on',
    async (scene) => {
      scene.server.call('write', 'x');
      await scene.settle();
      assert.equal(scene.client.receivedBytes, 0);
      scene.client.call('resumeProducing');
      await scene.received(scene.client, 1);
    },
    { client: { connectionMade: (self) => self.call('pauseProducing') } },
  );

  contract.add('gives one piece at a time, in order, if each call pauses it', async (scene) => {
    const { client, server } = scene;
    const data = patternedBytes(1_500_000);
    client.hooks = { dataReceived: (_data, self) => self.call('pauseProducing') };
    server.call('write', data);
    for (let pieces = 1; client.receivedBytes < data.length; pieces++) {
      await scene.until(() => client.chunks.length >= pieces, `piece ${pieces}`);
      assert.equal(client.chunks.length, pieces, 'pieces received while paused');
      client.call('resumeProducing');
      assert.equal(client.chunks.length, pieces, 'pieces received from within resumeProducing');
    }
    assert(client.received.equals(data), 'all arrived, in order');
  });

  contract.add('sends and closes while receiving is paused', async (scene) => {
    const { client, server } = scene;
    client.call('pauseProducing');
    client.call('write', 'one-way');
    await scene.received(server, 7);
    client.call('loseConnection');
    assert.equal((await scene.lost(client)).name, 'ConnectionDone');
    await scene.ended(server);
  });
}

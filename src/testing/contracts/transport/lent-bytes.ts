/** Cases of the transport contract: lent bytes are valid until `dataReceived` returns, and data made from them stays valid. */
import assert from 'node:assert/strict';

import { LentBytesTransferredError } from '../../../core/errors/connection.js';
import { LARGE_WRITE_BYTES } from '../../../core/transport.js';
import { POISON_BYTE } from '../../../internal/lent-bytes.js';
import { lend } from '../../lending.js';
import { detach } from '../detach.js';
import { patternedBytes } from '../patterned-bytes.js';
import type { RecordingProtocol } from './recording-protocol.js';
import type { TransportCases, TransportScene } from './scene.js';

export function addLentBytesCases(contract: TransportCases): void {
  addReceivingCases(contract);
  addEchoCases(contract);
  addDetachingCase(contract);
  if (contract.poisonsLentBytes) addPoisonCase(contract);
}

function addReceivingCases(contract: TransportCases): void {
  contract.add(
    'lends bytes that are valid until dataReceived returns',
    async (scene) => {
      const data = patternedBytes(3_000_000);
      scene.server.call('write', data);
      const received = await scene.received(scene.client, data.length);
      assert(received.equals(data), 'the bytes that were lent are those written');
    },
    { lent: 'client' },
  );

  contract.add('asks at each delivery whether it may lend', async (scene) => {
    const { client, server } = scene;
    let lends = false;
    let asked = 0;
    Object.defineProperty(client, 'acceptsLentBytes', {
      get() {
        asked += 1;
        return lends;
      },
    });
    const expected: Buffer[] = [];
    for (let i = 0; i < 20; i++) {
      lends = i % 3 === 1;
      const data = patternedBytes(1 + i * 1000, i + 1);
      expected.push(data);
      const before = { asked, deliveries: client.chunks.length };
      server.call('write', data);
      await scene.received(client, Buffer.concat(expected).length);
      // The recording protocol asks itself once.
      const deliveries = client.chunks.length - before.deliveries;
      assert(asked - before.asked >= 2 * deliveries, 'it was asked');
    }
    const all = Buffer.concat(expected);
    assert(client.received.equals(all), 'what was given stays, whatever was lent in between');
  });

  contract.add(
    'lends bytes that arrived while it was paused',
    async (scene) => {
      const { client, server } = scene;
      let paused = 0;
      client.hooks = {
        dataReceived(_data, self) {
          self.call('pauseProducing');
          paused += 1;
        },
      };
      const data = patternedBytes(500_000);
      server.call('write', data);
      while (client.receivedBytes < data.length) {
        const before = paused;
        if (paused < 3) await scene.settle();
        client.call('resumeProducing');
        await scene.until(() => paused > before, 'data after resumeProducing');
      }
      assert(client.received.equals(data), 'all arrived, in order');
    },
    { lent: 'client' },
  );
}

/** Writes lent bytes back, in pieces of many sizes, some of them by reference. */
function echoInPieces(data: Buffer, self: RecordingProtocol): void {
  const middle = Math.min(data.length, 10 + (data.length % 20_000));
  self.call('write', data.subarray(0, 10));
  self.call('write', data.subarray(10, middle));
  self.call('writeSequence', [data.subarray(middle, middle + 1), data.subarray(middle + 1)]);
}

/** Writes, and waits each time until all bytes are at the other end. */
async function exchange(scene: TransportScene, sizes: readonly number[]): Promise<Buffer> {
  const sent: Buffer[] = [];
  let total = 0;
  for (const [i, size] of sizes.entries()) {
    const data = patternedBytes(size, i + 1);
    sent.push(data);
    total += size;
    scene.server.call('write', data);
    await scene.received(scene.server, total);
  }
  return Buffer.concat(sent);
}

function addEchoCases(contract: TransportCases): void {
  const sizes = [1, 100, LARGE_WRITE_BYTES - 1, LARGE_WRITE_BYTES, 65_536, 1_000_000, 2, 300_000];
  contract.add(
    'sends bytes written from lent bytes, of any size',
    async (scene) => {
      const sent = await exchange(scene, sizes);
      assert(scene.server.received.equals(sent), 'all came back as it was');
    },
    { lent: 'both', client: { dataReceived: (data, self) => self.call('write', data) } },
  );

  contract.add(
    'sends bytes written from lent bytes in many pieces',
    async (scene) => {
      const sent = await exchange(scene, sizes);
      assert(scene.server.received.equals(sent), 'all came back as it was, in order');
    },
    { lent: 'both', client: { dataReceived: echoInPieces } },
  );

  contract.add('copies lent bytes of other memory before write returns', async (scene) => {
    const lengths = [1, 100, LARGE_WRITE_BYTES, 65_536, 65_537, 300_000, LARGE_WRITE_BYTES + 1];
    const written = lengths.map((length) => patternedBytes(length));
    for (const bytes of written) lend(bytes, (lent) => scene.server.call('write', lent));
    const sent = Buffer.concat(written);
    const received = await scene.received(scene.client, sent.length);
    assert(received.equals(sent), 'the client received what was lent, in order');
  });

  contract.add(
    'keeps bytes written from lent bytes for a peer that does not read',
    async (scene) => {
      const { client, server, overflowBytes } = scene;
      server.call('pauseProducing');
      const data = patternedBytes(overflowBytes);
      server.call('write', data);
      await scene.until(() => client.receivedBytes === overflowBytes, 'all at the client');
      await scene.settle();
      const waiting = client.transport.bufferedBytes > 0;
      assert(waiting, `some of ${overflowBytes} bytes wait: if not, overflowBytes is too small`);
      server.call('resumeProducing');
      const received = await scene.received(server, overflowBytes);
      assert(received.equals(data), 'all came back as it was, in order');
    },
    { lent: 'client', client: { dataReceived: echoInPieces } },
  );
}

function addDetachingCase(contract: TransportCases): void {
  contract.add(
    'ends with an error if lent bytes are transferred, or prevents it',
    async (scene) => {
      const { client, server } = scene;
      let detached = false;
      client.hooks = {
        dataReceived(data) {
          detached = detach(data.buffer as ArrayBuffer);
        },
      };
      server.call('write', patternedBytes(9_001));
      await scene.received(client, 1);
      if (!detached) {
        assert((await scene.received(client, 9_001)).equals(patternedBytes(9_001)), 'all arrived');
        return;
      }
      assert((await scene.lost(client)) instanceof LentBytesTransferredError, 'the reason');
      assert.deepEqual(scene.takeErrors(), [client.reason]);
      assert.equal(client.chunks.length, 1, 'deliveries');
      await scene.ended(server);
    },
    { lent: 'client' },
  );
}

function addPoisonCase(contract: TransportCases): void {
  contract.add('overwrites lent bytes when dataReceived has returned', async (scene) => {
    const { client, server } = scene;
    const lent: Buffer[] = [];
    client.acceptsLentBytes = true;
    client.hooks = { dataReceived: (data) => void lent.push(data) };
    for (let i = 1; i <= 5; i++) {
      server.call('write', Buffer.alloc(i * 3_000, i));
      await scene.received(client, (i * (i + 1) * 3_000) / 2);
      const last = lent.at(-1) as Buffer;
      assert(
        last.every((byte) => byte === POISON_BYTE),
        'what was kept is lost',
      );
    }
  });
}

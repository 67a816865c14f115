/** Cases of the transport contract: given bytes are the receiver's own, whatever it does with them. */
import assert from 'node:assert/strict';
import { ReadableStream } from 'node:stream/web';

import { patternedBytes } from '../patterned-bytes.js';
import type { TransportCases, TransportScene } from './scene.js';

const SIZES: readonly number[] = [1, 3, 64, 65, 1000, 4096, 20_000];

/** Permitted excess of memory over twice the bytes in it: an allocator's rounding. */
const SLACK_BYTES = 64;

export function addGivenBytesCases(contract: TransportCases): void {
  contract.add('gives bytes whose memory holds little else', async (scene) => {
    const { client } = scene;
    await receiveOneByOne(scene, SIZES);
    for (const chunk of client.chunks) {
      checkMemory(chunk, chunk.buffer);
      // postMessage would send this to a worker.
      const clone = structuredClone(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
      assert(chunk.equals(clone), 'the clone is equal');
      checkMemory(chunk, clone.buffer);
    }
  });

  contract.add('gives separate memory each time', async (scene) => {
    const { client } = scene;
    const sizes = Array.from({ length: 30 }, (_, i) => 1 + i * 40);
    await receiveOneByOne(scene, sizes);
    const memories = new Set(client.chunks.map(({ buffer }) => buffer));
    assert.equal(memories.size, client.chunks.length);
  });

  contract.add('gives bytes that may be changed', async (scene) => {
    const { client, server } = scene;
    const copies: Buffer[] = [];
    server.hooks = {
      dataReceived(data) {
        copies.push(Buffer.copyBytesFrom(data));
        data.fill(0);
      },
    };
    const sent = patternedBytes(400_000);
    client.call('write', sent);
    await scene.received(server, sent.length);
    assert(Buffer.concat(copies).equals(patternedBytes(400_000)), 'what was received');
    assert(sent.equals(patternedBytes(400_000)), 'what was sent');
  });

  addTransferCases(contract);
}

function checkMemory(bytes: Uint8Array, { byteLength }: ArrayBufferLike): void {
  const most = 2 * bytes.length + SLACK_BYTES;
  assert(byteLength <= most, `${bytes.length} bytes came in memory of ${byteLength}`);
}

/** The server writes pieces of these sizes, each once the previous one has arrived. */
async function receiveOneByOne(scene: TransportScene, sizes: readonly number[]): Promise<void> {
  let total = 0;
  for (const size of sizes) {
    scene.server.call('write', patternedBytes(size));
    total += size;
    await scene.received(scene.client, total);
  }
}

function addTransferCases(contract: TransportCases): void {
  contract.add('gives bytes that may be transferred, at both ends', async (scene) => {
    const { client, server } = scene;
    const [up, down] = [patternedBytes(300_000, 2), patternedBytes(400_000, 3)];
    const moved = { client: [] as Buffer[], server: [] as Buffer[] };
    client.hooks = { dataReceived: (data) => void moved.client.push(transferred(data)) };
    server.hooks = { dataReceived: (data) => void moved.server.push(transferred(data)) };
    for (let at = 0; at < up.length; at += 7_001) {
      client.call('write', up.subarray(at, at + 7_001));
      if (at % 5 === 0) await scene.settle();
    }
    server.call('write', down);
    await scene.until(() => client.receivedBytes === down.length, 'all at the client');
    await scene.until(() => server.receivedBytes === up.length, 'all at the server');
    assert(Buffer.concat(moved.server).equals(up), 'client to server');
    assert(Buffer.concat(moved.client).equals(down), 'server to client');
  });

  contract.add('gives bytes that a byte stream accepts', async (scene) => {
    const { client, server } = scene;
    const data = patternedBytes(300_000);
    const stream = new ReadableStream({
      type: 'bytes',
      start(controller) {
        client.hooks = {
          dataReceived: (chunk) => controller.enqueue(chunk),
          // Over TLS the peer's end ends the connection.
          [contract.halfClose === 'closes' ? 'connectionLost' : 'readConnectionLost']: () =>
            controller.close(),
        };
      },
    });
    server.call('write', data);
    scene.endServer();
    const parts: Uint8Array[] = [];
    let read = 0;
    const reading = (async () => {
      for await (const part of stream) {
        parts.push(part);
        read += part.length;
      }
    })();
    await scene.until(() => read === data.length, 'all through the stream');
    if (contract.halfClose === 'closes') await scene.lost(client);
    await reading;
    assert(Buffer.concat(parts).equals(data), 'what came through the stream');
  });
}

/** Transfers the memory of `data`; returns the bytes at their new place. */
function transferred(data: Buffer): Buffer {
  const { buffer, byteOffset, length } = data;
  const moved = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  return Buffer.from(moved, byteOffset, length);
}

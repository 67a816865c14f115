/** Cases of the TCP contract: the use that one connection makes of received bytes does not affect the others. */
import assert from 'node:assert/strict';

import { LentBytesTransferredError } from '../../../core/errors/connection.js';
import { detach } from '../detach.js';
import type { RecordingProtocol } from '../transport/recording-protocol.js';
import type { ReactorCases, ReactorScene } from './reactor-scene.js';

const CONNECTIONS = 8;
const ROUNDS = 12;
/** On both sides of the limit between copying and sending by reference. */
const SIZES = [1, 40, 700, 20_000];

/** The bytes received by the servers; each client sends its own number only. */
interface Received {
  bytes: number;
  readonly numbers: Set<number>;
}

export function addReceivedBytesCases(contract: ReactorCases): void {
  contract.add(
    'loses nothing of other connections if some transfer the bytes they are given',
    async (scene) => {
      const memories = new Set<ArrayBufferLike>();
      let deliveries = 0;
      await receiveAtOnce(scene, {
        dataReceived(data, _self, index) {
          deliveries += 1;
          memories.add(data.buffer);
          if (index % 2 === 0) structuredClone(data.buffer, { transfer: [memoryOf(data)] });
        },
      });
      assert.equal(memories.size, deliveries, 'memories of their own');
    },
  );

  contract.add(
    'loses nothing of other connections if some transfer the bytes they are lent, which ends them',
    async (scene) => {
      const ended = new Set<number>();
      await receiveAtOnce(scene, {
        ended,
        lends: (index) => index % 3 !== 0,
        dataReceived(data, _self, index) {
          if (index % 3 === 1 && detach(memoryOf(data))) ended.add(index);
        },
      });
      const errors = scene.takeErrors();
      const ofTransfers = errors.filter((error) => error instanceof LentBytesTransferredError);
      assert.equal(ofTransfers.length, ended.size, 'reported errors of transfers');
      assert.equal(errors.length, ended.size, 'reported errors');
    },
  );

  contract.add(
    'sends lent bytes to another connection unchanged, whatever is received next',
    async (scene) => {
      const { client, server: target } = await scene.pair();
      await receiveAtOnce(scene, {
        lends: () => true,
        dataReceived: (data) => client.call('write', data),
      });
      const total = CONNECTIONS * bytesOfEach();
      await scene.until(() => target.receivedBytes === total, 'all at the target');
      const counts = new Map<number, number>();
      for (const byte of target.received) counts.set(byte, (counts.get(byte) ?? 0) + 1);
      const expected = new Map(
        Array.from({ length: CONNECTIONS }, (_, i) => [i + 1, bytesOfEach()] as const),
      );
      const sorted = [...counts].sort(([a], [b]) => a - b);
      assert.deepEqual(new Map(sorted), expected, 'bytes of each connection');
    },
  );
}

interface Receiver {
  /** Whether the server of that index accepts lent bytes. Default: none does. */
  lends?(index: number): boolean;
  /** The servers whose connections have ended: they receive no more. Default: none. */
  readonly ended?: ReadonlySet<number>;
  dataReceived(data: Buffer, self: RecordingProtocol, index: number): void;
}

/** Connects clients that all send at the same time; settles once each server has what its client sent, and nothing else. */
async function receiveAtOnce(scene: ReactorScene, receiver: Receiver): Promise<void> {
  const received: Received[] = [];
  const indexes = new Map<RecordingProtocol, number>();
  const servers = scene.recorders({
    connectionMade(self) {
      const index = indexes.size;
      indexes.set(self, index);
      received.push({ bytes: 0, numbers: new Set() });
      self.acceptsLentBytes = receiver.lends?.(index) ?? false;
    },
    dataReceived(data, self) {
      const index = indexes.get(self) as number;
      const mine = received[index] as Received;
      mine.bytes += data.length;
      for (const byte of data) mine.numbers.add(byte);
      receiver.dataReceived(data, self, index);
    },
  });
  const { port } = scene.listen(servers).getHost();
  const clients = scene.recorders();
  for (let i = 0; i < CONNECTIONS; i++) scene.connect(port, clients);
  const opened = (): boolean =>
    [servers, clients].every(
      ({ built }) => built.filter((end) => end.opened).length === CONNECTIONS,
    );
  await scene.until(opened, 'all connections');
  await sendAtOnce(scene, clients.built, received, receiver.ended);
  for (const { numbers } of received) assert.equal(numbers.size, 1, 'bytes of one client only');
}

async function sendAtOnce(
  scene: ReactorScene,
  clients: readonly RecordingProtocol[],
  received: readonly Received[],
  ended: ReadonlySet<number> = new Set(),
): Promise<void> {
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const size = SIZES[round % SIZES.length] as number;
    total += size;
    clients.forEach((client, i) => {
      client.call('write', Buffer.alloc(size, i + 1));
    });
    const arrived = ({ bytes }: Received, i: number): boolean => bytes === total || ended.has(i);
    await scene.until(() => received.every(arrived), `round ${round}`);
  }
}

function bytesOfEach(): number {
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) total += SIZES[round % SIZES.length] as number;
  return total;
}

function memoryOf(data: Buffer): ArrayBuffer {
  return data.buffer as ArrayBuffer;
}

/** Cases of the UDP contract: received bytes, and errors. */
import assert from 'node:assert/strict';

import { RemoteProtocolError } from '../../../core/errors/base.js';
import { DatagramTruncatedError } from '../../../core/errors/datagram.js';
import { POISON_BYTE } from '../../../internal/lent-bytes.js';
import { detach } from '../detach.js';
import type { RecordingPort, UDPCases, UDPScene } from './udp-scene.js';

class BrokenPeer extends RemoteProtocolError {
  override readonly name = 'BrokenPeer';
  override readonly code = 'ERR_BROKEN_PEER';
}

export function addUDPReceivingCases(contract: UDPCases): void {
  addMemoryCases(contract);
  addTroubleCases(contract);
}

function addMemoryCases(contract: UDPCases): void {
  contract.add('gives the protocol bytes of its own', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    for (let i = 0; i < 50; i++) one.port.write(Buffer.alloc(100, i), other.to);
    other.protocol.onDatagram = ({ data }) => {
      if (data[0] === 7) detach(data.buffer as ArrayBuffer);
    };
    await scene.received(other, 50);
    other.protocol.received.forEach(({ data }, i) => {
      if (i !== 7) assert(data.equals(Buffer.alloc(100, i)), `datagram ${i} is as it was sent`);
    });
  });

  contract.add('lends bytes to a protocol that accepts them', async (scene) => {
    const one = scene.open();
    const other = scene.open({}, 0, Object.assign(scene.protocol(), { acceptsLentBytes: true }));
    const texts: string[] = [];
    other.protocol.onDatagram = ({ data }) => texts.push(data.toString());
    for (let i = 0; i < 20; i++) one.port.write(`number ${i}`, other.to);
    await scene.received(other, 20);
    assert.deepEqual(
      texts,
      Array.from({ length: 20 }, (_, i) => `number ${i}`),
    );
  });

  if (!contract.poisonsLentBytes) return;
  contract.add('overwrites lent bytes', async (scene) => {
    const one = scene.open();
    const other = scene.open({}, 0, Object.assign(scene.protocol(), { acceptsLentBytes: true }));
    one.port.write('kept', other.to);
    await scene.received(other, 1);
    assert.deepEqual([...new Set(other.protocol.received[0]?.data)], [POISON_BYTE]);
  });
}

function addTroubleCases(contract: UDPCases): void {
  contract.add('drops, reports and counts datagrams longer than maxPacketSize', async (scene) => {
    const [one, other] = [scene.open(), scene.open({ maxPacketSize: 100 })];
    one.port.write('x'.repeat(101), other.to);
    one.port.write('y'.repeat(100), other.to);
    await scene.received(other, 1);
    await scene.until(() => other.protocol.errors.length === 1, 'an error');
    assert.deepEqual(other.protocol.texts, ['y'.repeat(100)]);
    const [error] = other.protocol.errors;
    assert(error instanceof DatagramTruncatedError && error.limit === 100);
    assert(error.address?.equals(one.port.getHost()));
    assert.equal(other.port.datagramsTruncated, 1);
  });

  contract.add(
    'only counts datagrams that are too long if there is no method for errors',
    async (scene) => {
      let heard = 0;
      const port = scene.reactor.listenUDP(0, () => void heard++, {
        interface: scene.host,
        maxPacketSize: 10,
      });
      const one = scene.open();
      one.port.write('x'.repeat(11), port.getHost());
      one.port.write('x', port.getHost());
      await scene.until(() => heard === 1, 'the short one');
      assert.equal(port.datagramsTruncated, 1);
    },
  );

  contract.add('reports errors of its protocol, and continues', async (scene) => {
    const error = new Error('out of datagramReceived');
    await threeThrown(scene, error);
    assert.deepEqual(scene.takeErrors(), [error, error, error]);
  });

  contract.add('does not report protocol violations by a peer', async (scene) => {
    await threeThrown(scene, new BrokenPeer('out of datagramReceived'));
  });
}

async function threeThrown(scene: UDPScene, error: Error): Promise<void> {
  const [one, other]: [RecordingPort, RecordingPort] = [scene.open(), scene.open()];
  other.protocol.onDatagram = () => {
    throw error;
  };
  for (const text of ['1', '2', '3']) one.port.write(text, other.to);
  await scene.received(other, 3);
  await scene.settle();
  assert.deepEqual(other.protocol.texts, ['1', '2', '3']);
}

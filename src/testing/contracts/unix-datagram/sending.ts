/** Cases of the UNIX datagram contract: sending and receiving, queues, producers and errors. */
import assert from 'node:assert/strict';

import { InvalidArgumentTypeError } from '../../../core/errors/arguments.js';
import {
  DatagramNotSentError,
  DatagramTruncatedError,
  InvalidAddressError,
} from '../../../core/errors/datagram.js';
import type { UNIXDatagramCases } from './unix-datagram-scene.js';

export function addUNIXDatagramSendingCases(contract: UNIXDatagramCases): void {
  addExchangeCases(contract);
  addQueueCases(contract);
  addErrorCases(contract);
}

function addExchangeCases(contract: UNIXDatagramCases): void {
  contract.add(
    'sends datagrams whole and in order, with the path of their sender',
    async (scene) => {
      const [server, own] = [scene.listen(), scene.path('own')];
      const client = scene.connect(server.path, { bindAddress: own });
      const texts = ['a', '', 'ü'.repeat(40), 'x'.repeat(8192)];
      for (const text of texts) client.port.write(text);
      await scene.received(server, texts.length);
      assert.deepEqual(server.protocol.texts, texts);
      for (const { from } of server.protocol.received) assert.equal(from.path, own);
    },
  );

  contract.add('sends an answer to the path of a sender, and to a path', async (scene) => {
    const [server, own] = [scene.listen(), scene.path('own')];
    const client = scene.connect(server.path, { bindAddress: own });
    server.protocol.onDatagram = ({ from }) => {
      server.port.write('to the address', from);
      server.port.write('to the path', own);
    };
    client.port.write('hello');
    await scene.received(client, 2);
    assert.deepEqual(client.protocol.texts, ['to the address', 'to the path']);
  });

  contract.add('gives an empty path for a sender without one', async (scene) => {
    const server = scene.listen();
    scene.connect(server.path).port.write('nameless');
    await scene.received(server, 1);
    assert.equal(server.protocol.received[0]?.from.path, '');
  });

  contract.add('sends nothing before the end of the turn, and copies the data', async (scene) => {
    const server = scene.listen();
    const { port } = scene.connect(server.path);
    const bytes = new Uint8Array([1, 2, 3]);
    port.write(bytes);
    bytes.fill(0);
    assert.equal(port.bufferedBytes, 3);
    port.writeSequence(['one ', Buffer.from('datagram')]);
    await scene.received(server, 2);
    const [first, second] = server.protocol.received;
    assert.deepEqual([...(first?.data ?? [])], [1, 2, 3]);
    assert.equal(second?.data.toString(), 'one datagram');
    assert.equal(port.bufferedBytes, 0);
  });

  contract.add('sends datagrams written before it stopped', async (scene) => {
    const server = scene.listen();
    const { port } = scene.connect(server.path);
    port.write('last words');
    await scene.answerOf(port.stopListening(), 'stopListening');
    await scene.received(server, 1);
    assert.deepEqual(server.protocol.texts, ['last words']);
  });
}

function addQueueCases(contract: UNIXDatagramCases): void {
  contract.add('loses nothing that the queue of a path has no room for', async (scene) => {
    const server = scene.listen();
    const { port } = scene.connect(server.path);
    const calls: string[] = [];
    const producer = {
      pauseProducing: () => void calls.push('pause'),
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => void calls.push('stop'),
    };
    port.registerProducer(producer, true);
    for (let i = 0; i < 200; i++) {
      const data = Buffer.alloc(1000);
      data.writeUInt32BE(i);
      port.write(data);
    }
    assert.deepEqual(calls, ['pause']);
    assert.equal(port.bufferedBytes, 200_000);
    await scene.received(server, 200);
    await scene.until(() => calls.length === 2, 'the producer to be resumed');
    const numbers = server.protocol.received.map(({ data }) => data.readUInt32BE());
    assert.deepEqual(
      numbers,
      Array.from({ length: 200 }, (_, i) => i),
    );
    assert.deepEqual([calls, port.datagramsDropped], [['pause', 'resume'], 0]);
    await scene.answerOf(port.stopListening(), 'stopListening');
    assert.deepEqual(calls, ['pause', 'resume', 'stop']);
  });

  contract.add('drops and counts datagrams beyond maxBufferedBytes', async (scene) => {
    const server = scene.listen();
    const { port } = scene.connect(server.path, { maxBufferedBytes: 20_000 });
    for (let i = 0; i < 400; i++) port.write(Buffer.alloc(1000));
    const counted = (): number => server.protocol.received.length + port.datagramsDropped;
    await scene.until(() => counted() >= 400, 'all datagrams to be received or dropped');
    await scene.settle();
    assert.equal(counted(), 400);
    assert(port.datagramsDropped > 0);
  });
}

function addErrorCases(contract: UNIXDatagramCases): void {
  contract.add('throws for data or destinations that cannot be sent', (scene) => {
    const { port, path } = scene.listen();
    assert.throws(() => port.write(7 as never, path), InvalidArgumentTypeError);
    assert.throws(() => port.write('x'), InvalidAddressError);
    assert.throws(() => port.write('x', 7 as never), InvalidArgumentTypeError);
    assert.equal(port.bufferedBytes, 0);
  });

  contract.add('reports datagrams that cannot be delivered, and continues', async (scene) => {
    const [one, other] = [scene.listen(scene.path('one')), scene.listen(scene.path('other'))];
    one.port.write('x', scene.path('nowhere'));
    one.port.write('y', other.path);
    await scene.received(other, 1);
    await scene.until(() => one.protocol.errors.length === 1, 'an error');
    assert(one.protocol.errors[0] instanceof DatagramNotSentError);
    assert.deepEqual(other.protocol.texts, ['y']);
  });

  contract.add('drops, reports and counts datagrams longer than maxPacketSize', async (scene) => {
    const server = scene.listen(scene.path(), { maxPacketSize: 100 });
    const { port } = scene.connect(server.path);
    port.write('x'.repeat(101));
    port.write('y'.repeat(100));
    await scene.received(server, 1);
    await scene.until(() => server.protocol.errors.length === 1, 'an error');
    assert(server.protocol.errors[0] instanceof DatagramTruncatedError);
    assert.deepEqual(server.protocol.texts, ['y'.repeat(100)]);
    assert.equal(server.port.datagramsTruncated, 1);
  });

  contract.add('reports errors of its protocol, and continues', async (scene) => {
    const server = scene.listen();
    const error = new Error('out of datagramReceived');
    server.protocol.onDatagram = () => {
      throw error;
    };
    const { port } = scene.connect(server.path);
    for (const text of ['1', '2', '3']) port.write(text);
    await scene.received(server, 3);
    await scene.settle();
    assert.deepEqual(scene.takeErrors(), [error, error, error]);
  });
}

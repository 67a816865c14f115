/** Cases of the UDP contract: sending, destinations, and datagrams that cannot be sent. */
import assert from 'node:assert/strict';

import { InvalidArgumentTypeError } from '../../../core/errors/arguments.js';
import {
  AlreadyConnectedError,
  DatagramNotSentError,
  InvalidAddressError,
  MessageLengthError,
} from '../../../core/errors/datagram.js';
import type { UDPCases } from './udp-scene.js';

const BROADCAST = '255.255.255.255';
/** The longest payload over IPv4. */
const MAX_BYTES = 65_507;

export function addSendingCases(contract: UDPCases): void {
  addWritingCases(contract);
  addRefusingCases(contract);
  addConnectedCases(contract);
}

function addWritingCases(contract: UDPCases): void {
  contract.add('sends datagrams whole and in order, an empty one too', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    const texts = ['', 'a', 'ü'.repeat(40), 'x'.repeat(8192)];
    for (const text of texts) one.port.write(text, other.to);
    await scene.received(other, texts.length);
    assert.deepEqual(other.protocol.texts, texts);
    for (const { from } of other.protocol.received) {
      assert(from.equals(one.port.getHost()), 'its source is the port that sent it');
    }
  });

  contract.add('sends a datagram of maximum length', async (scene) => {
    const [one, other] = [
      scene.open({ sendBufferBytes: 262_144 }),
      scene.open({ maxPacketSize: 65_535, receiveBufferBytes: 262_144 }),
    ];
    one.port.write(Buffer.alloc(MAX_BYTES, 7), other.to);
    await scene.received(other, 1);
    assert.equal(other.protocol.received[0]?.data.byteLength, MAX_BYTES);
  });

  contract.add('sends nothing before the end of the turn, and copies the data', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    const bytes = new Uint8Array([1, 2, 3]);
    one.port.write(bytes, other.to);
    bytes.fill(0);
    one.port.write(bytes.subarray(0, 1), other.to);
    assert.equal(one.port.bufferedBytes, 4);
    await scene.received(other, 2);
    const values = other.protocol.received.map(({ data }) => [...data]);
    assert.deepEqual(values, [[1, 2, 3], [0]]);
    assert.equal(one.port.bufferedBytes, 0);
  });

  contract.add('sends the parts of writeSequence as one datagram', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    one.port.writeSequence(['one ', Buffer.from('two '), 'é'], other.to);
    one.port.writeSequence([Buffer.from('alone')], other.to);
    one.port.writeSequence([], other.to);
    assert.throws(
      () => one.port.writeSequence(['a', 7 as never], other.to),
      InvalidArgumentTypeError,
    );
    one.port.connect(other.to.host, other.to.port);
    one.port.writeSequence(new Set(['to ', 'the peer']));
    await scene.received(other, 4);
    assert.deepEqual(other.protocol.texts, ['one two é', 'alone', '', 'to the peer']);
  });

  contract.add('sends an answer to the source of a datagram', async (scene) => {
    const [server, client] = [scene.open(), scene.open()];
    server.protocol.onDatagram = ({ data, from }) => server.port.write(`re ${data}`, from);
    for (let i = 0; i < 20; i++) client.port.write(`${i}`, server.to);
    await scene.received(client, 20);
    const expected = Array.from({ length: 20 }, (_, i) => `re ${i}`);
    assert.deepEqual(client.protocol.texts, expected);
  });

  contract.add('counts bytes in the statistics of its reactor', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    const before = scene.reactor.statistics();
    one.port.write('12345', other.to);
    await scene.received(other, 1);
    await scene.until(
      () => scene.reactor.statistics().bytesSent === before.bytesSent + 5,
      'five bytes sent',
    );
    assert.equal(scene.reactor.statistics().bytesReceived, before.bytesReceived + 5);
  });
}

function addRefusingCases(contract: UDPCases): void {
  contract.add(
    'throws for data or destinations that cannot be sent, and sends nothing',
    (scene) => {
      const { port, to } = scene.open();
      const wrong: readonly [string, unknown, unknown, abstract new (...args: never[]) => Error][] =
        [
          ['a name', 'x', { host: 'localhost', port: 9 }, InvalidAddressError],
          ['a URL', 'x', { host: 'udp://127.0.0.1', port: 9 }, InvalidAddressError],
          ['brackets', 'x', { host: '[::1]', port: 9 }, InvalidAddressError],
          ['an address and a port', 'x', { host: '127.0.0.1:9', port: 9 }, InvalidAddressError],
          ['an address and a NUL', 'x', { host: '127.0.0.1\0', port: 9 }, InvalidAddressError],
          ['an empty host', 'x', { host: '', port: 9 }, InvalidAddressError],
          ['no port', 'x', { host: scene.host, port: 65_536 }, InvalidAddressError],
          ['half a port', 'x', { host: scene.host, port: 0.5 }, InvalidAddressError],
          ['another family', 'x', { host: '::1', port: 9 }, InvalidAddressError],
          ['nothing', 'x', undefined, InvalidAddressError],
          ['text for an address', 'x', `${scene.host}:9`, InvalidArgumentTypeError],
          ['a number for data', 7, to, InvalidArgumentTypeError],
          ['too many bytes', Buffer.alloc(MAX_BYTES + 1), to, MessageLengthError],
        ];
      for (const [what, data, destination, ErrorClass] of wrong) {
        assert.throws(() => port.write(data as string, destination as never), ErrorClass, what);
      }
      assert.equal(port.bufferedBytes, 0);
    },
  );

  contract.add('refuses wrong types after it is stopped, too', async (scene) => {
    const { port, to } = scene.open();
    await scene.answerOf(port.stopListening(), 'stopListening');
    port.write('dropped', to);
    assert.throws(() => port.write(7 as never, to), InvalidArgumentTypeError);
    assert.equal(port.bufferedBytes, 0);
  });

  contract.add(
    'reports datagrams that the system refused to send, and continues',
    async (scene) => {
      const [one, other] = [scene.open(), scene.open()];
      // Broadcast is not allowed on this socket.
      one.port.write('x', { host: BROADCAST, port: other.to.port });
      one.port.write('y', other.to);
      await scene.received(other, 1);
      await scene.until(() => one.protocol.errors.length === 1, 'an error');
      const [error] = one.protocol.errors;
      assert(error instanceof DatagramNotSentError);
      assert(error.address?.type === 'UDP' && error.address.host === BROADCAST);
      assert.deepEqual(other.protocol.texts, ['y']);
    },
  );

  contract.add(
    'reports unsent datagrams as errors if there is no method for them',
    async (scene) => {
      const port = scene.reactor.listenUDP(0, () => {}, { interface: scene.host });
      port.write('x', { host: BROADCAST, port: 9 });
      await scene.settle();
      const errors = scene.takeErrors();
      assert.equal(errors.length, 1);
      assert(errors[0] instanceof DatagramNotSentError);
    },
  );
}

function addConnectedCases(contract: UDPCases): void {
  contract.add(
    'needs no destination once it is connected, and receives only from its peer',
    async (scene) => {
      const [client, server, stranger] = [scene.open(), scene.open(), scene.open()];
      client.port.connect(server.to.host, server.to.port);
      assert(client.port.connectedTo?.equals(server.port.getHost()));
      client.port.write('a');
      client.port.write('b', server.port.getHost());
      client.port.write('c', server.to);
      await scene.received(server, 3);
      assert.deepEqual(server.protocol.texts, ['a', 'b', 'c']);
      stranger.port.write('stranger', client.to);
      server.port.write('peer', client.to);
      await scene.received(client, 1);
      await scene.settle();
      assert.deepEqual(client.protocol.texts, ['peer']);
    },
  );

  contract.add('sends to its peer only, and connects once', (scene) => {
    const [{ port }, { to }] = [scene.open(), scene.open()];
    port.connect(to.host, to.port);
    assert.throws(() => port.write('x', { host: to.host, port: 9 }), InvalidAddressError);
    assert.throws(() => port.connect(to.host, to.port), AlreadyConnectedError);
  });

  contract.add('throws if it cannot be connected, and stays as it was', (scene) => {
    const { port } = scene.open();
    assert.throws(() => port.connect('localhost', 9), InvalidAddressError);
    assert.throws(() => port.connect('::1', 9), InvalidAddressError);
    // Without broadcast, connect(2) fails.
    assert.throws(() => port.connect(BROADCAST, 9), /EACCES/);
    assert.equal(port.connectedTo, undefined);
  });

  if (!contract.refusals) return;
  contract.add('reports that nothing listens at its peer, and continues', async (scene) => {
    const { port, protocol } = scene.open();
    const number = await scene.closedPort();
    port.connect(scene.host, number);
    port.write('anybody?');
    await scene.until(() => protocol.refusals > 0, 'a refusal');
    const late = scene.open({}, number);
    port.write('now?');
    await scene.until(() => late.protocol.texts.includes('now?'), 'the second');
    assert.deepEqual(protocol.errors, []);
  });
}

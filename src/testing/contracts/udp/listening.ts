/** Cases of the UDP contract: UDP ports that listen, stop, and listen again. */
import assert from 'node:assert/strict';

import { InvalidAddressError } from '../../../core/errors/datagram.js';
import { CannotListenError, NotListeningError } from '../../../core/errors/listening.js';
import type { UDPCases } from './udp-scene.js';

export function addUDPListeningCases(contract: UDPCases): void {
  addListenCases(contract);
  addStopCases(contract);
}

function addListenCases(contract: UDPCases): void {
  contract.add(
    'is bound at once, to a port that is chosen for 0, and calls startProtocol',
    (scene) => {
      const { port, protocol } = scene.open();
      const address = port.getHost();
      assert.deepEqual([address.type, address.host], ['UDP', scene.host]);
      assert(address.port > 0);
      assert.deepEqual([port.listening, port.connectedTo], [true, undefined]);
      assert.equal(protocol.transport, port);
      assert.deepEqual(protocol.log, ['start']);
    },
  );

  contract.add('throws at once for a port in use', (scene) => {
    const { to } = scene.open();
    const protocol = scene.protocol();
    assert.throws(
      () => scene.open({}, to.port, protocol),
      (error) => error instanceof CannotListenError && error.port === to.port,
    );
    assert.deepEqual(protocol.log, []);
  });

  contract.add('shares a port if all sockets set listenMultiple', (scene) => {
    const first = scene.open({ listenMultiple: true });
    const second = scene.open({ listenMultiple: true }, first.to.port);
    assert.equal(second.to.port, first.to.port);
    assert.throws(() => scene.open({}, first.to.port), CannotListenError);
  });

  contract.add('accepts a function, or an object of handlers', async (scene) => {
    const log: string[] = [];
    const options = { interface: scene.host };
    const echo = scene.reactor.listenUDP(
      0,
      (data, from, to) => to.write(`${data}!`, from),
      options,
    );
    const asking = scene.reactor.listenUDP(
      0,
      {
        startProtocol: () => log.push('start'),
        datagramReceived: (data: Buffer) => log.push(data.toString()),
        stopProtocol: () => log.push('stop'),
      },
      options,
    );
    asking.write('hi', echo.getHost());
    await scene.until(() => log.length === 2, 'an answer');
    await scene.answerOf(asking.stopListening(), 'stopListening');
    assert.deepEqual(log, ['start', 'hi!', 'stop']);
  });
}

function addStopCases(contract: UDPCases): void {
  contract.add(
    'calls stopProtocol once, in a later turn, before stopListening settles',
    async (scene) => {
      const { port, protocol } = scene.open();
      const stopped = port.stopListening();
      assert.equal(port.listening, false);
      assert.deepEqual(protocol.log, ['start']);
      await scene.answerOf(stopped, 'stopListening');
      assert.deepEqual(protocol.log, ['start', 'stop']);
      await scene.answerOf(port.stopListening(), 'stopListening again');
      assert.deepEqual(protocol.log, ['start', 'stop']);
    },
  );

  contract.add('sends datagrams written before it stopped, and drops later ones', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    one.port.write('last words', other.to);
    const stopped = one.port.stopListening();
    one.port.write('too late', other.to);
    await scene.answerOf(stopped, 'stopListening');
    await scene.received(other, 1);
    await scene.settle();
    assert.deepEqual(other.protocol.texts, ['last words']);
  });

  contract.add('receives nothing after being stopped in datagramReceived', async (scene) => {
    const [one, other] = [scene.open(), scene.open()];
    other.protocol.onDatagram = () => void other.port.stopListening();
    for (let i = 0; i < 5; i++) one.port.write(`${i}`, other.to);
    await scene.until(() => other.protocol.log.includes('stop'), 'stopProtocol');
    await scene.settle();
    assert.deepEqual(other.protocol.log, ['start', '0', 'stop']);
  });

  contract.add(
    'listens again on its port, unconnected and with the options it was made with',
    async (scene) => {
      const one = scene.open({}, await scene.closedPort());
      one.port.connect(scene.host, 9);
      one.port.setBroadcastAllowed(true);
      await scene.answerOf(one.port.stopListening(), 'stopListening');
      for (const call of [
        () => one.port.connect(scene.host, 9),
        () => one.port.getMulticastTTL(),
      ]) {
        assert.throws(call, NotListeningError);
      }
      one.port.startListening();
      one.port.startListening();
      assert.equal(one.port.getHost().port, one.to.port);
      assert.deepEqual([one.port.connectedTo, one.port.getBroadcastAllowed()], [undefined, false]);
      assert.throws(() => one.port.write('x'), InvalidAddressError);
      scene.open().port.write('x', one.to);
      await scene.received(one, 1);
      assert.deepEqual(one.protocol.log, ['start', 'stop', 'start', 'x']);
    },
  );

  contract.add('calls in order if it stops and listens again in one turn', async (scene) => {
    const { port, protocol } = scene.open({}, await scene.closedPort());
    void port.stopListening();
    port.startListening();
    await scene.until(() => protocol.log.length === 3, 'three calls');
    assert.deepEqual(protocol.log, ['start', 'stop', 'start']);
    assert.equal(port.listening, true);
  });

  contract.add('stops when its reactor stops', async (scene) => {
    const { port, protocol } = scene.open();
    const { reactor } = scene;
    const finished = reactor.run({ installSignalHandlers: false });
    reactor.callWhenRunning(() => reactor.stop());
    await scene.answerOf(finished, 'run to settle');
    await scene.until(() => protocol.log.includes('stop'), 'stopProtocol');
    assert.deepEqual([port.listening, protocol.log], [false, ['start', 'stop']]);
  });
}

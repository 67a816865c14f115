/** Cases of the UDP contract: broadcast, multicast, and the options of both. */
import assert from 'node:assert/strict';

import { MulticastJoinError } from '../../../core/errors/datagram.js';
import { GROUP, type UDPCases } from './udp-scene.js';

export function addGroupCases(contract: UDPCases): void {
  contract.add('allows broadcast only on request', (scene) => {
    const { port } = scene.open({ broadcast: true });
    assert.equal(port.getBroadcastAllowed(), true);
    port.setBroadcastAllowed(false);
    assert.equal(port.getBroadcastAllowed(), false);
    assert.equal(scene.open().port.getBroadcastAllowed(), false);
  });

  contract.add('has a TTL and a loopback of its own for multicast', (scene) => {
    const { port } = scene.open();
    assert.deepEqual([port.getMulticastTTL(), port.getMulticastLoopback()], [1, true]);
    port.setMulticastTTL(7);
    port.setMulticastLoopback(false);
    assert.deepEqual([port.getMulticastTTL(), port.getMulticastLoopback()], [7, false]);
    assert.throws(() => port.setMulticastTTL(256), RangeError);
    port.setTTL(3);
    assert.throws(() => port.setTTL(0), RangeError);
  });

  if (!contract.multicast) return;

  contract.add(
    'returns the outgoing interface that was set, until it listens again',
    async (scene) => {
      const { port } = scene.open();
      assert.equal(port.getMulticastInterface(), undefined);
      port.setMulticastInterface(scene.host);
      assert.equal(port.getMulticastInterface(), scene.host);
      assert.throws(() => port.setMulticastInterface('192.0.2.77'));
      assert.equal(port.getMulticastInterface(), scene.host);
      await scene.answerOf(port.stopListening(), 'stopListening');
      port.startListening();
      assert.equal(port.getMulticastInterface(), undefined);
    },
  );

  contract.add('reaches the members of a group only', async (scene) => {
    const { host } = scene;
    const anywhere = { interface: '0.0.0.0', listenMultiple: true };
    const member = scene.open(anywhere);
    const other = scene.open(anywhere, member.to.port);
    for (const { port } of [member, other]) port.joinGroup(GROUP, { interface: host });
    const sender = scene.open();
    sender.port.setMulticastInterface(host);
    const group = { host: GROUP, port: member.to.port };
    sender.port.write('all', group);
    await scene.received(member, 1);
    await scene.received(other, 1);
    for (const { port } of [member, other]) port.leaveGroup(GROUP, { interface: host });
    sender.port.write('nobody', group);
    await scene.settle();
    assert.deepEqual([...member.protocol.texts, ...other.protocol.texts], ['all', 'all']);
  });

  contract.add('throws for a group that it cannot join or leave', (scene) => {
    const { port } = scene.open({ interface: '0.0.0.0' });
    const membership = { interface: scene.host };
    port.joinGroup(GROUP, membership);
    for (const call of [
      () => port.joinGroup(GROUP, membership),
      () => port.joinGroup('10.0.0.1', membership),
      () => port.leaveGroup('239.255.77.79', membership),
    ]) {
      assert.throws(call, MulticastJoinError);
    }
    port.leaveGroup(GROUP, membership);
    assert.throws(() => port.leaveGroup(GROUP, membership), MulticastJoinError);
  });
}

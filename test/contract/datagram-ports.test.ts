/** UDP ports on every reactor: options and interfaces of the system, and sockets that are not the reactor's. */
import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import {
  InvalidAddressError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  MulticastJoinError,
  NotListeningError,
  UnsupportedError,
} from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { openUDP } from '../support/datagrams.js';
import { latch, within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { hasIPv6 } from '../support/sockets.js';

const IPV6 = await hasIPv6();
const LOCAL = '127.0.0.1';
/** A group that is nobody's (RFC 5771 section 9). */
const GROUP = '239.255.77.77';

const to = (port: number, host = LOCAL): { host: string; port: number } => ({ host, port });

/** A port that nobody has: it was free a moment ago. */
async function closedUDPPort(rig: Rig): Promise<number> {
  const { port, number } = openUDP(rig);
  await port.stopListening();
  return number;
}

contract('a UDP port that stops', (rig) => {
  it('listens again on the same port', async () => {
    const { port, protocol, number } = openUDP(rig, {}, await closedUDPPort(rig));
    for (let round = 0; round < 3; round++) {
      await port.stopListening();
      expect(() => port.fileno()).toThrow(NotListeningError);
      port.startListening();
      port.startListening();
      expect(port.getHost().port).toBe(number);
      openUDP(rig).port.write('x', to(number));
      await protocol.receive(round + 1);
    }
    expect(protocol.log).toEqual([
      'startProtocol',
      ...['stopProtocol', 'startProtocol', 'stopProtocol', 'startProtocol'],
      ...['stopProtocol', 'startProtocol'],
    ]);
  });

  it('keeps its address, and has no options any more', async () => {
    const { port, number } = openUDP(rig);
    await port[Symbol.asyncDispose]();
    expect(port.getHost().port).toBe(number);
    expect(port.bufferedBytes).toBe(0);
    for (const call of [
      () => port.getBroadcastAllowed(),
      () => port.setTTL(2),
      () => port.joinGroup(GROUP),
      () => port.connect(LOCAL, 9),
    ]) {
      expect(call).toThrow(NotListeningError);
    }
  });
});

contract('a connected UDP socket', (rig) => {
  it('throws if it cannot be connected', () => {
    const { port } = openUDP(rig);
    expect(() => port.connect('localhost', 9)).toThrow(InvalidAddressError);
    expect(() => port.connect('::1', 9)).toThrow(InvalidAddressError);
    expect(() => port.connect('127.0.0.1\0', 9)).toThrow(InvalidAddressError);
    expect(() => port.connect('udp://127.0.0.1/', 9)).toThrow(
      '"udp://127.0.0.1/" is not an IP address: use only the host name of a URL',
    );
    expect(() => port.connect(LOCAL, 70_000)).toThrow(InvalidArgumentValueError);
    // Without broadcast, connect(2) fails.
    expect(() => port.connect('255.255.255.255', 9)).toThrow(/EACCES/);
    expect(port.connectedTo).toBeUndefined();
  });
});

contract('multicast', (rig) => {
  it('accepts the interface by name, number and address', () => {
    needs('multicast');
    const { port } = openUDP(rig, { interface: '0.0.0.0' });
    const loopback = process.platform === 'linux' ? ['lo', 1, LOCAL] : [LOCAL];
    for (const through of loopback) {
      port.joinGroup(GROUP, { interface: through });
      port.leaveGroup(GROUP, { interface: through });
      port.setMulticastInterface(through);
    }
    const join = (through: string | number): void => port.joinGroup(GROUP, { interface: through });
    expect(() => join('no-such-interface')).toThrow(MulticastJoinError);
    // Node knows numbers of interfaces on Linux only.
    const byNumber = rig.native || process.platform === 'linux';
    expect(() => join(99_999)).toThrow(byNumber ? MulticastJoinError : UnsupportedError);
    expect(() => join(-1)).toThrow(InvalidArgumentValueError);
    expect(() => join(true as never)).toThrow(InvalidArgumentTypeError);
  });

  it('receives from one source only on request', async () => {
    needs('multicast');
    const member = openUDP(rig, { interface: '0.0.0.0' });
    member.port.joinGroup('232.1.2.3', { interface: LOCAL, source: LOCAL });
    const sender = openUDP(rig);
    sender.port.setMulticastInterface(LOCAL);
    sender.port.write('source', to(member.number, '232.1.2.3'));
    await member.protocol.receive(1);
    member.port.leaveGroup('232.1.2.3', { interface: LOCAL, source: LOCAL });
  });

  it('throws MulticastJoinError for an invalid group, or one that was not joined', () => {
    needs('multicast');
    const { port } = openUDP(rig, { interface: '0.0.0.0' });
    for (const call of [
      () => port.joinGroup('10.0.0.1', { interface: LOCAL }),
      () => port.joinGroup('not an address'),
      () => port.leaveGroup(GROUP, { interface: LOCAL }),
    ]) {
      expect(call).toThrow(MulticastJoinError);
    }
    expect(() => port.joinGroup(7 as never)).toThrow(InvalidArgumentTypeError);
  });

  it.skipIf(!IPV6)('has groups and interfaces of IPv6', () => {
    needs('multicast');
    const { port } = openUDP(rig, { interface: '::' });
    const loopback = process.platform === 'linux' ? ['lo', 1, '::1'] : ['::1'];
    for (const through of loopback) {
      port.joinGroup('ff01::7777', { interface: through });
      port.leaveGroup('ff01::7777', { interface: through });
      port.setMulticastInterface(through);
    }
    expect(() => port.joinGroup('::1', { interface: loopback[0] as string })).toThrow(
      MulticastJoinError,
    );
    port.setMulticastTTL(3);
    port.setMulticastLoopback(false);
    expect([port.getMulticastTTL(), port.getMulticastLoopback()]).toEqual([3, false]);
  });
});

contract('a UDP socket with a producer', (rig) => {
  it('calls a pull producer that registers while datagrams wait again once they are sent', async () => {
    const { port } = openUDP(rig);
    const other = openUDP(rig);
    port.write('ahead', to(other.number));
    const askedAgain = latch();
    const buffered: number[] = [];
    const resumeProducing = (): void => {
      buffered.push(port.bufferedBytes);
      if (buffered.length === 2) askedAgain.open();
    };
    port.registerProducer({ resumeProducing, stopProducing() {} }, false);
    await within(askedAgain.promise, 'the producer to be asked again');
    expect(buffered).toEqual([5, 0]);
  });
});

contract('a UDP socket among others', (rig) => {
  it('understands a socket of Node, and is understood', async () => {
    const raw = createSocket('udp4');
    const bound = latch();
    raw.bind(0, LOCAL, () => bound.open());
    await within(bound.promise, 'a raw socket');
    const { port, protocol, number } = openUDP(rig);
    raw.on('message', (data, from) => raw.send(`re ${data}`, from.port, from.address));
    port.write('hello', to(raw.address().port));
    await protocol.receive(1);
    expect(protocol.texts).toEqual(['re hello']);
    expect(protocol.received[0]?.from.port).toBe(raw.address().port);
    raw.close();
    expect(number).toBeGreaterThan(0);
  });
});

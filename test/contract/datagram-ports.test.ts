import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import {
  AlreadyConnectedError,
  InvalidAddressError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  MulticastJoinError,
  NotListeningError,
  ProducerRegisteredError,
  UnsupportedError,
} from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { openUDP } from '../support/datagrams.js';
import { latch, within } from '../support/deadline.js';
import { quietMoment } from '../support/pairs.js';
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
  it('calls stopProtocol once, in a later turn, before the answer', async () => {
    const { port, protocol } = openUDP(rig);
    const stopped = port.stopListening();
    expect(port.listening).toBe(false);
    expect(protocol.log).toEqual(['startProtocol']);
    await stopped;
    expect(protocol.log).toEqual(['startProtocol', 'stopProtocol']);
    await port.stopListening();
    expect(protocol.log.length).toBe(2);
  });

  it('sends bytes written in the same turn, and drops bytes written afterwards', async () => {
    const one = openUDP(rig);
    const other = openUDP(rig);
    one.port.write('last words', to(other.number));
    const stopped = one.port.stopListening();
    one.port.write('too late', to(other.number));
    await stopped;
    await other.protocol.receive(1);
    await quietMoment(rig);
    expect(other.protocol.texts).toEqual(['last words']);
  });

  it('receives nothing more from the moment it is stopped in datagramReceived', async () => {
    const one = openUDP(rig);
    const other = openUDP(rig);
    other.protocol.onDatagram = () => void other.port.stopListening();
    for (let i = 0; i < 20; i++) one.port.write(`${i}`, to(other.number));
    await other.protocol.until(() => other.protocol.log.includes('stopProtocol'), 'stopProtocol');
    await quietMoment(rig);
    expect(other.protocol.texts).toEqual(['0']);
  });

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

  it('calls in order if it stops and listens again in one turn', async () => {
    const { port, protocol } = openUDP(rig, {}, await closedUDPPort(rig));
    void port.stopListening();
    port.startListening();
    await protocol.until(() => protocol.log.length === 3, 'three calls');
    expect(protocol.log).toEqual(['startProtocol', 'stopProtocol', 'startProtocol']);
    expect(port.listening).toBe(true);
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

  it('is stopped by the shutdown of its reactor', async () => {
    const { port, protocol } = openUDP(rig);
    const finished = rig.reactor.run({ installSignalHandlers: false });
    rig.reactor.callWhenRunning(() => rig.reactor.stop());
    await finished;
    expect(port.listening).toBe(false);
    await protocol.until(() => protocol.log.includes('stopProtocol'), 'stopProtocol');
  });
});

contract('a connected UDP socket', (rig) => {
  it('needs no destination, and receives only from its peer', async () => {
    const client = openUDP(rig);
    const server = openUDP(rig);
    client.port.connect(LOCAL, server.number);
    expect(client.port.connectedTo?.equals(server.port.getHost())).toBe(true);
    client.port.write('a');
    client.port.write('b', server.port.getHost());
    client.port.write('c', to(server.number));
    await server.protocol.receive(3);
    expect(server.protocol.texts).toEqual(['a', 'b', 'c']);
    openUDP(rig).port.write('stranger', to(client.number));
    server.port.write('peer', to(client.number));
    await client.protocol.receive(1);
    await quietMoment(rig);
    expect(client.protocol.texts).toEqual(['peer']);
  });

  it('sends to its peer only, and connects once', () => {
    const { port } = openUDP(rig);
    const { number } = openUDP(rig);
    port.connect(LOCAL, number);
    expect(() => port.write('x', to(number === 9 ? 10 : 9))).toThrow(InvalidAddressError);
    expect(() => port.connect(LOCAL, number)).toThrow(AlreadyConnectedError);
  });

  it('reports that nothing listens there, and continues', async () => {
    if (rig.native) needs('refusals');
    const { port, protocol } = openUDP(rig);
    const number = await closedUDPPort(rig);
    port.connect(LOCAL, number);
    port.write('anybody?');
    await protocol.until(() => protocol.refusals > 0, 'a refusal');
    const late = openUDP(rig, {}, number);
    port.write('now?');
    await late.protocol.until(() => late.protocol.texts.includes('now?'), 'the second');
    expect(protocol.errors).toEqual([]);
  });

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

  it('is unconnected after it listened anew', async () => {
    const { port } = openUDP(rig);
    port.connect(LOCAL, 9);
    await port.stopListening();
    expect(port.connectedTo).toBeUndefined();
    port.startListening();
    expect(() => port.write('x')).toThrow(InvalidAddressError);
  });
});

contract('multicast', (rig) => {
  it('reaches the members of a group, this host included', async () => {
    needs('multicast');
    const member = openUDP(rig, { interface: '0.0.0.0', listenMultiple: true });
    const other = openUDP(rig, { interface: '0.0.0.0', listenMultiple: true }, member.number);
    for (const { port } of [member, other]) port.joinGroup(GROUP, { interface: LOCAL });
    const sender = openUDP(rig);
    sender.port.setMulticastInterface(LOCAL);
    sender.port.write('all', to(member.number, GROUP));
    await member.protocol.receive(1);
    await other.protocol.receive(1);

    other.port.leaveGroup(GROUP, { interface: LOCAL });
    member.port.leaveGroup(GROUP, { interface: LOCAL });
    sender.port.write('nobody', to(member.number, GROUP));
    await quietMoment(rig);
    expect([...member.protocol.texts, ...other.protocol.texts]).toEqual(['all', 'all']);
  });

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

  it('has its own TTL and loopback', () => {
    const { port } = openUDP(rig);
    expect(port.getMulticastTTL()).toBe(1);
    port.setMulticastTTL(7);
    expect(port.getMulticastTTL()).toBe(7);
    expect(port.getMulticastLoopback()).toBe(true);
    port.setMulticastLoopback(false);
    expect(port.getMulticastLoopback()).toBe(false);
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
  it('calls a pull producer once for each time that everything is sent', async () => {
    const { port } = openUDP(rig);
    const other = openUDP(rig);
    let left = 50;
    const producer = {
      resumeProducing(): void {
        if (left === 0) return;
        left -= 1;
        port.write(`${left}`, to(other.number));
        if (left === 0) port.unregisterProducer();
      },
      stopProducing(): void {},
    };
    port.registerProducer(producer, false);
    await other.protocol.receive(50);
    expect(left).toBe(0);
  });

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

  it('pauses a push producer above 64 KiB, and resumes it once everything is sent', async () => {
    const { port } = openUDP(rig);
    const other = openUDP(rig);
    const log: string[] = [];
    const resumed = latch();
    const producer = {
      pauseProducing: () => void log.push('pause'),
      resumeProducing: () => {
        log.push('resume');
        resumed.open();
      },
      stopProducing: () => void log.push('stop'),
    };
    port.registerProducer(producer, true);
    expect(() => port.registerProducer(producer, true)).toThrow(ProducerRegisteredError);
    for (let i = 0; i < 9; i++) port.write(Buffer.alloc(8_000), to(other.number));
    expect(log).toEqual(['pause']);
    expect(port.bufferedBytes).toBeGreaterThan(64 * 1024);
    await within(resumed.promise, 'the producer to be resumed');
    expect(port.bufferedBytes).toBe(0);
    await port.stopListening();
    expect(log).toEqual(['pause', 'resume', 'stop']);
  });

  it('stops a producer that comes too late', async () => {
    const { port } = openUDP(rig);
    await port.stopListening();
    let stopped = 0;
    port.registerProducer({ resumeProducing() {}, stopProducing: () => void stopped++ }, false);
    expect(stopped).toBe(1);
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

/** UDP over the simulated network: each fault happens, and happens the same way for the same seed. */
import { describe, expect, it } from 'vitest';
import type {
  DatagramDetails,
  ListenUDPOptions,
  UDPTransport,
} from '../../../src/core/datagram.js';
import {
  DatagramNotSentError,
  MessageLengthError,
  MulticastJoinError,
} from '../../../src/core/errors/datagram.js';
import { CannotListenError } from '../../../src/core/errors/listening.js';
import { UnsupportedError } from '../../../src/core/errors/reactor.js';
import { CHOPPY, type SimulationFaults } from '../../../src/testing/simulation/faults.js';
import type { SimulatedReactor } from '../../../src/testing/simulation/simulated-reactor.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import { DatagramRecorder } from '../../support/datagrams.js';

interface Ends {
  readonly simulation: Simulation;
  readonly here: SimulatedReactor;
  readonly there: SimulatedReactor;
  readonly port: UDPTransport;
  readonly sender: DatagramRecorder;
  readonly receiver: DatagramRecorder;
  /** When each datagram came. */
  readonly times: number[];
}

/** A port of one host, and one of the other at 53. */
function ends(faults: SimulationFaults, seed = 1, options: ListenUDPOptions = {}): Ends {
  const simulation = new Simulation({ faults, seed });
  const [here, there] = [simulation.host('b'), simulation.host('a')];
  const [sender, receiver] = [new DatagramRecorder(), new DatagramRecorder()];
  const times: number[] = [];
  receiver.onDatagram = () => times.push(simulation.now());
  there.listenUDP(53, receiver, options);
  const port = here.listenUDP(0, sender);
  return { simulation, here, there, port, sender, receiver, times };
}

function write({ port, there }: Ends, data: string | Buffer): void {
  port.write(data, { host: there.hostAddress, port: 53 });
}

/** Sends `count` datagrams, numbered from 0. */
function numbers(faults: SimulationFaults, count = 200, seed = 1): Ends {
  const all = ends(faults, seed);
  for (let i = 0; i < count; i++) write(all, String(i));
  all.simulation.runSync();
  return all;
}

const inOrder = Array.from({ length: 200 }, (_, i) => String(i));

describe('a simulated datagram', () => {
  it('arrives after its latency, from the address of its host', () => {
    const all = ends({ latencyMs: 30 });
    write(all, 'hello');
    all.simulation.runSync();
    expect(all.times).toEqual([30]);
    expect(all.receiver.texts).toEqual(['hello']);
    const [received] = all.receiver.received;
    expect(String(received?.from)).toBe(`${all.here.hostAddress}:${all.port.getHost().port}`);
  });

  it('stays in order whatever the latency', () => {
    expect(numbers({ latencyMs: [0, 100] }).receiver.texts).toEqual(inOrder);
  });

  it('is lost, doubled and overtaken by probability', () => {
    const lost = numbers({ loss: 0.25 }).receiver.texts;
    expect(lost.length).toBeGreaterThan(120);
    expect(lost.length).toBeLessThan(180);
    expect(lost).toEqual(inOrder.filter((text) => lost.includes(text)));
    const doubled = numbers({ duplicate: 0.25 }).receiver.texts;
    expect(doubled.length).toBeGreaterThan(220);
    expect(new Set(doubled)).toEqual(new Set(inOrder));
    const overtaken = numbers({ reorder: 0.25, reorderMs: 5 }).receiver.texts;
    expect(overtaken).not.toEqual(inOrder);
    expect([...overtaken].sort()).toEqual([...inOrder].sort());
  });

  it('never arrives if all are lost, and arrives twice if all are doubled', () => {
    expect(numbers({ loss: 1 }).receiver.texts).toEqual([]);
    expect(numbers({ duplicate: 1 }).receiver.texts).toHaveLength(400);
  });

  it('is delayed by the requested time', () => {
    const all = ends({ latencyMs: 10, reorder: 1, reorderMs: 25 });
    write(all, 'x');
    all.simulation.runSync();
    expect(all.times).toEqual([35]);
  });

  it('meets the same fate for the same seed, whatever other faults there are', () => {
    const seen = (faults: SimulationFaults, seed: number): string[] =>
      numbers(faults, 200, seed).receiver.texts;
    expect(seen({ loss: 0.3 }, 5)).toEqual(seen({ loss: 0.3 }, 5));
    expect(seen({ loss: 0.3 }, 5)).not.toEqual(seen({ loss: 0.3 }, 6));
    const plus = seen({ loss: 0.3, reorder: 0.5, latencyMs: [0, 20] }, 5);
    expect([...plus].sort()).toEqual([...seen({ loss: 0.3 }, 5)].sort());
  });

  it('leaves the same trace for the same seed', () => {
    const trace = (): string => String(numbers(CHOPPY, 100, 3).simulation.trace);
    expect(trace()).toBe(trace());
    expect(trace()).toContain('b:40001 -> a:53  a datagram is lost');
    expect(trace()).toContain('b:40001 -> a:53  a datagram is delayed');
    expect(trace()).toContain('data 1 B  "0"');
  });
});

describe('a simulated UDP socket', () => {
  it('reports datagrams longer than the network carries; its own host accepts them', () => {
    const all = ends({ mtuBytes: 1400 }, 1, { maxPacketSize: 2000 });
    write(all, 'x'.repeat(1401));
    write(all, 'y'.repeat(1400));
    const local = new DatagramRecorder();
    const near = all.here.listenUDP(0, local, { maxPacketSize: 2000 });
    all.port.write('z'.repeat(1401), near.getHost());
    all.port.write('z'.repeat(1401), { host: '127.0.0.1', port: near.getHost().port });
    all.simulation.runSync();
    expect(all.receiver.texts).toEqual(['y'.repeat(1400)]);
    expect(local.received.map(({ from }) => from.host)).toEqual(['127.0.0.1', '127.0.0.1']);
    const [error] = all.sender.errors as [MessageLengthError];
    expect(error).toBeInstanceOf(MessageLengthError);
    expect([error.length, all.sender.errors.length]).toEqual([1401, 1]);
  });

  it('sends no faster than the bandwidth, and drops datagrams beyond the limit', () => {
    const all = ends({ bytesPerSecond: 1000, sendBufferBytes: 200, latencyMs: 0 });
    const { simulation, here, there, times } = all;
    const port = here.listenUDP(0, new DatagramRecorder(), { maxBufferedBytes: 300 });
    for (let i = 0; i < 10; i++) {
      port.write('x'.repeat(100), { host: there.hostAddress, port: 53 });
    }
    expect(port.bufferedBytes).toBe(1000);
    simulation.runSync({ ms: 0 });
    expect([port.bufferedBytes, port.datagramsDropped]).toEqual([300, 5]);
    simulation.runSync();
    expect(times).toEqual([100, 200, 300, 400, 500]);
    expect(port.bufferedBytes).toBe(0);
  });

  it('pauses its producer while the network is full', () => {
    const { simulation, port, there, receiver } = ends({ bytesPerSecond: 10_000_000 });
    const log: string[] = [];
    const producer = {
      pauseProducing: () => void log.push(`pause ${simulation.now()}`),
      resumeProducing: () => void log.push(`resume ${port.bufferedBytes}`),
      stopProducing: () => {},
    };
    port.registerProducer(producer, true);
    for (let i = 0; i < 20; i++)
      port.write(Buffer.alloc(8000), { host: there.hostAddress, port: 53 });
    simulation.runSync();
    expect(log).toEqual(['pause 0', 'resume 0']);
    expect(receiver.received).toHaveLength(20);
  });

  it('loses datagrams beyond its buffer while it reads slowly', () => {
    const faults = { slowReader: 1, slowReaderBytesPerSecond: 100, receiveWindowBytes: 50 };
    const all = ends({ ...faults, latencyMs: 0 });
    for (let i = 0; i < 10; i++) write(all, `${i}`.repeat(10));
    all.simulation.runSync();
    expect(all.receiver.texts.map((text) => text[0])).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(all.times).toEqual([0, 100, 200, 300, 400, 500]);
    expect(String(all.simulation.trace)).toContain('the receive buffer is full');
    const roomy = ends({ ...faults, latencyMs: 0 }, 1, { receiveBufferBytes: 1000 });
    for (let i = 0; i < 10; i++) write(roomy, `${i}`.repeat(10));
    roomy.simulation.runSync();
    expect(roomy.receiver.received).toHaveLength(10);
  });

  it('stops reading when it is stopped, with datagrams in its buffer', async () => {
    const all = ends({ slowReader: 1, slowReaderBytesPerSecond: 10, latencyMs: 0 });
    const port = all.there.listenUDP(54, all.receiver);
    const to = { host: all.there.hostAddress, port: 54 };
    for (let i = 0; i < 3; i++) all.port.write('1234567890', to);
    all.simulation.runSync({ ms: 500 });
    await all.simulation.run(port.stopListening());
    all.simulation.runSync();
    expect(all.receiver.received).toHaveLength(1);
  });

  it('loses datagrams under way, and those sent, while two hosts are cut off from each other', () => {
    const all = ends({ latencyMs: 10 });
    write(all, 'under way');
    all.simulation.runSync({ ms: 5 });
    all.simulation.partition(all.here, all.there);
    write(all, 'sent meanwhile');
    all.simulation.runSync({ ms: 100 });
    all.simulation.heal();
    write(all, 'afterwards');
    all.simulation.runSync();
    expect(all.receiver.texts).toEqual(['afterwards']);
    expect(String(all.simulation.trace)).toContain('the hosts are cut off from each other');
  });

  it('reports that nothing listens at its peer, but not while they are cut off from each other', () => {
    const { simulation, here, there, port, sender } = ends({ latencyMs: 10 });
    port.connect(there.hostAddress, 99);
    port.write('x');
    simulation.runSync();
    expect([sender.refusals, simulation.now()]).toEqual([1, 20]);
    simulation.partition(here, there);
    port.write('x');
    simulation.runSync();
    expect(sender.refusals).toBe(1);
  });

  it('loses datagrams if no host has the address', () => {
    const { simulation, port, sender } = ends({});
    port.write('x', { host: '203.0.113.1', port: 9 });
    port.connect('203.0.113.1', 9);
    port.write('x');
    simulation.runSync();
    expect([sender.errors, sender.refusals]).toEqual([[], 0]);
  });

  it('keeps to the addresses that it is bound to', () => {
    const { simulation, here, there } = ends({});
    expect(() => here.listenUDP(0, () => {}, { interface: '10.9.9.9' })).toThrow(CannotListenError);
    const recorder = new DatagramRecorder();
    const local = here.listenUDP(7, recorder, { interface: '127.0.0.1' });
    const [near, far] = [here.listenUDP(0, () => {}), there.listenUDP(0, () => {})];
    near.write('near', { host: '127.0.0.1', port: 7 });
    near.write('not here', { host: here.hostAddress, port: 7 });
    far.write('far', { host: here.hostAddress, port: 7 });
    local.write('out', { host: there.hostAddress, port: 53 });
    local.write('to nobody', { host: '127.0.0.1', port: 0 });
    simulation.runSync();
    expect(recorder.texts).toEqual(['near']);
    expect(recorder.errors).toEqual([
      expect.any(DatagramNotSentError),
      expect.any(DatagramNotSentError),
    ]);
    expect(() => local.fileno()).toThrow(UnsupportedError);
  });

  it('has IPv6, alone and together with IPv4', () => {
    const simulation = new Simulation();
    const [six, four] = [simulation.host('2001:db8::6'), simulation.host('four')];
    const [both, only] = [new DatagramRecorder(), new DatagramRecorder()];
    six.listenUDP(5, both, { interface: '::' });
    six.listenUDP(6, only, { interface: '::', ipv6Only: true });
    six.listenUDP(6, () => {}, { interface: '0.0.0.0' });
    expect(() => six.listenUDP(5, () => {}, { interface: '0.0.0.0' })).toThrow(CannotListenError);
    const sender = six.listenUDP(0, () => {}, { interface: '::' });
    for (const host of ['2001:db8::6', '::1', '127.0.0.1']) {
      for (const port of [5, 6]) sender.write(host, { host, port });
    }
    const failed = new DatagramRecorder();
    four.listenUDP(0, failed, { interface: '::' }).write('x', { host: '2001:db8::6', port: 5 });
    simulation.runSync();
    expect(both.texts).toEqual(['2001:db8::6', '::1', '127.0.0.1']);
    expect(both.received.map(({ from }) => from.family)).toEqual(['IPv6', 'IPv6', 'IPv4']);
    expect(only.texts).toEqual(['2001:db8::6', '::1']);
    expect(failed.errors[0]).toMatchObject({ cause: { code: 'ENETUNREACH' } });
  });

  it('shares a port by reusePort, each peer keeping to one socket', () => {
    const { simulation, here, there } = ends({});
    const recorders = [1, 2, 3].map(() => new DatagramRecorder());
    for (const recorder of recorders) there.listenUDP(9, recorder, { reusePort: true });
    expect(() => there.listenUDP(9, () => {})).toThrow(CannotListenError);
    const to = { host: there.hostAddress, port: 9 };
    for (let i = 0; i < 30; i++) {
      const port = here.listenUDP(0, () => {});
      port.write(`${i}`, to);
      port.write(`${i}`, to);
    }
    simulation.runSync();
    for (const { texts } of recorders) expect(texts.length).toBe(20);
    for (let i = 0; i < 30; i++) {
      expect(recorders.filter(({ texts }) => texts.includes(`${i}`))).toHaveLength(1);
    }
  });

  it('gives destination, interface and traffic class on request, and sends from an address', () => {
    const simulation = new Simulation();
    const [one, other] = [simulation.host('one'), simulation.host('other')];
    const told: (DatagramDetails | undefined)[] = [];
    const from: string[] = [];
    const options = { packetInfo: true, receiveTrafficClass: true };
    other.listenUDP(
      7,
      (_data, address, _transport, details) => {
        told.push(details);
        from.push(address.host);
      },
      options,
    );
    const port = one.listenUDP(0, () => {});
    port.setTrafficClass(0xb8);
    port.write('x', { host: other.hostAddress, port: 7 }, { source: one.hostAddress });
    simulation.runSync();
    other.listenUDP(0, () => {}).write('x', { host: '127.0.0.1', port: 7 });
    simulation.runSync();
    const unsent = new DatagramRecorder();
    one
      .listenUDP(0, unsent)
      .write('x', { host: other.hostAddress, port: 7 }, { source: '10.8.8.8' });
    simulation.runSync();
    expect(told).toEqual([
      { destination: other.hostAddress, interfaceIndex: 2, trafficClass: 0xb8 },
      { destination: '127.0.0.1', interfaceIndex: 1, trafficClass: 0 },
    ]);
    expect(from).toEqual([one.hostAddress, '127.0.0.1']);
    expect(unsent.errors[0]).toMatchObject({ cause: { code: 'EINVAL' } });
  });

  it('is named in the error of a stuck run', async () => {
    const { simulation } = ends({});
    await expect(simulation.run(new Promise(() => {}))).rejects.toThrow(/a {2}listens on udp 53/);
  });
});

describe('simulated broadcast', () => {
  it('reaches the ports of every host that listen on all addresses', () => {
    const simulation = new Simulation();
    const recorders = ['one', 'two', 'three'].map((name) => {
      const recorder = new DatagramRecorder();
      simulation.host(name).listenUDP(67, recorder);
      return recorder;
    });
    const bound = new DatagramRecorder();
    simulation.host('four').listenUDP(67, bound, { interface: '127.0.0.1' });
    const refused = new DatagramRecorder();
    const port = simulation.host('one').listenUDP(0, refused);
    port.write('no', { host: '255.255.255.255', port: 67 });
    simulation.runSync();
    port.setBroadcastAllowed(true);
    port.write('all', { host: '255.255.255.255', port: 67 });
    simulation.runSync();
    expect(recorders.map(({ texts }) => texts)).toEqual([['all'], ['all'], ['all']]);
    expect(bound.texts).toEqual([]);
    expect(refused.errors).toMatchObject([{ cause: { code: 'EACCES' } }]);
  });
});

describe('simulated multicast', () => {
  const GROUP = '239.1.2.3';

  interface Member {
    readonly port: UDPTransport;
    readonly recorder: DatagramRecorder;
  }

  function member(reactor: SimulatedReactor, options: ListenUDPOptions = {}): Member {
    const recorder = new DatagramRecorder();
    return {
      recorder,
      port: reactor.listenUDP(5353, recorder, { listenMultiple: true, ...options }),
    };
  }

  it('reaches the members on all hosts, this one included', () => {
    const simulation = new Simulation();
    const [one, two] = [simulation.host('one'), simulation.host('two')];
    const members = [member(one), member(two), member(two)];
    for (const { port } of members) port.joinGroup(GROUP);
    const stranger = member(two);
    const local = member(two, { interface: '127.0.0.1' });
    local.port.joinGroup(GROUP);
    const sender = one.listenUDP(0, () => {});
    const send = (text: string): void => {
      sender.write(text, { host: GROUP, port: 5353 });
      simulation.runSync();
    };
    send('all');
    sender.setMulticastLoopback(false);
    send('others');
    sender.setMulticastLoopback(true);
    sender.setMulticastTTL(0);
    send('own');
    members[0]?.port.leaveGroup(GROUP);
    send('nobody');
    expect(members.map(({ recorder }) => recorder.texts)).toEqual([
      ['all', 'own'],
      ['all', 'others'],
      ['all', 'others'],
    ]);
    expect([stranger.recorder.texts, local.recorder.texts]).toEqual([[], []]);
  });

  it('leaves by the requested interface', () => {
    const simulation = new Simulation();
    const [one, two] = [simulation.host('one'), simulation.host('two')];
    const [outside, inside, far] = [member(one), member(one), member(two)];
    outside.port.joinGroup(GROUP, { interface: 'eth0' });
    inside.port.joinGroup(GROUP, { interface: 'lo' });
    far.port.joinGroup(GROUP, { interface: two.hostAddress });
    const sender = one.listenUDP(0, () => {});
    for (const through of [1, 'eth0', one.hostAddress, '0.0.0.0']) {
      sender.setMulticastInterface(through);
      sender.write(String(through), { host: GROUP, port: 5353 });
      simulation.runSync();
    }
    expect(inside.recorder.texts).toEqual(['1']);
    expect(outside.recorder.texts).toEqual(['eth0', one.hostAddress, '0.0.0.0']);
    expect(far.recorder.texts).toEqual(outside.recorder.texts);
    expect(() => sender.setMulticastInterface('wlan0')).toThrow('ENODEV');
  });

  it('receives only from the requested source', () => {
    const simulation = new Simulation();
    const [one, two, three] = ['one', 'two', 'three'].map((name) => simulation.host(name));
    if (one === undefined || two === undefined || three === undefined)
      throw new Error('three hosts');
    const { port, recorder } = member(one);
    port.joinGroup(GROUP, { source: two.hostAddress });
    for (const host of [two, three]) {
      host.listenUDP(0, () => {}).write(host.hostName, { host: GROUP, port: 5353 });
    }
    simulation.runSync();
    expect(recorder.texts).toEqual(['two']);
    expect(() => port.leaveGroup(GROUP)).toThrow(MulticastJoinError);
    port.leaveGroup(GROUP, { source: two.hostAddress });
  });

  it('has groups of IPv6 for sockets of IPv6', () => {
    const simulation = new Simulation();
    const [one, two] = [simulation.host('2001:db8::1'), simulation.host('2001:db8::2')];
    const { port, recorder } = member(one, { interface: '::' });
    port.joinGroup('ff15::7');
    expect(() => port.joinGroup(GROUP)).toThrow(MulticastJoinError);
    two.listenUDP(0, () => {}, { interface: '::' }).write('x', { host: 'ff15::7', port: 5353 });
    simulation.runSync();
    expect(recorder.texts).toEqual(['x']);
  });
});

/** Datagrams as only the native reactor has them: details, sources, offloads, lack of memory, adoption. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  type DatagramDetails,
  type DatagramHandlers,
  DescriptorError,
  type ListenUDPOptions,
  type UDPTransport,
} from '../../src/index.js';
import { ReceiveArena } from '../../src/reactor/native/receive-arena.js';
import { contract, type Rig } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';

interface Arrived {
  readonly text: string;
  readonly length: number;
  readonly port: number;
  readonly details: DatagramDetails | undefined;
}

/** A socket that keeps what comes. */
class Listener extends Pulse {
  readonly arrived: Arrived[] = [];
  readonly transport: UDPTransport;

  constructor(rig: Rig, options: ListenUDPOptions = {}) {
    super();
    const handlers: DatagramHandlers = {
      datagramReceived: (data, from, _transport, details) => {
        this.arrived.push({ text: data.toString(), length: data.length, port: from.port, details });
        this.notify();
      },
    };
    this.transport = rig.use(
      rig.reactor.listenUDP(0, handlers, { interface: '127.0.0.1', ...options }),
    );
  }

  get port(): number {
    return this.transport.getHost().port;
  }

  get to(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  async count(count: number): Promise<readonly Arrived[]> {
    await this.until(
      () => this.arrived.length >= count,
      () => `${count} datagrams, not ${this.arrived.length}`,
    );
    return this.arrived;
  }
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-datagrams-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

contract('native datagrams', (rig) => {
  it('carry their destination, and can be answered from there', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('sources');
    const server = new Listener(rig, { interface: '0.0.0.0', packetInfo: true });
    const client = new Listener(rig);
    client.transport.write('ask', { host: '127.0.0.9', port: server.port });
    const [asked] = await server.count(1);
    expect(asked?.details?.destination).toBe('127.0.0.9');
    expect(asked?.details?.interfaceIndex).toBeGreaterThan(0);
    client.transport.connect('127.0.0.9', server.port);
    server.transport.write('answer', client.to, { source: '127.0.0.9' });
    expect((await client.count(1))[0]?.text).toBe('answer');
  });

  it('carry their traffic class', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const server = new Listener(rig, { receiveTrafficClass: true });
    const client = new Listener(rig);
    client.transport.setTrafficClass(0xb9);
    client.transport.write('marked', server.to);
    expect((await server.count(1))[0]?.details).toEqual({
      destination: undefined,
      interfaceIndex: undefined,
      trafficClass: 0xb9,
    });
  });

  it.each([true, false])('are joined and cut up unseen (offload %s)', async (offload) => {
    if (!rig.native) return;
    const options = { receiveOffload: offload, receiveBufferBytes: 4 << 20 };
    const server = new Listener(rig, options);
    const client = new Listener(rig);
    for (let i = 0; i < 200; i++) {
      client.transport.write(Buffer.alloc(1200, i), server.to);
    }
    client.transport.write('the last, shorter', server.to);
    const arrived = await server.count(201);
    expect(arrived.map(({ length }) => length)).toEqual([...Array(200).fill(1200), 17]);
    expect(arrived[200]?.text).toBe('the last, shorter');
    expect(rig.reactor.statistics().bytesReceived).toBe(200 * 1200 + 17);
  });

  it('of a group reach its members, from one source on request', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('multicast');
    const member = new Listener(rig, { interface: '0.0.0.0' });
    const sender = new Listener(rig);
    const [any, one] = ['239.255.7.7', '232.1.7.7'];
    member.transport.joinGroup(any, { interface: '127.0.0.1' });
    member.transport.joinGroup(one, { interface: '127.0.0.1', source: '127.0.0.1' });
    sender.transport.setMulticastInterface('127.0.0.1');
    sender.transport.setMulticastLoopback(true);
    sender.transport.write('to any', { host: any, port: member.port });
    sender.transport.write('to one', { host: one, port: member.port });
    expect((await member.count(2)).map(({ text }) => text)).toEqual(['to any', 'to one']);
    member.transport.leaveGroup(any, { interface: '127.0.0.1' });
    sender.transport.write('unheard', { host: any, port: member.port });
    sender.transport.write('heard', { host: one, port: member.port });
    expect((await member.count(3))[2]?.text).toBe('heard');
    expect(sender.transport.getMulticastTTL()).toBe(1);
    sender.transport.setMulticastTTL(3);
    expect(sender.transport.getMulticastTTL()).toBe(3);
  });

  it('whose sender is unknown for lack of memory are lost alone, and reported', async ({
    skip,
  }) => {
    skip(!rig.native, 'native only');
    needs('unixDatagrams');
    const [path, own] = ['deaf', 'nameless'].map((name) =>
      join(folder, `${name}-${rig.maker.name}`),
    );
    const pulse = new Pulse();
    const received: string[] = [];
    rig.use(
      rig.reactor.listenUNIXDatagram(path as string, (data) => {
        received.push(data.toString());
        pulse.notify();
      }),
    );
    const client = rig.use(
      rig.reactor.connectUNIXDatagram(path as string, {}, { bindAddress: own as string }),
    );
    const error = new RangeError('no memory');
    const lend = vi.spyOn(ReceiveArena.prototype, 'lend').mockImplementationOnce(() => {
      throw error;
    });
    for (const text of ['lost', 'second', 'third']) client.write(text);
    await pulse.until(() => received.length === 2, 'the others');
    await rig.turns(2);
    lend.mockRestore();
    expect(received).toEqual(['second', 'third']);
    expect(rig.takeReports()).toEqual([{ error, where: 'datagram' }]);
  });

  it('go on over a socket that was adopted', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('descriptors');
    const first = new Listener(rig);
    const client = new Listener(rig);
    const pulse = new Pulse();
    const heard: string[] = [];
    const adopted = rig.use(
      rig.reactor.adoptDatagramPort(first.transport.fileno(), (data, from, transport) => {
        heard.push(data.toString());
        transport.write(`heard ${data}`, from);
        pulse.notify();
      }),
    );
    const { to } = first;
    expect(adopted.getHost().port).toBe(to.port);
    await first.transport.stopListening();
    client.transport.write('still there?', to);
    await pulse.until(() => heard.length === 1, 'the question');
    expect((await client.count(1))[0]?.text).toBe('heard still there?');
    const tcp = rig.use(rig.reactor.listenTCP(0, () => ({}), { interface: '127.0.0.1' }));
    expect(() => rig.reactor.adoptDatagramPort(tcp.fileno(), {})).toThrow(DescriptorError);
    expect(() => rig.reactor.adoptDatagramPort(99_999, {})).toThrow(DescriptorError);
  });
});

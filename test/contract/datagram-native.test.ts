/** Datagrams as only the native reactor has them: details, sources, offloads, queues, UNIX sockets, adoption. */
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  ConnectionRefusedError,
  type DatagramDetails,
  type DatagramError,
  type DatagramHandlers,
  DatagramNotSentError,
  DatagramTruncatedError,
  DescriptorError,
  InvalidAddressError,
  IPv4Address,
  type ListenUDPOptions,
  MessageLengthError,
  type UDPTransport,
  UNIXAddress,
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
  readonly failures: DatagramError[] = [];
  refusals = 0;
  readonly transport: UDPTransport;

  constructor(rig: Rig, options: ListenUDPOptions = {}) {
    super();
    const handlers: DatagramHandlers = {
      datagramReceived: (data, from, _transport, details) => {
        this.arrived.push({ text: data.toString(), length: data.length, port: from.port, details });
        this.notify();
      },
      connectionRefused: () => {
        this.refusals += 1;
        this.notify();
      },
      datagramFailed: (error) => {
        this.failures.push(error);
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

  it('are refused by the call if they can never be sent', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const { transport, to } = new Listener(rig);
    expect(() => transport.write(Buffer.alloc(65_508), to)).toThrow(MessageLengthError);
    expect(() => transport.write('é'.repeat(40_000), to)).toThrow(MessageLengthError);
    expect(() => transport.write('x')).toThrow(InvalidAddressError);
    expect(() => transport.write('x', { host: 'localhost', port: 9 })).toThrow(InvalidAddressError);
    expect(() => transport.write('x', { host: '::1', port: 9 })).toThrow(InvalidAddressError);
    expect(() => transport.write('x', { host: '127.0.0.1', port: 65_536 })).toThrow(
      InvalidAddressError,
    );
    expect(() => transport.write('x', new IPv4Address('UDP', 'nowhere', 9))).toThrow(
      InvalidAddressError,
    );
    expect(() => transport.write(5 as unknown as string, to)).toThrow(TypeError);
  });

  it('are reported if the system refuses them, and later ones are sent', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const server = new Listener(rig);
    const client = new Listener(rig);
    client.transport.write('broadcast', { host: '255.255.255.255', port: 9 });
    client.transport.write('behind it', server.to);
    expect((await server.count(1))[0]?.text).toBe('behind it');
    await client.until(() => client.failures.length === 1, 'the failure');
    expect(client.failures[0]).toBeInstanceOf(DatagramNotSentError);
    expect(client.failures[0]?.address?.toString()).toBe('255.255.255.255:9');
    expect(client.failures[0]?.cause).toMatchObject({ code: 'EACCES' });
  });

  it('are dropped and reported if they are too long', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const server = new Listener(rig, { maxPacketSize: 10 });
    const client = new Listener(rig);
    client.transport.write('0123456789+', server.to);
    client.transport.write('0123456789', server.to);
    expect((await server.count(1))[0]?.text).toBe('0123456789');
    expect(server.failures[0]).toBeInstanceOf(DatagramTruncatedError);
    expect(server.transport.datagramsTruncated).toBe(1);
  });

  it('report to a connected socket that nothing listens', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('refusals');
    const gone = new Listener(rig);
    const client = new Listener(rig);
    client.transport.connect('127.0.0.1', gone.port);
    await gone.transport.stopListening();
    client.transport.write('anybody?');
    await client.until(() => client.refusals > 0, 'a refusal');
  });

  it('are answered over IPv6 and IPv4 by one socket', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const { reactor } = rig;
    const server = rig.use(
      reactor.listenUDP(0, (data, from, transport) => transport.write(data, from), {
        interface: '::',
      }),
    );
    const { port } = server.getHost();
    const four = new Listener(rig);
    const six = new Listener(rig, { interface: '::1' });
    four.transport.write('four', { host: '127.0.0.1', port });
    six.transport.write('six', { host: '::1', port });
    expect((await four.count(1))[0]?.text).toBe('four');
    expect((await six.count(1))[0]?.text).toBe('six');
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

  it('wait at a UNIX path until there is room, and pause their producer', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('unixDatagrams');
    const path = join(folder, `queue-${rig.maker.name}`);
    const received: number[] = [];
    const pulse = new Pulse();
    const server = rig.use(
      rig.reactor.listenUNIXDatagram(path, (data) => {
        received.push(data.readUInt32BE());
        pulse.notify();
      }),
    );
    expect(server.getHost()).toEqual(new UNIXAddress(path));
    const client = rig.use(rig.reactor.connectUNIXDatagram(path, {}));
    const calls: string[] = [];
    client.registerProducer(
      {
        pauseProducing: () => calls.push('pause'),
        resumeProducing: () => {
          calls.push('resume');
          pulse.notify();
        },
        stopProducing: () => calls.push('stop'),
      },
      true,
    );
    for (let i = 0; i < 200; i++) {
      const data = Buffer.alloc(1000);
      data.writeUInt32BE(i);
      client.write(data);
    }
    expect(calls).toEqual(['pause']);
    expect(client.bufferedBytes).toBe(200_000);
    await pulse.until(() => received.length === 200 && calls.length === 2, 'all of them');
    expect(received).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(calls).toEqual(['pause', 'resume']);
    expect(client.datagramsDropped).toBe(0);
    await client.stopListening();
    expect(calls).toEqual(['pause', 'resume', 'stop']);
  });

  it('beyond the limit are dropped and counted', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('unixDatagrams');
    const path = join(folder, `full-${rig.maker.name}`);
    const pulse = new Pulse();
    let received = 0;
    rig.use(
      rig.reactor.listenUNIXDatagram(path, () => {
        received += 1;
        pulse.notify();
      }),
    );
    const client = rig.use(rig.reactor.connectUNIXDatagram(path, {}, { maxBufferedBytes: 20_000 }));
    for (let i = 0; i < 200; i++) client.write(Buffer.alloc(1000));
    await rig.turns(1);
    const { datagramsDropped } = client;
    expect(datagramsDropped).toBeGreaterThan(100);
    await pulse.until(() => received === 200 - datagramsDropped, 'the others');
  });

  it('come to a file that goes with the socket, unless it is somebody else’s by then', async ({
    skip,
  }) => {
    skip(!rig.native, 'native only');
    needs('unixDatagrams');
    const path = join(folder, `file-${rig.maker.name}`);
    const first = rig.reactor.listenUNIXDatagram(path, {});
    expect(statSync(path).isSocket()).toBe(true);
    await first.stopListening();
    expect(existsSync(path)).toBe(false);
    const second = rig.reactor.listenUNIXDatagram(path, {});
    unlinkSync(path);
    writeFileSync(path, 'mine');
    await second.stopListening();
    expect(readFileSync(path, 'utf8')).toBe('mine');
    unlinkSync(path);
    const third = rig.reactor.listenUNIXDatagram(path, {});
    await third.stopListening({ keepFile: true });
    expect(statSync(path).isSocket()).toBe(true);
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

  it('at a UNIX path come with the path that they are from', async ({ skip }) => {
    skip(!rig.native, 'native only');
    needs('unixDatagrams');
    const [path, own] = ['server', 'client'].map((name) =>
      join(folder, `${name}-${rig.maker.name}`),
    );
    const pulse = new Pulse();
    const answers: string[] = [];
    rig.use(
      rig.reactor.listenUNIXDatagram(path as string, (data, from, transport) => {
        if (from.path !== '') transport.write(`${data} from ${from.path}`, from);
      }),
    );
    const client = rig.use(
      rig.reactor.connectUNIXDatagram(
        path as string,
        (data) => {
          answers.push(data.toString());
          pulse.notify();
        },
        { bindAddress: own as string },
      ),
    );
    const nameless = rig.use(rig.reactor.connectUNIXDatagram(path as string, {}));
    nameless.write('nobody can answer this');
    client.write('hello');
    await pulse.until(() => answers.length === 1, 'the answer');
    expect(answers).toEqual([`hello from ${own}`]);
    const nowhere = join(folder, 'nowhere');
    expect(() => rig.reactor.connectUNIXDatagram(nowhere, {})).toThrow(ConnectionRefusedError);
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

  it('written before stopping are sent; restarting begins anew', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const server = new Listener(rig);
    const calls: string[] = [];
    const client = rig.reactor.listenUDP(
      0,
      { startProtocol: () => calls.push('start'), stopProtocol: () => calls.push('stop') },
      { interface: '127.0.0.1' },
    );
    client.write('bye', server.to);
    const stopped = client.stopListening();
    client.write('too late', server.to);
    client.startListening();
    rig.use(client);
    expect(calls).toEqual(['start']);
    await stopped;
    expect(calls).toEqual(['start', 'stop', 'start']);
    client.write('again', server.to);
    expect((await server.count(2)).map(({ text }) => text)).toEqual(['bye', 'again']);
  });

  it('whose receiver throws are reported, and the next comes', async ({ skip }) => {
    skip(!rig.native, 'native only');
    const pulse = new Pulse();
    let count = 0;
    const server = rig.use(
      rig.reactor.listenUDP(
        0,
        () => {
          count += 1;
          pulse.notify();
          if (count === 1) throw new Error('out of datagramReceived');
        },
        { interface: '127.0.0.1' },
      ),
    );
    const client = new Listener(rig);
    client.transport.connect('127.0.0.1', server.getHost().port);
    client.transport.write('one');
    client.transport.write('two');
    await pulse.until(() => count === 2, 'both');
    expect(rig.takeReports().map(({ where }) => where)).toEqual(['datagramReceived']);
  });
});

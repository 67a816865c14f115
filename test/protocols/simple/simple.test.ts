import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IPv4Address } from '../../../src/core/address.js';
import { TCPClientEndpoint } from '../../../src/endpoints/tcp.js';
import {
  askDaytime,
  askQuote,
  askTime,
  daytimeBytes,
  parseTime,
  quoteBytes,
  type SimpleDatagramOptions,
  SimpleDatagramServer,
  SimpleServerFactory,
  type SimpleServerOptions,
  type SimpleService,
  timeBytes,
} from '../../../src/protocols/simple/index.js';
import { CHARGEN_PERIOD, chargenBytes } from '../../../src/protocols/simple/serializer.js';
import { flushLoggedErrors } from '../../../src/testing/logged-errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { MemoryTransport } from '../../../src/testing/memory-transport.js';
import { accept, offer } from '../../policies/wired.js';
import { contract, portOf } from '../../support/contract.js';
import { DatagramRecorder } from '../../support/datagrams.js';
import { HUGE, patterned } from '../../support/pairs.js';
import { RawPeer, RawServer } from '../../support/raw-peer.js';

const NOW = new Date('1982-02-22T17:37:43.900Z');
const now = (): Date => NOW;

describe('times', () => {
  it('are written as the RFCs say', () => {
    expect(daytimeBytes(NOW).toString()).toBe('Monday, February 22, 1982 17:37:43-UTC\r\n');
    expect(daytimeBytes(new Date('2026-01-05T01:02:03Z')).toString()).toContain(
      'y, January 5, 2026 01:02:03',
    );
    // The examples of RFC 868.
    for (const [seconds, date] of [
      [2_208_988_800, '1970-01-01'],
      [2_398_291_200, '1976-01-01'],
      [2_524_521_600, '1980-01-01'],
      [2_629_584_000, '1983-05-01'],
      [1_297_728_000, '1858-11-17'],
    ] as const) {
      const value = date === '1858-11-17' ? 2 ** 32 - seconds : seconds;
      expect(timeBytes(new Date(date)).readUInt32BE(), date).toBe(value);
    }
  });

  it('survive a round trip in every era', () => {
    const times = fc.date({
      min: new Date('1500-01-01'),
      max: new Date('2500-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), (time, off) => {
        const near = new Date(time.getTime() + off * 1000);
        expect(parseTime(timeBytes(time), near).getTime()).toBe(
          Math.floor(time.getTime() / 1000) * 1000,
        );
      }),
    );
  });

  it.each([0, 3, 5])('are refused with %d bytes', (length) => {
    expect(() => parseTime(Buffer.alloc(length), NOW)).toThrow(`not ${length}`);
  });
});

describe('texts', () => {
  it('of the character generator are the lines of RFC 864', () => {
    const lines = chargenBytes(0, CHARGEN_PERIOD).toString().split('\r\n');
    expect(lines).toHaveLength(96);
    expect(lines[0]).toBe(
      ' !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg',
    );
    expect(lines[1]).toBe(`${lines[0]?.slice(1)}h`);
    expect(lines[94]).toBe(`~${lines[0]?.slice(0, 71)}`);
  });

  it('of quotes are limited and have no control characters', () => {
    expect(quoteBytes('a\nb\x1b').toString()).toBe('a\r\nb\\x1b');
    expect(quoteBytes('x'.repeat(512))).toHaveLength(512);
    expect(() => quoteBytes('x'.repeat(513))).toThrow(RangeError);
  });
});

describe('a simple server', () => {
  function serve(service: SimpleService, options: SimpleServerOptions = {}, capacity = 1e9) {
    const clock = new ManualClock();
    const factory = new SimpleServerFactory(clock, service, { now, ...options });
    const { transport } = accept(factory, { capacity });
    transport.settle();
    return { clock, factory, transport };
  }

  const seen = (transport: MemoryTransport): string => `${transport.text}${transport.peerSees}`;

  it('answers once: daytime, time, quote', async () => {
    expect(seen(serve('daytime').transport)).toBe('Monday, February 22, 1982 17:37:43-UTC\r\nend');
    expect(serve('time').transport.written).toEqual(timeBytes(NOW));
    expect(seen(serve('quote', { quote: () => 'hemp\n' }).transport)).toBe('hemp\r\nend');
    const { transport } = serve('quote', { quote: async () => 'later' });
    await new Promise((resolve) => void setImmediate(resolve));
    transport.settle();
    expect(seen(transport)).toBe('laterend');
  });

  it('reports a quote that fails or is too long', () => {
    for (const quote of [() => 'x'.repeat(513), () => Promise.reject(new Error('x')) as never]) {
      const factory = new SimpleServerFactory(new ManualClock(), 'quote', { quote });
      const { transport } = accept(factory, { reportError: () => {} });
      transport.settle();
      expect(transport.text).toBe('');
    }
    flushLoggedErrors(Error);
  });

  it('echoes, and reads no more from a client that does not read', () => {
    const { transport } = serve('echo', {}, 1_000);
    transport.receive('x'.repeat(60_000));
    transport.receive('x'.repeat(60_000));
    transport.settle();
    expect(transport.paused).toBe(true);
    transport.drain();
    transport.settle();
    expect(transport.paused).toBe(false);
  });

  it('discards', () => {
    const { transport } = serve('discard');
    transport.receive('x');
    transport.settle();
    expect(seen(transport)).toBe('open');
  });

  it('generates no more characters than the client takes', () => {
    const { transport } = serve('chargen', {}, 20_000);
    const before = transport.written.length + transport.bufferedBytes;
    transport.turn();
    expect(before).toBeLessThan(100_000);
    transport.drain(20_000);
    transport.settle();
    expect(transport.written.length).toBeGreaterThan(CHARGEN_PERIOD);
    expect(transport.written.length).toBeLessThan(100_000);
    transport.peerCloses();
    transport.drain();
    transport.settle();
    expect(transport.connected).toBe(false);
  });

  it.each(['echo', 'discard', 'chargen', 'quote'] as const)(
    'ends an idle connection: %s',
    (service) => {
      const quote = service === 'quote' ? { quote: () => 'x'.repeat(500) } : {};
      const { clock, factory, transport } = serve(service, { idleTimeoutMs: 10_000, ...quote }, 10);
      clock.advance(9_000);
      expect(transport.peerSees).toBe('open');
      clock.advance(10_000);
      transport.settle();
      expect(transport.peerSees).toBe('reset');
      expect(factory.connectionCount).toBe(0);
    },
  );

  it('never does with null', () => {
    const { clock, transport } = serve('echo', { idleTimeoutMs: null });
    clock.advance(1e9);
    transport.settle();
    expect(transport.peerSees).toBe('open');
  });

  it('refuses connections over maxConnections, unknown services, and a quote for others', () => {
    const clock = new ManualClock();
    const factory = new SimpleServerFactory(clock, 'discard', { maxConnections: 1 });
    accept(factory);
    expect(offer(factory)).toBeNull();
    expect(factory.refusedCount).toBe(1);
    expect(() => new SimpleServerFactory(clock, 'finger' as never)).toThrow('one of echo');
    expect(() => new SimpleServerFactory(clock, 'quote')).toThrow('quote must be a function');
    expect(() => new SimpleServerFactory(clock, 'echo', { quote: () => '' })).toThrow(RangeError);
  });
});

describe('a simple server of datagrams', () => {
  async function answers(
    service: SimpleService,
    data: string,
    options: SimpleDatagramOptions = {},
    port = 40_000,
  ): Promise<[number[], number]> {
    const sent: number[] = [];
    const transport = {
      write: (bytes: Buffer) => void sent.push(bytes.length),
      getHost: () => new IPv4Address('UDP', '192.0.2.1', 7_007),
    } as never;
    const server = new SimpleDatagramServer(service, { now, ...options });
    await server.datagramReceived(
      Buffer.from(data),
      new IPv4Address('UDP', '192.0.2.9', port),
      transport,
    );
    return [sent, server.unansweredCount];
  }

  it('never answers with more bytes than it received', async () => {
    expect(await answers('echo', 'abc')).toEqual([[3], 0]);
    expect(await answers('discard', 'abc')).toEqual([[], 0]);
    expect(await answers('chargen', 'abc')).toEqual([[3], 0]);
    expect(await answers('chargen', 'x'.repeat(600))).toEqual([[512], 0]);
    expect(await answers('time', '')).toEqual([[], 1]);
    expect(await answers('time', 'abcd')).toEqual([[4], 0]);
    expect(await answers('daytime', 'x')).toEqual([[], 1]);
    expect(await answers('quote', '', { quote: async () => 'hemp' })).toEqual([[], 1]);
  });

  it('does if that is allowed', async () => {
    const options = { allowLongerAnswers: true };
    expect(await answers('time', '', options)).toEqual([[4], 0]);
    expect(await answers('chargen', '', options)).toEqual([[512], 0]);
    expect(await answers('quote', '', { ...options, quote: async () => 'hemp' })).toEqual([[4], 0]);
  });

  it.each([0, 7, 19, 1_023, 7_007])('does not answer port %d', async (port) => {
    expect(await answers('echo', 'abc', {}, port)).toEqual([[], 1]);
  });
});

describe('a datagram server whose quotes take time', () => {
  it('waits for 1,000 at a time, and for new ones when some have come or failed', async () => {
    const waiting: ((text: string | Promise<string>) => void)[] = [];
    let asked = 0;
    const quote = (): Promise<string> => {
      asked++;
      return new Promise((resolve) => void waiting.push(resolve));
    };
    const server = new SimpleDatagramServer('quote', { quote });
    const sent: string[] = [];
    const transport = {
      write: (bytes: Buffer) => void sent.push(bytes.toString()),
      getHost: () => new IPv4Address('UDP', '192.0.2.1', 7_007),
    } as never;
    const ask = (): unknown =>
      server.datagramReceived(
        Buffer.alloc(9),
        new IPv4Address('UDP', '192.0.2.9', 40_000),
        transport,
      );
    const results = Array.from({ length: 1_001 }, ask);
    expect([asked, server.unansweredCount]).toEqual([1_000, 1]);
    waiting[0]?.('hemp');
    waiting[1]?.(Promise.reject(new Error('none')));
    await results[0];
    await expect(results[1]).rejects.toThrow('none');
    expect(sent).toEqual(['hemp']);
    for (let i = 0; i < 3; i++) ask();
    expect([asked, server.unansweredCount]).toEqual([1_002, 2]);
  });
});

contract('the simple services', (rig) => {
  function serve(service: SimpleService, options: SimpleServerOptions = {}): number {
    const factory = new SimpleServerFactory(rig.reactor, service, options);
    return portOf(rig.reactor.listenTCP(0, factory, { interface: '127.0.0.1' }));
  }
  const at = (port: number) => new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);

  it('are asked by the clients', async () => {
    const clock = rig.reactor;
    const time = await askTime(at(serve('time')), { clock });
    expect(Math.abs(Date.now() - time.getTime())).toBeLessThan(60_000);
    expect(await askDaytime(at(serve('daytime', { now })), { clock })).toBe(
      'Monday, February 22, 1982 17:37:43-UTC',
    );
    const quote = (): string => 'hemp\nand tar\n';
    expect(await askQuote(at(serve('quote', { quote })), { clock })).toBe('hemp\nand tar');
  });

  it('whose answers are wrong make the clients fail', async () => {
    const clock = rig.reactor;
    const raw = rig.use(await RawServer.listen());
    for (const [index, [bytes, why]] of [
      ['abc', 'not 3'],
      ['abcde', 'more than 4 bytes'],
    ].entries()) {
      const failed = expect(askTime(at(raw.port), { clock })).rejects.toThrow(why);
      const peer = await raw.peer(index);
      peer.write(bytes as string);
      peer.end();
      await failed;
    }
    const flooded = expect(askQuote(at(raw.port), { clock })).rejects.toThrow('more than 4096');
    (await raw.peer(2)).write('x'.repeat(5_000));
    await flooded;
    await expect(askDaytime(at(raw.port), { clock, timeoutMs: 50 })).rejects.toThrow('50 ms');
  });

  it('echo all bytes, also after the end of the client', async () => {
    const peer = rig.use(await RawPeer.connect(serve('echo')));
    const bytes = patterned(HUGE, 3);
    peer.write(bytes);
    peer.end();
    await peer.untilEnded();
    expect(peer.received.equals(bytes)).toBe(true);
  });

  it('do not answer themselves', async () => {
    const server = new SimpleDatagramServer('echo');
    const socket = rig.reactor.listenUDP(0, server, { interface: '127.0.0.1' });
    const client = new DatagramRecorder();
    const other = rig.reactor.listenUDP(0, client, { interface: '127.0.0.1' });
    socket.write('loop', socket.getHost());
    other.write('hemp', socket.getHost());
    await client.pulse.until(() => client.received.length === 1, 'an echo');
    expect(server.unansweredCount).toBe(1);
  });

  it('echo datagrams', async () => {
    const server = new SimpleDatagramServer('echo');
    const port = rig.reactor.listenUDP(0, server, { interface: '127.0.0.1' }).getHost().port;
    const client = new DatagramRecorder();
    const socket = rig.reactor.listenUDP(0, client, { interface: '127.0.0.1' });
    socket.write('hemp', new IPv4Address('UDP', '127.0.0.1', port));
    await client.pulse.until(() => client.received.length === 1, 'an echo');
    expect(client.received[0]?.data.toString()).toBe('hemp');
  });
});

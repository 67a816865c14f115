import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../src/core/errors/arguments.js';
import { ProducerRegisteredError } from '../../src/core/errors/connection.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { BucketFilter } from '../../src/policies/bucket-filter.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TokenBucket } from '../../src/policies/token-bucket.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type {
  MemoryTransport,
  MemoryTransportOptions,
} from '../../src/testing/memory-transport.js';
import { Recorder } from '../support/recorder.js';
import { Bench, Producer, SLOW, slowWriter } from './shaping-bench.js';
import { accept, checkRules, only } from './wired.js';

describe('ShapingFactory', () => {
  checkRules();

  it('changes nothing without limits', () => {
    const bench = new Bench({});
    const [protocol, transport] = bench.connect(new Recorder());
    transport.receive('x'.repeat(100_000));
    protocol.transport.write('y'.repeat(100_000));
    protocol.transport.writeSequence(['z']);
    expect([protocol.receivedBytes, transport.written.length]).toEqual([100_000, 100_001]);
    protocol.transport.pauseProducing();
    expect(transport.paused).toBe(true);
    protocol.transport.resumeProducing();
    expect(transport.paused).toBe(false);
    const producer = new Producer(protocol);
    protocol.transport.registerProducer(producer, true);
    expect(transport.registeredProducer).toBe(producer);
    protocol.transport.unregisterProducer();
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
  });

  it('refuses impossible rates when it is made', () => {
    const clock = new ManualClock();
    const make = (write: object) => () => new ShapingFactory(Recorder, { clock, write });
    expect(make({ total: { bytesPerSecond: 0 } })).toThrow(InvalidArgumentValueError);
    expect(make({ perConnection: { bytesPerSecond: 0 } })).toThrow(InvalidArgumentValueError);
    expect(make({ perConnection: { bytesPerSecond: '1' } })).toThrow(InvalidArgumentTypeError);
  });

  describe('the limit for all connections of a peer together', () => {
    const from = (host: string): MemoryTransportOptions => ({
      peer: new IPv4Address('TCP', host, 40_000),
    });
    const sentBy = (bench: Bench, hosts: readonly string[]): number[] => {
      const pairs = hosts.map((host) => bench.connect(new Recorder(), from(host)));
      for (const [protocol] of pairs) protocol.transport.write(Buffer.alloc(1_000_000));
      bench.advance(1_000);
      return pairs.map(([, transport]) => transport.written.length);
    };
    const RATE = { bytesPerSecond: 10_000, burstBytes: 100 };

    it('is shared by these', () => {
      const bench = new Bench({ write: { perPeer: RATE } });
      const [one = 0, another = 0, other = 0] = sentBy(bench, ['10.0.0.1', '10.0.0.1', '10.0.0.2']);
      expect([one + another, other]).toEqual([10_100, 10_100]);
      expect(Math.min(one, another)).toBeGreaterThan(4_000);
    });

    it('is lowered by the limit of each connection and of all together', () => {
      const bench = new Bench({
        write: {
          perConnection: { bytesPerSecond: 6_000, burstBytes: 1_000 },
          perPeer: { bytesPerSecond: 10_000, burstBytes: 1_000 },
          total: { bytesPerSecond: 15_000, burstBytes: 1_000 },
        },
      });
      const sent = sentBy(bench, ['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.2']);
      const all = sent.reduce((sum, bytes) => sum + bytes);
      expect(all).toBeGreaterThan(14_000);
      expect(all).toBeLessThanOrEqual(16_000);
      expect(Math.max(...sent)).toBeLessThanOrEqual(7_000);
      const alone = sentBy(new Bench({ write: { perPeer: RATE, perConnection: RATE } }), ['::']);
      expect(alone).toEqual([10_100]);
    });

    it('is limited in all factories that share a filter', () => {
      const clock = new ManualClock();
      const perPeer = new BucketFilter({ clock, ...RATE });
      const sent = ['10.0.0.1', '10.0.0.1', '10.0.0.2'].map((host) => {
        const protocol = new Recorder();
        const factory = new ShapingFactory(only(protocol), { clock, write: { perPeer } });
        const { transport } = accept(factory, from(host));
        protocol.transport.write('x'.repeat(80));
        return transport.written.length;
      });
      expect(sent).toEqual([80, 0, 80]);
    });

    it('is not raised by connecting again', () => {
      const clock = new ManualClock();
      const filter = new BucketFilter({ clock, ...RATE });
      const limits = { perPeer: filter };
      const send = (): [MemoryTransport, number] => {
        const protocol = new Recorder();
        const options = { clock, read: limits, write: limits };
        const { transport } = accept(new ShapingFactory(only(protocol), options), from('10.0.0.1'));
        protocol.transport.write('x'.repeat(80));
        return [transport, transport.written.length];
      };
      const bucket = filter.bucketFor(new IPv4Address('TCP', '10.0.0.1', 1));
      const [first, sent] = send();
      expect([sent, bucket.users]).toEqual([80, 2]);
      first.peerCloses();
      first.settle();
      const [, again] = send();
      expect([again, bucket.users]).toEqual([0, 2]);
    });

    it('is not limited twice: a filter of its own has what is above', () => {
      const clock = new ManualClock();
      const perPeer = new BucketFilter({ clock, ...RATE });
      const make = (limits: object) => () => new ShapingFactory(Recorder, { clock, read: limits });
      expect(make({ perPeer, total: RATE })).toThrow(InvalidArgumentValueError);
      expect(make({ perPeer: { bytesPerSecond: 0 } })).toThrow(InvalidArgumentValueError);
      expect(make({ perPeer: { rate: 1 } })).toThrow(UnknownOptionError);
    });
  });

  describe('writing', () => {
    it('sends bytes that have tokens immediately, and the rest in time and order', () => {
      const [bench, { transport: seen }, transport] = slowWriter();
      seen.write('a'.repeat(60));
      seen.writeSequence(['b'.repeat(60), Buffer.from('c'.repeat(30))]);
      expect(transport.written.length).toBe(60);
      transport.settle();
      expect(seen.bufferedBytes).toBe(90);
      bench.advance(60);
      expect(transport.text).toBe('a'.repeat(60) + 'b'.repeat(60) + 'c'.repeat(30));
      expect(bench.clock.getDelayedCalls()).toHaveLength(0);
      expect(transport.registeredProducer).toBeUndefined();
      expect(seen.bufferedBytes).toBe(0);
    });

    it('refuses invalid data, all parts of a sequence together', () => {
      const [, { transport: seen }, transport] = slowWriter();
      expect(() => seen.write(5 as never)).toThrow(InvalidArgumentTypeError);
      expect(() => seen.writeSequence(['x', null as never])).toThrow(InvalidArgumentTypeError);
      expect(transport.text).toBe('');
    });

    it('shares out what all connections may send together', () => {
      const bench = new Bench({
        write: { total: { bytesPerSecond: 1_000_000, burstBytes: 50_000 } },
      });
      const pairs = Array.from({ length: 10 }, () => bench.connect(new Recorder()));
      for (const [protocol] of pairs) protocol.transport.write(Buffer.alloc(1_000_000));
      bench.advance(2_000);
      const sent = pairs.map(([, transport]) => transport.written.length);
      const total = sent.reduce((sum, bytes) => sum + bytes);
      expect(total).toBeLessThanOrEqual(2_050_000);
      expect(total).toBeGreaterThan(2_040_000);
      // The first connection had the burst for itself.
      expect(Math.max(...sent.slice(1)) - Math.min(...sent)).toBeLessThan(10_000);
    });

    it('shares a bucket among factories', () => {
      const clock = new ManualClock();
      const total = new TokenBucket({ clock, ...SLOW });
      const sent = [1, 2].map(() => {
        const protocol = new Recorder();
        const { transport } = accept(
          new ShapingFactory(only(protocol), { clock, write: { total } }),
        );
        protocol.transport.write('x'.repeat(70));
        return transport.written.length;
      });
      expect(sent).toEqual([70, 0]);
    });

    it('sends queued data before it closes, including later writes', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.call('write', 'x'.repeat(150));
      protocol.call('loseConnection');
      protocol.call('write', 'late');
      transport.settle();
      expect(protocol.transport).toMatchObject({ connected: true, disconnecting: true });
      bench.advance(100);
      expect(transport.text).toBe(`${'x'.repeat(150)}late`);
      expect(protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionDone']);
      expect(bench.clock.getDelayedCalls()).toHaveLength(0);
    });

    it('sends queued data before it half-closes, and no later writes', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.call('write', 'x'.repeat(150));
      protocol.call('loseWriteConnection');
      protocol.call('write', 'late');
      bench.advance(100);
      expect(transport.text).toBe('x'.repeat(150));
      expect(protocol.log).toEqual(['connectionMade', 'writeConnectionLost']);
      protocol.call('write', 'too late');
      expect([transport.written.length, protocol.transport.bufferedBytes]).toEqual([150, 0]);
    });

    it('drops queued data when it aborts', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.call('write', 'x'.repeat(150));
      protocol.call('abortConnection');
      protocol.call('write', 'late');
      expect([protocol.transport.bufferedBytes, transport.written.length]).toEqual([0, 100]);
      expect(bench.clock.getDelayedCalls()).toHaveLength(0);
      bench.advance(100);
      expect(transport.written.length).toBe(100);
      expect(protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionAborted']);
    });

    it('drops queued data when the connection breaks', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.transport.write('x'.repeat(150));
      transport.peerResets();
      expect(protocol.reason?.name).toBe('ConnectionLost');
      expect(protocol.transport.bufferedBytes).toBe(0);
      expect(bench.clock.getDelayedCalls()).toHaveLength(0);
    });

    it('spends no tokens on a peer that does not read', () => {
      const bench = new Bench({
        write: { total: { bytesPerSecond: 1_000_000, burstBytes: 200_000 } },
      });
      const [stuck, stuckTransport] = bench.connect(new Recorder(), { capacity: 0 });
      const [reading, readingTransport] = bench.connect(new Recorder());
      stuck.transport.write(Buffer.alloc(10_000_000));
      bench.advance(1_000);
      expect(stuckTransport.bufferedBytes).toBeLessThanOrEqual(2 * HIGH_WATER_MARK_BYTES);
      expect(stuck.transport.bufferedBytes).toBe(10_000_000);
      reading.transport.write(Buffer.alloc(150_000));
      readingTransport.settle();
      expect(readingTransport.written.length).toBe(150_000);
      stuckTransport.drain();
      bench.advance(1);
      expect(stuckTransport.written.length).toBeGreaterThan(2 * HIGH_WATER_MARK_BYTES);
    });

    it('continues when the peer reads again, even if nothing was queued when it stopped', () => {
      const bench = new Bench({ write: { perConnection: { bytesPerSecond: 1_000_000 } } });
      const [protocol, transport] = bench.connect(new Recorder(), { capacity: 0 });
      for (let i = 0; i < 10; i++) protocol.transport.write(Buffer.alloc(10_000));
      expect(transport.bufferedBytes).toBeGreaterThan(HIGH_WATER_MARK_BYTES);
      transport.drain();
      bench.advance(1);
      expect(transport.written.length).toBe(100_000);
    });

    it('sends everything once and in order, however it is written and read', () => {
      const size = fc.oneof(fc.nat(200), fc.nat(30_000));
      const step = fc.record({ bytes: size, advanceMs: fc.nat(40), drain: fc.boolean() });
      const rate = fc.record({
        bytesPerSecond: fc.integer({ min: 1_000, max: 1_000_000 }),
        burstBytes: fc.integer({ min: 10, max: 100_000 }),
      });
      const property = fc.property(
        rate,
        fc.array(step, { maxLength: 25 }),
        fc.boolean(),
        (perConnection, steps, slowReader) => {
          const bench = new Bench({ write: { perConnection } });
          const options = slowReader ? { capacity: 5_000 } : {};
          const [protocol, transport] = bench.connect(new Recorder(), options);
          let written = 0;
          for (const { bytes, advanceMs, drain } of steps) {
            const data = Buffer.from(Array.from({ length: bytes }, (_, i) => (written + i) % 251));
            protocol.call('write', data);
            written += bytes;
            bench.advance(advanceMs);
            if (drain) transport.drain();
          }
          protocol.call('loseConnection');
          for (let i = 0; protocol.reason === undefined && i < 1_000; i++) {
            bench.clock.advance(1_000);
            transport.drain();
            transport.settle();
          }
          const sent = transport.written;
          expect(sent.length).toBe(written);
          expect(sent.every((byte, i) => byte === i % 251)).toBe(true);
          expect(protocol.reason?.name).toBe('ConnectionDone');
        },
      );
      fc.assert(property, { numRuns: 100 });
    });
  });

  describe('producers', () => {
    it('pauses a push producer when 64 KiB are unsent, and resumes it when everything is sent', () => {
      const bench = new Bench({ write: { perConnection: { bytesPerSecond: 100_000 } } });
      const [protocol, transport] = bench.connect(new Recorder());
      const producer = new Producer(protocol);
      protocol.transport.registerProducer(producer, true);
      protocol.transport.write(Buffer.alloc(100_000));
      bench.advance(1);
      protocol.transport.write(Buffer.alloc(HIGH_WATER_MARK_BYTES));
      expect(producer.log).toEqual(['pause', 'resume']);
      protocol.transport.write('x');
      protocol.transport.write('x');
      expect(producer.log).toEqual(['pause', 'resume', 'pause']);
      bench.advance(600);
      expect(producer.log).toEqual(['pause', 'resume', 'pause']);
      bench.advance(100);
      expect(producer.log).toEqual(['pause', 'resume', 'pause', 'resume']);
      expect(transport.written.length).toBe(100_000 + HIGH_WATER_MARK_BYTES + 2);
    });

    it('asks a pull producer immediately and each time everything is sent', () => {
      const [bench, protocol, transport] = slowWriter();
      const producer = new Producer(protocol);
      producer.pieces = ['a'.repeat(150), 'b'.repeat(150), 'c'];
      protocol.transport.registerProducer(producer, false);
      expect(producer.log).toEqual(['resume']);
      bench.advance(45);
      expect(producer.log).toEqual(['resume']);
      bench.advance(1_000);
      expect(producer.log).toEqual(['resume', 'resume', 'resume', 'resume']);
      expect(transport.text).toBe(`${'a'.repeat(150)}${'b'.repeat(150)}c`);
    });

    it('asks a pull producer immediately even if there is unsent data', () => {
      const [, protocol] = slowWriter();
      protocol.transport.write('x'.repeat(150));
      const producer = new Producer(protocol);
      protocol.transport.registerProducer(producer, false);
      expect(producer.log).toEqual(['resume']);
    });

    it('takes one producer at a time', () => {
      const [, protocol] = slowWriter();
      const producer = new Producer(protocol);
      protocol.transport.registerProducer(producer, true);
      expect(() => protocol.transport.registerProducer(producer, true)).toThrow(
        ProducerRegisteredError,
      );
      protocol.transport.unregisterProducer();
      protocol.transport.unregisterProducer();
      protocol.transport.registerProducer(producer, true);
    });

    it('closes once the producer has unregistered and all is sent', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.transport.registerProducer(new Producer(protocol), true);
      protocol.call('loseConnection');
      bench.advance(100);
      expect(transport.connected).toBe(true);
      protocol.call('write', 'x'.repeat(150));
      protocol.call('unregisterProducer');
      transport.settle();
      expect(transport.connected).toBe(true);
      bench.advance(100);
      expect(protocol.reason?.name).toBe('ConnectionDone');
      expect(transport.written.length).toBe(150);
    });

    it('sends data that a producer writes after half-closing', () => {
      const [bench, protocol, transport] = slowWriter();
      protocol.transport.registerProducer(new Producer(protocol), true);
      protocol.call('loseWriteConnection');
      protocol.call('write', 'x'.repeat(150));
      protocol.call('unregisterProducer');
      protocol.call('write', 'late');
      bench.advance(100);
      expect(transport.text).toBe('x'.repeat(150));
      expect(protocol.log.at(-1)).toBe('writeConnectionLost');
    });

    it('stops the producer before connectionLost, once', () => {
      for (const end of ['peerResets', 'abort'] as const) {
        const [, protocol, transport] = slowWriter();
        const producer = new Producer(protocol);
        protocol.hooks = { connectionLost: () => void producer.log.push('lost') };
        protocol.transport.registerProducer(producer, true);
        protocol.transport.write('x'.repeat(150));
        if (end === 'abort') protocol.call('abortConnection');
        else transport.peerResets();
        transport.settle();
        expect(producer.log).toEqual(['stop', 'lost']);
        protocol.transport.registerProducer(producer, true);
        expect(producer.log).toEqual(['stop', 'lost', 'stop']);
      }
    });

    it('ends the connection with the error that a producer throws', () => {
      const [bench, protocol] = slowWriter({ reportError: () => {} });
      let calls = 0;
      const producer = {
        resumeProducing() {
          if (calls++ > 0) throw new RangeError('thrown');
          protocol.transport.write('x');
        },
        stopProducing() {},
      };
      protocol.transport.registerProducer(producer, false);
      bench.advance(10);
      expect(protocol.reason).toBeInstanceOf(RangeError);
    });
  });
});

import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Protocol } from '../../src/core/protocol.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { TooManyUnsentBytesError } from '../../src/policies/errors.js';
import {
  LimitUnsentBytesFactory,
  type LimitUnsentBytesOptions,
  MAX_TOTAL_UNSENT_BYTES,
  MAX_UNSENT_BYTES,
} from '../../src/policies/limit-unsent-bytes.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { UnsentBytesBudget } from '../../src/policies/unsent-bytes-budget.js';
import { RecordingProducer } from '../../src/testing/contracts/transport/recording-producer.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type { MemoryTransport } from '../../src/testing/memory-transport.js';
import { HalfCloseRecorder, Recorder } from '../support/recorder.js';
import { accept, checkRules } from './wired.js';

/** Connections of one factory whose peers read nothing unless told to. */
class Bench {
  readonly clock = new ManualClock();
  readonly factory: LimitUnsentBytesFactory;
  readonly #protocols: Recorder[] = [];

  constructor(options: Omit<LimitUnsentBytesOptions, 'clock'> = {}) {
    const build = (): Recorder => this.#protocols.shift() ?? new Recorder();
    this.factory = new LimitUnsentBytesFactory(build, { clock: this.clock, ...options });
  }

  connect<P extends Recorder>(protocol: P, capacity = 0): [P, MemoryTransport] {
    this.#protocols.push(protocol);
    return [protocol, accept(this.factory, { capacity }).transport];
  }

  /** A connection on which so many bytes wait. */
  holding(bytes: number): [Recorder, MemoryTransport] {
    const [protocol, transport] = this.connect(new Recorder());
    protocol.transport.write(Buffer.alloc(bytes));
    transport.settle();
    return [protocol, transport];
  }

  /** The end of a turn: the system was offered what was written, and delayed calls come. */
  endTurn(...transports: MemoryTransport[]): void {
    for (const transport of transports) transport.settle();
    this.clock.advance(0);
    for (const transport of transports) transport.settle();
  }
}

describe('LimitUnsentBytesFactory', () => {
  checkRules();

  it('has its defaults', () => {
    const { factory } = new Bench();
    expect(factory).toMatchObject({ maxBytes: MAX_UNSENT_BYTES, outcome: 'end', ended: 0 });
    expect(factory.total.maxBytes).toBe(MAX_TOTAL_UNSENT_BYTES);
  });

  it('checks its options', () => {
    const clock = new ManualClock();
    const make = (options: object) => (): LimitUnsentBytesFactory =>
      new LimitUnsentBytesFactory(Protocol, { clock, ...options });
    for (const options of [{ maxBytes: 0 }, { total: 0 }, { outcome: 'drop' }, { maxBytes: 1.5 }]) {
      expect(make(options)).toThrow(InvalidArgumentValueError);
    }
    for (const options of [{ clock: null }, { maxBytes: '1' }, { total: null }, { outcome: 1 }]) {
      expect(make(options)).toThrow(InvalidArgumentTypeError);
    }
    expect(() => new UnsentBytesBudget({ clock, maxBytes: 0 })).toThrow(InvalidArgumentValueError);
  });

  it('reports the unsent bytes of its open connections to a budget', () => {
    const bench = new Bench();
    const [, first] = bench.holding(1_000);
    bench.holding(500);
    expect(bench.factory.total.unsentBytes).toBe(1_500);
    first.drain(400);
    expect(bench.factory.total.unsentBytes).toBe(1_100);
    first.peerResets();
    expect(bench.factory.total.unsentBytes).toBe(500);
  });
});

describe('a limit of unsent bytes that ends connections', () => {
  checkRules();

  it('ends them over the limit, not at it, with a specific error', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [protocol, transport] = bench.holding(1_000);
    bench.endTurn(transport);
    expect(transport.connected).toBe(true);
    protocol.transport.writeSequence(['x']);
    expect(transport.connected).toBe(true); // not before the turn ends
    bench.endTurn(transport);
    expect(transport.peerSees).toBe('reset');
    expect(protocol.reason).toBeInstanceOf(TooManyUnsentBytesError);
    expect(protocol.reason).toMatchObject({
      code: 'ERR_TOO_MANY_UNSENT_BYTES',
      unsentBytes: 1_001,
      limit: 1_000,
      option: 'maxBytes',
    });
    expect(bench.factory.ended).toBe(1);
    expect(bench.factory.protocols.size).toBe(0);
    expect(bench.clock.getDelayedCalls()).toEqual([]);
  });

  it('does not end a peer that receives much at once and reads it', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [protocol, transport] = bench.connect(new Recorder(), 1_000_000);
    protocol.transport.write(Buffer.alloc(1_000_000));
    bench.endTurn(transport);
    expect(transport.connected).toBe(true);
    expect(bench.factory.ended).toBe(0);
  });

  it('ends them after the reactor was stopped, once another connection exceeds the limit', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [gone, goneTransport] = bench.holding(2_000);
    bench.holding(2_000);
    bench.clock.dropCalls();
    goneTransport.peerResets();
    expect(gone.reason?.name).toBe('ConnectionLost');
    bench.clock.advance(0);
    expect(bench.factory.ended).toBe(0);
    bench.holding(2_000);
    bench.clock.advance(0);
    expect(bench.factory.ended).toBe(2);
  });

  it('also ends a closing connection whose peer does not read', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [protocol, transport] = bench.connect(new Recorder());
    protocol.transport.write(Buffer.alloc(2_000));
    protocol.transport.loseConnection();
    bench.endTurn(transport);
    expect(protocol.reason).toBeInstanceOf(TooManyUnsentBytesError);
  });

  it('forgets a connection that ended otherwise in the meantime', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [protocol, transport] = bench.connect(new Recorder());
    protocol.transport.write(Buffer.alloc(2_000));
    protocol.transport.abortConnection();
    protocol.transport.write(Buffer.alloc(2_000));
    bench.endTurn(transport);
    expect(protocol.reason?.name).toBe('ConnectionAborted');
    const [lost, other] = bench.connect(new Recorder());
    lost.transport.write(Buffer.alloc(2_000));
    other.peerResets();
    bench.endTurn(other);
    expect(lost.reason?.name).toBe('ConnectionLost');
    expect(bench.factory.ended).toBe(0);
    expect(bench.clock.getDelayedCalls()).toEqual([]);
  });

  it('continues if another wrapper throws', () => {
    const bench = new Bench({ maxBytes: 1_000 });
    const [first, broken] = bench.connect(new Recorder());
    const [second, transport] = bench.connect(new Recorder());
    broken.abortConnection = () => {
      throw new Error('not today');
    };
    for (const { transport: wrapped } of [first, second]) wrapped.write(Buffer.alloc(2_000));
    expect(() => bench.endTurn(transport)).not.toThrow();
    expect(flushLoggedErrors().map(({ error }) => (error as Error).message)).toEqual(['not today']);
    expect(second.reason).toBeInstanceOf(TooManyUnsentBytesError);
  });

  it('ends those with the most unsent bytes if all together exceed the limit', () => {
    const bench = new Bench({ total: 10_000 });
    const most = bench.holding(5_000);
    const some = bench.holding(3_000);
    const least = bench.holding(2_000);
    const [reader, transport] = bench.connect(new Recorder(), 1_000_000);
    reader.transport.write('x'); // its peer reads: it is not to blame
    bench.endTurn(transport);
    expect(bench.factory.ended).toBe(0);
    least[0].transport.write(Buffer.alloc(500));
    bench.endTurn(most[1], some[1], least[1], transport);
    expect(most[0].reason).toMatchObject({ unsentBytes: 5_000, limit: 10_000, option: 'total' });
    expect([some, least, [reader]].map(([protocol]) => protocol?.reason)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('shares a budget among factories', () => {
    const clock = new ManualClock();
    const total = new UnsentBytesBudget({ clock, maxBytes: 1_000 });
    const protocols = [new Recorder(), new Recorder()];
    const transports = protocols.map((protocol) => {
      const factory = new LimitUnsentBytesFactory(() => protocol, { clock, total });
      return accept(factory, { capacity: 0 }).transport;
    });
    protocols[0]?.transport.write(Buffer.alloc(700));
    protocols[1]?.transport.write(Buffer.alloc(400));
    for (const transport of transports) transport.settle();
    expect(total.unsentBytes).toBe(1_100);
    clock.advance(0);
    for (const transport of transports) transport.settle();
    expect(protocols.map(({ reason }) => reason?.name)).toEqual([
      'TooManyUnsentBytesError',
      undefined,
    ]);
    expect(total.unsentBytes).toBe(400);
  });

  it('counts the bytes queued by a ShapingFactory around it', () => {
    const clock = new ManualClock();
    const protocol = new Recorder();
    const limited = new LimitUnsentBytesFactory(() => protocol, { clock, maxBytes: 1_000 });
    const rate = { bytesPerSecond: 100 };
    const shaped = new ShapingFactory(limited, { clock, write: { perConnection: rate } });
    const { transport } = accept(shaped);
    protocol.transport.write(Buffer.alloc(5_000));
    transport.settle();
    clock.advance(0);
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(TooManyUnsentBytesError);
  });
});

describe('a limit of unsent bytes that pauses', () => {
  checkRules();

  function paused(): [Bench, HalfCloseRecorder, MemoryTransport] {
    const bench = new Bench({ maxBytes: 1_000, outcome: 'pause' });
    const [protocol, transport] = bench.connect(new HalfCloseRecorder());
    protocol.transport.write(Buffer.alloc(1_000));
    expect(transport.paused).toBe(false);
    protocol.transport.write('x');
    expect(transport.paused).toBe(true);
    expect(bench.factory.paused).toBe(1);
    transport.settle();
    return [bench, protocol, transport];
  }

  it('receives nothing over the limit, until everything is sent', () => {
    const [, protocol, transport] = paused();
    transport.receive('question');
    expect(protocol.receivedBytes).toBe(0);
    transport.drain(1_000);
    transport.settle();
    expect(protocol.receivedBytes).toBe(0);
    transport.drain();
    transport.settle();
    expect(protocol.received.toString()).toBe('question');
    expect(transport.registeredProducer).toBeUndefined();
  });

  it('pauses connections that write while all together exceed the limit', () => {
    const bench = new Bench({ total: 10_000, outcome: 'pause' });
    const [, full] = bench.holding(10_000);
    const [protocol, transport] = bench.connect(new Recorder());
    protocol.transport.write('x');
    expect([full.paused, transport.paused]).toEqual([false, true]);
    transport.drain();
    transport.settle();
    expect(transport.paused).toBe(false);
  });

  it('does not resume a protocol that has paused itself', () => {
    const [, protocol, transport] = paused();
    protocol.transport.pauseProducing();
    transport.drain();
    transport.settle();
    expect(transport.paused).toBe(true);
    protocol.transport.resumeProducing();
    expect(transport.paused).toBe(false);
  });

  it('is not resumed by the protocol', () => {
    const [, protocol, transport] = paused();
    protocol.transport.resumeProducing();
    expect(transport.paused).toBe(true);
  });

  it('pauses and resumes a push producer as the transport would, and over the limit', () => {
    const [, protocol, transport] = paused();
    const producer = new RecordingProducer(protocol.transport);
    const { log } = producer;
    protocol.transport.registerProducer(producer, true);
    expect(log).toEqual([]);
    protocol.transport.write(Buffer.alloc(HIGH_WATER_MARK_BYTES));
    protocol.transport.write('x');
    expect(log).toEqual(['pause']);
    transport.drain();
    transport.settle();
    expect(log).toEqual(['pause', 'resume']);
    protocol.transport.write(Buffer.alloc(1_001));
    expect(log).toEqual(['pause', 'resume', 'pause']);
    transport.peerResets();
    transport.settle();
    expect(log).toEqual(['pause', 'resume', 'pause', 'stop']);
  });

  it('asks a pull producer immediately, and each time everything is sent', () => {
    const [, protocol, transport] = paused();
    let asked = 0;
    const producer = {
      resumeProducing() {
        asked++;
        if (asked < 4) protocol.transport.write(Buffer.alloc(2_000));
        else protocol.transport.unregisterProducer();
      },
      stopProducing() {},
    };
    protocol.transport.registerProducer(producer, false);
    expect(asked).toBe(1);
    for (let i = 0; i < 3; i++) {
      transport.drain();
      transport.settle();
    }
    expect(asked).toBe(4);
    expect([transport.registeredProducer, transport.paused]).toEqual([undefined, false]);
  });

  it('closes once all is sent', () => {
    const [, protocol, transport] = paused();
    protocol.transport.loseConnection();
    transport.settle();
    expect(protocol.reason).toBeUndefined();
    transport.drain();
    transport.settle();
    expect(protocol.reason?.name).toBe('ConnectionDone');
    expect(transport.written).toHaveLength(1_001);
  });

  it('ends its sending side once everything is sent, and drops later writes', () => {
    const [, protocol, transport] = paused();
    protocol.transport.loseWriteConnection();
    protocol.transport.write('late');
    protocol.transport.writeSequence(['late']);
    expect(() => protocol.transport.write(5 as never)).toThrow(InvalidArgumentTypeError);
    transport.drain();
    transport.settle();
    expect(transport.peerSees).toBe('end');
    expect(transport.written).toHaveLength(1_001);
    transport.receive('more');
    expect(protocol.received.toString()).toBe('more');
  });

  it('aborts at once', () => {
    const [bench, protocol, transport] = paused();
    protocol.transport.abortConnection();
    transport.settle();
    expect(protocol.reason?.name).toBe('ConnectionAborted');
    expect(bench.clock.getDelayedCalls()).toEqual([]);
    expect(bench.factory.total.unsentBytes).toBe(0);
  });

  it('counts for a budget by which others are ended', () => {
    const clock = new ManualClock();
    const total = new UnsentBytesBudget({ clock, maxBytes: 1_000 });
    const [pausing, ending] = [new Recorder(), new Recorder()];
    const make = (protocol: Recorder, outcome: 'end' | 'pause'): MemoryTransport => {
      const factory = new LimitUnsentBytesFactory(() => protocol, { clock, total, outcome });
      return accept(factory, { capacity: 0 }).transport;
    };
    const transports = [make(pausing, 'pause'), make(ending, 'end')];
    pausing.transport.write(Buffer.alloc(1_000));
    ending.transport.write(Buffer.alloc(100));
    clock.advance(0);
    for (const transport of transports) transport.settle();
    expect(pausing.reason).toBeUndefined();
    expect(ending.reason).toBeInstanceOf(TooManyUnsentBytesError);
  });
});

/** Receivers with `appliesBackpressure`: bare, and with policies between them and the transport. */
import { describe, expect, it } from 'vitest';
import { type FactoryLike, toFactory } from '../../src/core/factory.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import { HIGH_WATER_MARK_BYTES } from '../../src/core/transport.js';
import { LineOnlyReceiver } from '../../src/framing/line-only-receiver.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { LimitTotalConnectionsFactory } from '../../src/policies/limit-total-connections.js';
import { LimitUnsentBytesFactory } from '../../src/policies/limit-unsent-bytes.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { RecordingProducer } from '../../src/testing/contracts/transport/recording-producer.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';

const ANSWER = Buffer.alloc(1_000);
/** Answers until more than the mark waits. */
const ANSWERS_UNTIL_FULL = Math.floor(HIGH_WATER_MARK_BYTES / ANSWER.length) + 1;

class Answering extends LineReceiver {
  override readonly appliesBackpressure: boolean = true;
  answers = 0;
  reason: Error | undefined = undefined;
  onLine: () => void = () => {};

  override lineReceived(): void {
    this.answers++;
    this.transport.write(ANSWER);
    this.onLine();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

class AnsweringLinesOnly extends LineOnlyReceiver {
  override readonly appliesBackpressure = true;
  answers = 0;

  override lineReceived(): void {
    this.answers++;
    this.transport.write(ANSWER);
  }
}

type Wrap = (wrapped: FactoryLike, clock: ManualClock) => FactoryLike;

const rate = { bytesPerSecond: 1e9 };
const pausing: Wrap = (wrapped, clock) =>
  new LimitUnsentBytesFactory(wrapped, { clock, maxBytes: 10_000, outcome: 'pause' });
const shaped: Wrap = (wrapped, clock) =>
  new ShapingFactory(wrapped, { clock, read: { total: rate }, write: { perConnection: rate } });

const DEPTHS: readonly [string, readonly Wrap[]][] = [
  ['bare', []],
  ['behind a limit that pauses', [pausing]],
  ['behind shaping', [shaped]],
  [
    'behind a stack of policies',
    [
      (wrapped, clock) => new TimeoutFactory(wrapped, { clock, idleMs: 60_000 }),
      pausing,
      shaped,
      (wrapped) => new LimitTotalConnectionsFactory(wrapped, { maxConnections: 1 }),
    ],
  ],
];

/** The receiver over a transport whose peer reads nothing, with these policies between. */
function connect(protocol: StreamProtocol, wraps: readonly Wrap[] = []): MemoryTransport {
  const clock = new ManualClock();
  const factory = wraps.reduce<FactoryLike>(
    (inner, wrap) => wrap(inner, clock),
    () => protocol,
  );
  const transport = new MemoryTransport({ capacity: 0 });
  const built = toFactory(factory).buildProtocol(transport.getPeer());
  if (built === null) throw new Error('a policy refused the connection');
  transport.connect(built);
  return transport;
}

describe.each(DEPTHS)('a receiver that applies backpressure, %s,', (_depth, wraps) => {
  it.each([Answering, AnsweringLinesOnly])('delivers nothing while too much waits (%s)', (Kind) => {
    const protocol = new Kind();
    const transport = connect(protocol, wraps);
    transport.receive('\n'.repeat(3 * ANSWERS_UNTIL_FULL));
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);
    expect(transport.paused).toBe(true);
    transport.settle();
    transport.receive('\n');
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);

    transport.drain(10_000);
    transport.settle();
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);
    for (let full = 2; full <= 3; full++) {
      transport.drain();
      transport.settle();
      expect(protocol.answers).toBe(full * ANSWERS_UNTIL_FULL);
    }
    transport.drain();
    transport.settle();
    expect(protocol.answers).toBe(3 * ANSWERS_UNTIL_FULL + 1);
    expect(transport.paused).toBe(false);
  });

  it('closes once everything is sent, without delivering pending frames', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    transport.receive('\n'.repeat(3 * ANSWERS_UNTIL_FULL));
    protocol.transport.loseConnection();
    transport.settle();
    expect(protocol.reason).toBeUndefined();
    transport.drain();
    transport.settle();
    expect(protocol.reason?.name).toBe('ConnectionDone');
    expect(transport.written).toHaveLength(ANSWERS_UNTIL_FULL * ANSWER.length);
  });

  it('stays paused if the application pauses it', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    transport.receive('\n'.repeat(ANSWERS_UNTIL_FULL + 1));
    protocol.pauseProducing();
    transport.drain();
    transport.settle();
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);
    protocol.resumeProducing();
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL + 1);
    expect(transport.paused).toBe(false);
  });

  it('is not resumed by the application before its answers are sent', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    transport.receive('\n'.repeat(ANSWERS_UNTIL_FULL + 1));
    protocol.pauseProducing();
    protocol.resumeProducing();
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);
    expect(transport.paused).toBe(true);
  });

  it('leaves backpressure to a producer of the application', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    const producer = new RecordingProducer(protocol.transport);
    const { log } = producer;
    protocol.transport.registerProducer(producer, true);
    transport.receive('\n'.repeat(2 * ANSWERS_UNTIL_FULL));
    expect(protocol.answers).toBe(2 * ANSWERS_UNTIL_FULL);
    expect(log).toEqual(['pause']);
  });

  it('ends with its connection', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    transport.receive('\n'.repeat(2 * ANSWERS_UNTIL_FULL));
    transport.peerResets();
    transport.settle();
    expect(protocol.reason?.name).toBe('ConnectionLost');
    expect(protocol.answers).toBe(ANSWERS_UNTIL_FULL);
  });

  it('withholds nothing if a callback has closed the connection', () => {
    const protocol = new Answering();
    const transport = connect(protocol, wraps);
    protocol.onLine = () => {
      protocol.transport.write(Buffer.alloc(HIGH_WATER_MARK_BYTES));
      protocol.transport.loseConnection();
    };
    transport.receive('\n\n');
    transport.drain();
    transport.settle();
    expect(protocol.reason?.name).toBe('ConnectionDone');
  });
});

it('a receiver does not apply backpressure unless it says so', () => {
  class Careless extends Answering {
    override readonly appliesBackpressure = false;
  }
  const protocol = new Careless();
  const transport = connect(protocol);
  transport.receive('\n'.repeat(2 * ANSWERS_UNTIL_FULL));
  expect(protocol.answers).toBe(2 * ANSWERS_UNTIL_FULL);
  expect(transport.paused).toBe(false);
});

it('a receiver ends its connection where the transport takes no producer', () => {
  class Producerless extends MemoryTransport {
    override registerProducer(): void {
      throw new TypeError('no producers here');
    }
  }
  const errors = captureLoggedErrors();
  try {
    const protocol = new Answering();
    const transport = new Producerless({ capacity: 0 });
    transport.connect(protocol);
    transport.receive('\n'.repeat(2 * ANSWERS_UNTIL_FULL));
    transport.settle();
    expect(protocol.reason?.message).toBe('no producers here');
    expect(errors.flush(TypeError)).toHaveLength(1);
  } finally {
    errors[Symbol.dispose]();
  }
});

/** All the policies over one connection, in several orders, whatever pieces the bytes come in. */
import { describe, expect, it } from 'vitest';
import type { FactoryLike } from '../../src/core/factory.js';
import { LimitConnectionsByPeerFactory } from '../../src/policies/limit-connections-by-peer.js';
import { LimitTotalConnectionsFactory } from '../../src/policies/limit-total-connections.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { TrafficLoggingFactory } from '../../src/policies/traffic-logging.js';
import { WrappingFactory } from '../../src/policies/wrapping-factory.js';
import { everySplit } from '../../src/testing/every-split.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type { MemoryTransport } from '../../src/testing/memory-transport.js';
import { HalfCloseRecorder, type RecorderHooks } from '../support/recorder.js';
import { accept, checkRules, only } from './wired.js';

type Wrap = (wrapped: FactoryLike, clock: ManualClock) => WrappingFactory;

const RATE = { bytesPerSecond: 1_000, burstBytes: 5 };
const LIMITS = { perConnection: RATE, total: RATE };
const MAX_CONNECTIONS = { maxConnections: 1 };

const WRAPS: readonly Wrap[] = [
  (wrapped, clock) => new TimeoutFactory(wrapped, { clock, idleMs: 1_600, lifetimeMs: 10_000 }),
  (wrapped) => new LimitTotalConnectionsFactory(wrapped, MAX_CONNECTIONS),
  (wrapped, clock) => new ShapingFactory(wrapped, { clock, read: LIMITS, write: LIMITS }),
  (wrapped) => new LimitConnectionsByPeerFactory(wrapped, MAX_CONNECTIONS),
  (wrapped) => new TrafficLoggingFactory(wrapped, { log() {} }),
  (wrapped) => new WrappingFactory(wrapped),
];

const TURNED = WRAPS.map((_, by) => [...WRAPS.slice(by), ...WRAPS.slice(0, by)]);
const ORDERS = [...TURNED, ...TURNED.map((order) => order.toReversed())];

interface Stack {
  readonly clock: ManualClock;
  readonly protocol: HalfCloseRecorder;
  readonly transport: MemoryTransport;
  readonly factories: readonly WrappingFactory[];
  advance(ms: number): void;
}

function stack(order: readonly Wrap[], hooks: RecorderHooks): Stack {
  const clock = new ManualClock();
  const protocol = new HalfCloseRecorder(hooks);
  const factories: WrappingFactory[] = [];
  for (const wrap of order) factories.push(wrap(factories.at(-1) ?? only(protocol), clock));
  const { transport } = accept(factories.at(-1) as WrappingFactory);
  const advance = (ms: number): void => {
    for (let i = 0; i < ms; i++) {
      clock.advance(1);
      transport.settle();
    }
  };
  return { clock, protocol, transport, factories, advance };
}

/** Nothing is left of a connection that is gone. */
function expectNothingLeft({ clock, factories, protocol }: Stack): void {
  expect(factories.map(({ protocols }) => protocols.size)).toEqual(factories.map(() => 0));
  expect(clock.getDelayedCalls()).toEqual([]);
  expect(protocol.lostCount).toBe(1);
}

describe.each(ORDERS.map((order, index) => [index, order] as const))(
  'all policies in order %i',
  (_index, order) => {
    checkRules();

    it('echo data in any pieces, and close when the peer has finished', () => {
      const wire = Buffer.from('one two three four five');
      for (const pieces of everySplit(wire)) {
        const echoing = stack(order, {
          dataReceived: (data, self) => self.call('write', data),
          readConnectionLost: (self) => self.call('loseConnection'),
        });
        for (const piece of pieces) {
          echoing.transport.receive(piece);
          echoing.transport.settle();
        }
        echoing.transport.peerCloses();
        echoing.advance(100);
        expect(echoing.transport.text).toBe(wire.toString());
        expect(echoing.protocol.reason?.name).toBe('ConnectionDone');
        expectNothingLeft(echoing);
      }
    });

    it('pass a producer on', () => {
      const log: string[] = [];
      const pushing = stack(order, {});
      const { protocol } = pushing;
      protocol.transport.registerProducer(
        {
          pauseProducing: () => void log.push('pause'),
          resumeProducing: () => void log.push('resume'),
          stopProducing: () => void log.push('stop'),
        },
        true,
      );
      protocol.call('write', Buffer.alloc(70_000));
      expect(log).toEqual(['pause']);
      protocol.call('abortConnection');
      pushing.transport.settle();
      expect(log).toEqual(['pause', 'stop']);
      expectNothingLeft(pushing);
    });

    it('close an idle connection', () => {
      const idle = stack(order, {});
      idle.advance(1_000);
      idle.protocol.call('write', 'x');
      idle.advance(1_550);
      expect(idle.protocol.reason).toBeUndefined();
      idle.advance(200);
      expect(idle.protocol.reason?.name).toBe('ConnectionDone');
      expectNothingLeft(idle);
    });

    it('leave nothing behind when the connection breaks under traffic', () => {
      const broken = stack(order, {});
      broken.protocol.call('write', 'x'.repeat(100));
      broken.transport.receive('y'.repeat(100));
      broken.advance(3);
      broken.transport.peerResets();
      expect(broken.protocol.reason?.name).toBe('ConnectionLost');
      expectNothingLeft(broken);
    });
  },
);

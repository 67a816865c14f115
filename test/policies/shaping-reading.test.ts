import { describe, expect, it } from 'vitest';
import type { MemoryTransport } from '../../src/testing/memory-transport.js';
import { Recorder } from '../support/recorder.js';

import { Bench, SLOW } from './shaping-bench.js';

describe('ShapingFactory, reading', () => {
  const slowReader = (): [Bench, Recorder, MemoryTransport] => {
    const bench = new Bench({ read: { perConnection: SLOW } });
    return [bench, ...bench.connect(new Recorder())];
  };

  it('delivers received data, and receives no more until enough time has passed', () => {
    const [bench, protocol, transport] = slowReader();
    transport.receive('x'.repeat(100));
    expect(transport.paused).toBe(false);
    transport.receive('y'.repeat(500));
    expect([protocol.receivedBytes, transport.paused]).toEqual([600, true]);
    transport.receive('z');
    bench.advance(499);
    expect([protocol.receivedBytes, transport.paused]).toEqual([600, true]);
    bench.advance(1);
    expect(protocol.receivedBytes).toBe(601);
    bench.advance(1);
    expect(transport.paused).toBe(false);
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
  });

  it('stays paused while the protocol is paused, and while tokens are owed', () => {
    const [bench, protocol, transport] = slowReader();
    transport.receive('x'.repeat(500));
    protocol.transport.resumeProducing();
    expect(transport.paused).toBe(true);
    protocol.transport.pauseProducing();
    bench.advance(1_000);
    expect(transport.paused).toBe(true);
    protocol.transport.resumeProducing();
    expect(transport.paused).toBe(false);
  });

  it('lets all connections together receive no faster than they may, each its share', () => {
    const total = { bytesPerSecond: 1_000_000, burstBytes: 20_000 };
    const bench = new Bench({ read: { total } });
    const pairs = Array.from({ length: 5 }, () => bench.connect(new Recorder()));
    for (const [, transport] of pairs) transport.receive(Buffer.alloc(4_000_000));
    bench.advance(5_000);
    const received = pairs.map(([protocol]) => protocol.receivedBytes);
    const sum = received.reduce((so, bytes) => so + bytes);
    // What was received last is not yet made up for.
    expect(sum).toBeLessThanOrEqual(5_020_000 + 5 * 65_536);
    expect(sum).toBeGreaterThan(4_990_000);
    expect(Math.max(...received) - Math.min(...received)).toBeLessThanOrEqual(65_536);
  });

  it('leaves no timer when the connection is gone', () => {
    const [bench, protocol, transport] = slowReader();
    transport.receive('x'.repeat(500));
    protocol.call('abortConnection');
    expect(bench.clock.getDelayedCalls()).toHaveLength(0);
    const [other, , broken] = slowReader();
    broken.receive('x'.repeat(500));
    broken.peerResets();
    expect(other.clock.getDelayedCalls()).toHaveLength(0);
    transport.settle();
  });
});

/** Datagram ports that change hands: what was read is delivered, and what was written is sent. */
import { describe, expect, it } from 'vitest';
import type { UDPTransport } from '../../src/index.js';
import {
  DatagramDrain,
  MAX_DATAGRAM_DRAIN_MS,
} from '../../src/reactor/datagrams/datagram-drain.js';
import { ManualClock } from '../../src/testing/index.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';

const NATIVE = REACTORS.filter(({ native }) => native);
const COUNT = 60;

describe.each(NATIVE)('a datagram port that two processes have ($name)', ({ make }) => {
  it('delivers the rest of a batch in which it is stopped with drain', async () => {
    needs('descriptors');
    await using older = make();
    await using newer = make();
    await using sender = make();
    const received = new Map<string, number>();
    const pulse = new Pulse();
    const count = (data: Buffer): void => {
      received.set(String(data), (received.get(String(data)) ?? 0) + 1);
      pulse.notify();
    };
    let stopped = false;
    const first = older.listenUDP(
      0,
      (data, _from, transport) => {
        count(data);
        if (stopped) return;
        stopped = true;
        newer.adoptDatagramPort((transport as UDPTransport).fileno(), (each) => count(each));
        transport.stopListening({ drain: true }).addCallback(() => pulse.notify());
      },
      { interface: '127.0.0.1' },
    );
    const client = sender.listenUDP(0, {}, { interface: '127.0.0.1' });
    for (let i = 0; i < COUNT; i++) client.write(String(i), first.getHost());
    await pulse.until(
      () => received.size === COUNT,
      () => `${COUNT}, not ${received.size}`,
    );
    expect([...received.values()]).toEqual(new Array(COUNT).fill(1));
    await pulse.until(() => !first.listening, 'the end');
    client.write('for the other', first.getHost());
    await pulse.until(() => received.has('for the other'), 'the other process');
  });

  it('is stopped at once without drain, also while it drains', async () => {
    await using reactor = make();
    const port = reactor.listenUDP(0, {}, { interface: '127.0.0.1' });
    const drained = port.stopListening({ drain: true });
    expect(port.listening).toBe(true);
    await port.stopListening();
    expect(port.listening).toBe(false);
    await drained;
    await port.stopListening({ drain: true });
    port.startListening();
    expect(port.listening).toBe(true);
    await port.stopListening({ drain: true });
    expect(port.listening).toBe(false);
  });
});

describe('DatagramDrain', () => {
  const start = (socket: { bufferedBytes: number; undelivered: boolean }) => {
    const clock = new ManualClock();
    const queue: (() => void)[] = [];
    let watched = 0;
    const drain = new DatagramDrain(
      { report: () => {}, clock, soon: (callback) => queue.push(callback) },
      Object.assign(socket, { watchDrain: () => (watched += 1) }) as never,
    );
    const turn = (): void => {
      for (const callback of queue.splice(0)) callback();
    };
    return { clock, drain, turn, watched: () => watched };
  };

  it('waits for delivery, then until all is sent', () => {
    const socket = { bufferedBytes: 5, undelivered: true };
    const { drain, turn, watched, clock } = start(socket);
    turn();
    turn();
    expect([watched(), drain.done.fired]).toEqual([0, false]);
    socket.undelivered = false;
    turn();
    expect([watched(), drain.done.fired]).toEqual([1, false]);
    socket.bufferedBytes = 0;
    drain.sent();
    expect(drain.done.fired).toBe(true);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('gives up unsent datagrams', () => {
    const { drain, turn, clock } = start({ bufferedBytes: 5, undelivered: false });
    turn();
    clock.advance(MAX_DATAGRAM_DRAIN_MS - 1);
    expect(drain.done.fired).toBe(false);
    clock.advance(1);
    expect(drain.done.fired).toBe(true);
  });
});

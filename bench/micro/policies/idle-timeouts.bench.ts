// What a packet costs on one of 100,000 connections that each have an idle timeout of 60 s, and what a timeout weighs.
//
//     npx tsx bench/micro/policies/idle-timeouts.bench.ts [--rounds N] [--quick]

import type { Transport } from '../../../src/core/transport.js';
import { IdleTimeout } from '../../../src/policies/idle-timeout.js';
import { IdleTimeouts } from '../../../src/policies/idle-timeouts.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { BenchClock } from '../../harness/micro/bench-clock.js';
import { runAlone } from '../../harness/micro/command.js';
import { bytesOf, expectSame, nsOf } from '../../harness/micro/timing.js';
import { randomFrom } from '../../harness/statistics.js';

const CONNECTIONS = 100_000;
const PACKETS = 8_000_000;
const IDLE_MS = 60_000;
const PASSING_MS = 240_000;
const STEPS = 240;
const SILENT = 16;

/** A way to have idle timeouts. */
interface Timeouts {
  /** Connection `index` opens. */
  make(index: number): void;
  packet(index: number): void;
  /** Time passes. */
  advance(ms: number): void;
  /** How many timed out so far; undefined where that can't be seen without waiting. */
  readonly timedOut: number | undefined;
}

type MakeTimeouts = (connections: number) => Timeouts;

const wheel: MakeTimeouts = (count) => {
  const clock = new BenchClock(() => performance.now());
  const timeouts = new IdleTimeouts(clock);
  const connections: IdleTimeout[] = new Array(count);
  const transport = { connected: true } as Transport;
  let timedOut = 0;
  const expired = (): void => {
    timedOut++;
  };
  return {
    make(index) {
      const timeout = new IdleTimeout(timeouts, transport, expired);
      timeout.set(IDLE_MS);
      connections[index] = timeout;
    },
    packet: (index) => connections[index]?.reset(),
    advance: (ms) => clock.advance(ms),
    get timedOut() {
      return timedOut;
    },
  };
};

const delayedCall: MakeTimeouts = (count) => {
  const clock = new BenchClock(() => performance.now());
  const connections = new Array<ReturnType<typeof clock.callLater>>(count);
  let timedOut = 0;
  const expired = (): void => {
    timedOut++;
  };
  return {
    make(index) {
      connections[index] = clock.callLater(IDLE_MS, expired);
    },
    packet: (index) => connections[index]?.reset(IDLE_MS),
    advance: (ms) => clock.advance(ms),
    get timedOut() {
      return timedOut;
    },
  };
};

const nodeRefresh: MakeTimeouts = (count) => {
  const connections: NodeJS.Timeout[] = new Array(count);
  const expired = (): void => {};
  return {
    make(index) {
      connections[index] = setTimeout(expired, IDLE_MS).unref();
    },
    packet: (index) => void connections[index]?.refresh(),
    advance() {},
    timedOut: undefined,
  };
};

function measure(makeTimeouts: MakeTimeouts, effort: Effort): Figures {
  const count = effort.count(CONNECTIONS);
  const timeouts = makeTimeouts(count);
  const random = randomFrom(7);
  // Those with higher numbers are silent.
  const talking = count - count / SILENT;
  const aStep = Math.floor(effort.count(PACKETS) / STEPS);
  const order = Uint32Array.from({ length: aStep }, () => Math.floor(random() * talking));
  let make = 0;
  const bytes = bytesOf(count, () => {
    make = nsOf(count, () => {
      for (let index = 0; index < count; index++) timeouts.make(index);
    });
  });
  let packets = 0;
  for (let step = 0; step < STEPS; step++) {
    const rotate = Math.floor(random() * talking);
    packets += nsOf(aStep * STEPS, () => {
      for (const place of order) {
        const index = place + rotate;
        timeouts.packet(index < talking ? index : index - talking);
      }
      timeouts.advance(PASSING_MS / STEPS);
    });
  }
  // A talking connection gets 85 packets in four minutes: with these random numbers none is silent for one of them.
  if (timeouts.timedOut !== undefined) {
    expectSame('connections that timed out', timeouts.timedOut, count / SILENT);
  }
  return { 'a packet': packets, 'to make it': make, 'bytes a connection': bytes };
}

export const bench: MicroBench = {
  title: 'Idle timeouts of 100,000 connections',
  workload:
    '8,000,000 packets arrive at random connections while four minutes pass, so the figures include the work of ' +
    'passing time: `wheel` is IdleTimeouts, in ticks of 1 s; `delayed call` resets one per packet, like Twisted’s ' +
    'TimeoutMixin, with the real clock. For `node refresh` (setTimeout and refresh) no time passes, which is in its ' +
    'favour. One connection in 16 gets no packet: exactly these must have timed out at the end.',
  unit: 'ns',
  cases: [
    {
      name: '',
      reference: 'node refresh',
      contenders: {
        wheel: (effort) => measure(wheel, effort),
        'delayed call': (effort) => measure(delayedCall, effort),
        'node refresh': (effort) => measure(nodeRefresh, effort),
      },
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);

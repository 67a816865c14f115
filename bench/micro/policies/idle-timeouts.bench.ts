// What a packet costs on one of 100,000 connections that each have an idle timeout of 60 s, and what a timeout weighs.
//
//     npx tsx bench/micro/policies/idle-timeouts.bench.ts [rounds]
//
// 8,000,000 packets come to connections at random while four minutes pass, so the work of time itself is in the figures:
// `wheel` (IdleTimeouts, in ticks of 1 s) and `delayed call` (`reset` for each packet, as Twisted's TimeoutMixin has it;
// the clock is performance.now). For `node refresh` (setTimeout and refresh) no time passes, which is in its favour. One
// connection in 16 gets no packet: these must have timed out in the end, and no others. Each round of each contender is a
// process of its own, the contenders taking turns; median and range of the rounds.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Transport } from '../../../src/core/transport.js';
import { IdleTimeout } from '../../../src/policies/idle-timeout.js';
import { IdleTimeouts } from '../../../src/policies/idle-timeouts.js';
import { DelayedCalls } from '../../../src/reactor/delayed-calls.js';
import { randomFrom, spreadOf } from '../../harness/statistics.js';

const CONNECTIONS = 100_000;
const PACKETS = 8_000_000;
const IDLE_MS = 60_000;
const PASSING_MS = 240_000;
const STEPS = 240;
const SILENT = 16;
const FIGURES = ['ns a packet', 'bytes a connection', 'ms to make all'] as const;

type Figures = Record<(typeof FIGURES)[number], number>;

/** A way to have idle timeouts. */
interface Contender {
  /** Connection `index` opens. */
  make(index: number): void;
  packet(index: number): void;
  /** Time passes. */
  advance(ms: number): void;
  /** How many timed out so far; undefined where that can't be seen without waiting. */
  readonly timedOut: number | undefined;
}

/** DelayedCalls over real time and what was skipped of it. */
function skippingClock() {
  let skipped = 0;
  const now = (): number => performance.now() + skipped;
  const report = (error: unknown): void => {
    throw error;
  };
  const calls = new DelayedCalls({ now, report, arm() {} });
  const advance = (ms: number): void => {
    skipped += ms;
    calls.runDue();
  };
  return { now, calls, advance };
}

function wheel(): Contender {
  const { now, calls, advance } = skippingClock();
  const timeouts = new IdleTimeouts({
    now,
    callLater: (delayMs, callback, ...args) => calls.callLater(delayMs, callback, args),
    getDelayedCalls: () => calls.getDelayedCalls(),
  });
  const connections: IdleTimeout[] = new Array(CONNECTIONS);
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
    advance,
    get timedOut() {
      return timedOut;
    },
  };
}

function delayedCall(): Contender {
  const { calls, advance } = skippingClock();
  const connections = new Array<ReturnType<typeof calls.callLater>>(CONNECTIONS);
  let timedOut = 0;
  const expired = (): void => {
    timedOut++;
  };
  return {
    make(index) {
      connections[index] = calls.callLater(IDLE_MS, expired, []);
    },
    packet: (index) => connections[index]?.reset(IDLE_MS),
    advance,
    get timedOut() {
      return timedOut;
    },
  };
}

function nodeRefresh(): Contender {
  const connections: NodeJS.Timeout[] = new Array(CONNECTIONS);
  const expired = (): void => {};
  return {
    make(index) {
      connections[index] = setTimeout(expired, IDLE_MS).unref();
    },
    packet: (index) => void connections[index]?.refresh(),
    advance() {},
    timedOut: undefined,
  };
}

const CONTENDERS: Readonly<Record<string, () => Contender>> = {
  wheel,
  'delayed call': delayedCall,
  'node refresh': nodeRefresh,
};

function contend(contender: Contender): Figures {
  const random = randomFrom(7);
  // Those with higher numbers are silent.
  const talking = CONNECTIONS - CONNECTIONS / SILENT;
  const order = Uint32Array.from({ length: PACKETS / STEPS }, () => Math.floor(random() * talking));
  const before = memory();
  const start = performance.now();
  for (let index = 0; index < CONNECTIONS; index++) contender.make(index);
  const made = performance.now() - start;
  const bytes = (memory() - before) / CONNECTIONS;
  let spent = 0;
  let packets = 0;
  for (let step = 0; step < STEPS; step++) {
    const rotate = Math.floor(random() * talking);
    const begin = performance.now();
    for (const place of order) {
      const index = place + rotate;
      contender.packet(index < talking ? index : index - talking);
    }
    contender.advance(PASSING_MS / STEPS);
    spent += performance.now() - begin;
    packets += order.length;
  }
  check(contender, CONNECTIONS / SILENT);
  return {
    'ns a packet': (spent * 1e6) / packets,
    'bytes a connection': bytes,
    'ms to make all': made,
  };
}

/** A talking connection gets 85 packets in four minutes: with these random numbers none is silent for one of them. */
function check({ timedOut }: Contender, silent: number): void {
  if (timedOut !== undefined && timedOut !== silent) {
    throw new Error(`${timedOut} timed out, not ${silent}`);
  }
}

function memory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function report(rounds: number): void {
  const self = fileURLToPath(import.meta.url);
  const all = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(CONTENDERS)) {
      const args = [...process.execArgv, self, name];
      const figures: Figures = JSON.parse(execFileSync(process.execPath, args).toString());
      all.set(name, [...(all.get(name) ?? []), figures]);
    }
  }
  console.log(`${CONNECTIONS} connections, ${PACKETS} packets, ${rounds} rounds: median (range)`);
  console.log([''.padEnd(14), ...FIGURES.map((name) => name.padStart(22))].join(''));
  for (const [name, rows] of all) {
    const cells = FIGURES.map((figure) => {
      const spread = spreadOf(rows.map((row) => row[figure]));
      const { median = Number.NaN, min = 0, max = 0 } = spread ?? {};
      return `${median.toFixed(1)} (${min.toFixed(1)}-${max.toFixed(1)})`.padStart(22);
    });
    console.log([name.padEnd(14), ...cells].join(''));
  }
}

const [first] = process.argv.slice(2);
const make = CONTENDERS[first ?? ''];
if (make === undefined) report(Number(first ?? 5));
else console.log(JSON.stringify(contend(make())));

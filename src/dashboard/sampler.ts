/** Computes rates, percentiles and loads from two readings of totals. */
import type { ReactorTotals } from '../core/reactor-introspection.js';

/** The totals of one worker, or of the only thread. */
export interface LoadReading {
  readonly name: string;
  readonly totals: ReactorTotals;
  /** Time that the event loop was busy, and time that it waited for events, in milliseconds. */
  readonly busyMs: number;
  readonly idleMs: number;
  /** Of its turns, by bucket of `limitsMs`; empty if they are not measured. */
  readonly turnCounts: readonly number[];
}

/** Totals at one moment. */
export interface Reading {
  /** Monotonic, in milliseconds. */
  readonly atMs: number;
  /** Since 1970. */
  readonly wallMs: number;
  readonly threads: readonly LoadReading[];
  readonly limitsMs: readonly number[];
  readonly rssBytes: number;
  /** Processor time of the process, in milliseconds. */
  readonly cpuMs: number;
  /** Totals of the program, by name. */
  readonly meters: Readonly<Record<string, number>>;
}

export interface ThreadSample {
  readonly name: string;
  /** 0 to 1. */
  readonly load: number;
  readonly open: number;
  readonly turnsPerSecond: number;
  readonly turnMsP99: number | null;
}

/** The figures of the time since the sample before. `null`: not known. */
export interface Sample {
  /** Seconds since 1970. */
  readonly at: number;
  readonly open: number;
  readonly openedPerSecond: number;
  readonly lostPerSecond: number;
  readonly receivedPerSecond: number;
  readonly sentPerSecond: number;
  readonly turnsPerSecond: number;
  readonly turnMsP50: number | null;
  readonly turnMsP99: number | null;
  readonly rssBytes: number;
  readonly bytesPerConnection: number | null;
  /** Of one processor; several threads can use more than 100. */
  readonly cpuPercent: number;
  /** Rates of the program's own totals, in the order of their names. */
  readonly meters: readonly number[];
  /** The number of turns in each bucket of {@link TURN_LIMITS_MS}. */
  readonly turns: readonly number[];
  readonly threads: readonly ThreadSample[];
}

/** The buckets of the shown histogram: each twice as long as the one before, the last without a limit. */
export const TURN_LIMITS_MS: readonly number[] = Array.from(
  { length: 17 },
  (_, bucket) => 0.016 * 2 ** bucket,
);

/** With fewer connections, other growth of the process hides their memory. */
const MIN_CONNECTIONS_TO_WEIGH = 100;

export class Sampler {
  readonly #firstRssBytes: number;
  #last: Reading;

  constructor(first: Reading) {
    this.#firstRssBytes = first.rssBytes;
    this.#last = first;
  }

  /** The next sample is about the time from `reading` on. */
  skipTo(reading: Reading): void {
    this.#last = reading;
  }

  take(reading: Reading): Sample {
    const last = this.#last;
    this.#last = reading;
    const seconds = Math.max(reading.atMs - last.atMs, 1) / 1000;
    const rate = (now: number, before: number): number => Math.max(0, now - before) / seconds;
    const rateOf = (name: keyof ReactorTotals): number =>
      rate(total(reading, name), total(last, name));
    const turns = turnsSince(reading, last);
    const open = total(reading, 'connectionsOpen');
    const growth = reading.rssBytes - this.#firstRssBytes;
    return {
      at: Math.round(reading.wallMs) / 1000,
      open,
      openedPerSecond: rateOf('connectionsAccepted') + rateOf('connectionsMade'),
      lostPerSecond: rateOf('connectionsLost'),
      receivedPerSecond: rateOf('bytesReceived'),
      sentPerSecond: rateOf('bytesSent'),
      turnsPerSecond: rateOf('turns'),
      turnMsP50: percentile(turns, reading.limitsMs, 0.5),
      turnMsP99: percentile(turns, reading.limitsMs, 0.99),
      rssBytes: reading.rssBytes,
      bytesPerConnection: open < MIN_CONNECTIONS_TO_WEIGH || growth <= 0 ? null : growth / open,
      cpuPercent: rate(reading.cpuMs, last.cpuMs) / 10,
      meters: Object.entries(reading.meters).map(([name, value]) =>
        rate(value, last.meters[name] ?? 0),
      ),
      turns: coarse(turns, reading.limitsMs),
      threads: reading.threads.map((thread) => threadSample(thread, last, reading, seconds)),
    };
  }
}

function threadSample(
  thread: LoadReading,
  last: Reading,
  { limitsMs }: Reading,
  seconds: number,
): ThreadSample {
  const before = last.threads.find(({ name }) => name === thread.name);
  const busyMs = Math.max(0, thread.busyMs - (before?.busyMs ?? 0));
  const idleMs = Math.max(0, thread.idleMs - (before?.idleMs ?? 0));
  const turns = difference(thread.turnCounts, before?.turnCounts ?? []);
  return {
    name: thread.name,
    load: busyMs + idleMs === 0 ? 0 : busyMs / (busyMs + idleMs),
    open: thread.totals.connectionsOpen,
    turnsPerSecond: Math.max(0, thread.totals.turns - (before?.totals.turns ?? 0)) / seconds,
    turnMsP99: percentile(turns, limitsMs, 0.99),
  };
}

function total(reading: Reading, name: keyof ReactorTotals): number {
  return reading.threads.reduce((sum, { totals }) => sum + totals[name], 0);
}

function turnsSince(reading: Reading, last: Reading): number[] {
  const sum: number[] = reading.limitsMs.map(() => 0);
  for (const thread of reading.threads) {
    const before = last.threads.find(({ name }) => name === thread.name)?.turnCounts ?? [];
    difference(thread.turnCounts, before).forEach((count, bucket) => {
      sum[bucket] = (sum[bucket] ?? 0) + count;
    });
  }
  return sum;
}

/** A worker that was replaced while it could not answer may count less than before. */
function difference(counts: readonly number[], before: readonly number[]): number[] {
  return counts.map((count, bucket) => Math.max(0, count - (before[bucket] ?? 0)));
}

function percentile(
  counts: readonly number[],
  limitsMs: readonly number[],
  fraction: number,
): number | null {
  let left = Math.ceil(counts.reduce((sum, count) => sum + count, 0) * fraction);
  if (left === 0) return null;
  const bucket = counts.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return limitsMs[bucket] ?? null;
}

function coarse(counts: readonly number[], limitsMs: readonly number[]): number[] {
  const sums = [...TURN_LIMITS_MS, 0].map(() => 0);
  counts.forEach((count, fine) => {
    const limit = limitsMs[fine] ?? Number.POSITIVE_INFINITY;
    // Limits are not exact in binary.
    const bucket = TURN_LIMITS_MS.findIndex((end) => limit <= end * 1.0001);
    const at = bucket === -1 ? TURN_LIMITS_MS.length : bucket;
    sums[at] = (sums[at] ?? 0) + count;
  });
  return sums;
}

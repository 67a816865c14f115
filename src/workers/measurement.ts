/** Figures of workers, and their sums. */
import type { ReactorStatistics } from '../core/reactor-introspection.js';

/** The figures that a worker reports about itself. */
export interface Measurement {
  readonly statistics: ReactorStatistics;
  /** The counters of its module, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** The values of its gauges, by name. */
  readonly gauges: Readonly<Record<string, number>>;
  /** Time that its event loop was busy, and time that it waited for events, in milliseconds. */
  readonly busyMs: number;
  readonly idleMs: number;
  /** The counts of its reactor's {@link TurnHistogram}; empty if turns are not measured. */
  readonly turnCounts: readonly number[];
}

export const NOTHING_MEASURED: Measurement = {
  statistics: {
    turns: 0,
    bytesReceived: 0,
    bytesSent: 0,
    connectionsAccepted: 0,
    connectionsMade: 0,
    connectionsLost: 0,
    connectionsOpen: 0,
    delayedCalls: 0,
    turnMsP50: 0,
    turnMsP99: 0,
  },
  counters: {},
  gauges: {},
  busyMs: 0,
  idleMs: 0,
  turnCounts: [],
};

/** The sums. Durations of turns cannot be added: the longest is used. */
export function sumOf(measurements: Iterable<Measurement>): Measurement {
  const statistics = { ...NOTHING_MEASURED.statistics } as Mutable<ReactorStatistics>;
  // Any name is possible, also one of Object.prototype.
  const counters: Map<string, number> = new Map();
  const gauges: Map<string, number> = new Map();
  const turnCounts: number[] = [];
  let busyMs = 0;
  let idleMs = 0;
  for (const one of measurements) {
    for (const key of Object.keys(statistics) as (keyof ReactorStatistics)[]) {
      const [sum, value] = [statistics[key], one.statistics[key]];
      const longest = key === 'turnMsP50' || key === 'turnMsP99';
      statistics[key] = longest ? Math.max(sum, value) : sum + value;
    }
    addTo(counters, one.counters);
    addTo(gauges, one.gauges);
    busyMs += one.busyMs;
    idleMs += one.idleMs;
    one.turnCounts.forEach((count, bucket) => {
      turnCounts[bucket] = (turnCounts[bucket] ?? 0) + count;
    });
  }
  return {
    statistics,
    counters: Object.fromEntries(counters),
    gauges: Object.fromEntries(gauges),
    busyMs,
    idleMs,
    turnCounts,
  };
}

function addTo(sums: Map<string, number>, figures: Readonly<Record<string, number>>): void {
  for (const [name, figure] of Object.entries(figures)) {
    sums.set(name, (sums.get(name) ?? 0) + figure);
  }
}

/** The figures that remain of a worker that is gone: its totals, without open connections and pending calls. */
export function totalsOf(measurement: Measurement): Measurement {
  const { statistics } = measurement;
  const { connectionsOpen, delayedCalls, turnMsP50, turnMsP99 } = NOTHING_MEASURED.statistics;
  return {
    ...measurement,
    statistics: { ...statistics, connectionsOpen, delayedCalls, turnMsP50, turnMsP99 },
    gauges: {},
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

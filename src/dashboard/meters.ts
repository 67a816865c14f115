/** Reads the totals of a program: reactor, workers, process, and its own meters. */
import type { Reactor } from '../core/reactor.js';
import { reportError } from '../internal/error-report.js';
import type { DashboardSettings } from './dashboard-options.js';
import type { LoadReading, Reading } from './sampler.js';

export class Meters {
  readonly #reactor: Reactor;
  readonly #settings: DashboardSettings;
  readonly #broken: Set<string> = new Set();

  constructor(reactor: Reactor, settings: DashboardSettings) {
    this.#reactor = reactor;
    this.#settings = settings;
  }

  async read(): Promise<Reading> {
    const reactor = this.#reactor;
    const { limitsMs, counts } = reactor.turnHistogram();
    const { active, idle } = performance.eventLoopUtilization();
    const name = this.#settings.workers === undefined ? 'main' : 'parent';
    const totals = reactor.totals();
    const main = { name, totals, busyMs: active, idleMs: idle, turnCounts: counts };
    const { user, system } = process.cpuUsage();
    return {
      threads: [main, ...(await this.#readWorkers())],
      atMs: reactor.now(),
      wallMs: Date.now(),
      limitsMs,
      rssBytes: readRSS(),
      cpuMs: (user + system) / 1000,
      meters: this.#readMeters(),
    };
  }

  async #readWorkers(): Promise<LoadReading[]> {
    const { workers } = this.#settings;
    if (workers === undefined) return [];
    try {
      const metrics = await workers.metrics();
      return metrics.workers.map(({ worker, statistics, busyMs, idleMs, turnCounts }) => {
        return { name: `worker ${worker}`, totals: statistics, busyMs, idleMs, turnCounts };
      });
    } catch {
      return []; // the group was stopped
    }
  }

  #readMeters(): Record<string, number> {
    const values: [string, number][] = [];
    for (const [name, read] of this.#settings.meters) {
      let value = 0;
      try {
        value = Number(read());
      } catch (error) {
        // Once, not once per second.
        if (!this.#broken.has(name)) reportError(error, `the meter ${name}`);
        this.#broken.add(name);
      }
      values.push([name, Number.isFinite(value) ? value : 0]);
    }
    return Object.fromEntries(values);
  }
}

/** Linux reads it from a file, which needs a free descriptor. */
function readRSS(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

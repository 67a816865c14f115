/** The counters and gauges of a worker's module. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkFunction, checkString } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import type { Measurement } from './measurement.js';
import type { WorkerCounter } from './worker-context.js';

class Counter implements WorkerCounter {
  total = 0;

  add(count = 1): void {
    if (typeof count !== 'number') throw new InvalidArgumentTypeError('count', 'a number', count);
    if (!(count >= 0)) throw new InvalidArgumentValueError('count', '0 or more', count);
    this.total += count;
  }
}

export class WorkerFigures {
  readonly #counters: Map<string, Counter> = new Map();
  readonly #gauges: Map<string, () => number> = new Map();

  counter(name: string): WorkerCounter {
    checkString('name', name);
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      counter = new Counter();
      this.#counters.set(name, counter);
    }
    return counter;
  }

  gauge(name: string, read: () => number): void {
    checkString('name', name);
    checkFunction('read', read);
    this.#gauges.set(name, read);
  }

  /** The current values of all. A gauge that throws is reported and omitted. */
  read(): Pick<Measurement, 'counters' | 'gauges'> {
    const totals = [...this.#counters].map(([name, { total }]) => [name, total] as const);
    const gauges: Map<string, number> = new Map();
    for (const [name, read] of this.#gauges) {
      try {
        gauges.set(name, Number(read()));
      } catch (error) {
        reportError(error, `the gauge ${name}`);
      }
    }
    return { counters: Object.fromEntries(totals), gauges: Object.fromEntries(gauges) };
  }
}

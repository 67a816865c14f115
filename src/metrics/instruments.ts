/** Metrics that a program changes. A series that is changed often is kept: `const ok = requests.with({ status: '2xx' })`. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkNumber } from '../internal/check.js';
import type { Labels, MetricFamily } from './family.js';
import { Series } from './series.js';

/** A total that only grows. */
export interface CounterSeries {
  /** @param by 0 or more. Default 1. */
  add(by?: number): void;
}

/** A value that rises and falls. */
export interface GaugeSeries {
  set(value: number): void;
  add(by?: number): void;
}

/** The distribution of values. */
export interface HistogramSeries {
  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError it is NaN or infinite. */
  record(value: number): void;
}

/** A metric of a registry. */
export interface Instrument {
  collect(): MetricFamily;
}

class CounterState implements CounterSeries {
  value = 0;

  add(by = 1): void {
    this.value += checkNumber('by', by, 0);
  }
}

class GaugeState implements GaugeSeries {
  value = 0;

  set(value: number): void {
    this.value = checkIsNumber('value', value);
  }

  add(by = 1): void {
    this.value += checkIsNumber('by', by);
  }
}

/** Infinity and NaN are values of a gauge. */
function checkIsNumber(what: string, value: number): number {
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  return value;
}

export class Counter implements Instrument {
  readonly name: string;
  readonly help: string;
  readonly #series: Series<CounterState>;

  /** @internal */
  constructor(name: string, help: string, labels: readonly string[]) {
    this.name = name;
    this.help = help;
    this.#series = new Series(labels, () => new CounterState());
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError a label is missing or unknown. */
  with(labels: Labels): CounterSeries {
    return this.#series.state(labels);
  }

  /** @throws InvalidArgumentValueError `by` is negative. */
  add(by = 1, labels: Labels = {}): void {
    this.#series.state(labels).add(by);
  }

  collect(): MetricFamily {
    return { name: this.name, help: this.help, type: 'counter', samples: valuesOf(this.#series) };
  }
}

export class Gauge implements Instrument {
  readonly name: string;
  readonly help: string;
  readonly #series: Series<GaugeState>;

  /** @internal */
  constructor(name: string, help: string, labels: readonly string[]) {
    this.name = name;
    this.help = help;
    this.#series = new Series(labels, () => new GaugeState());
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError a label is missing or unknown. */
  with(labels: Labels): GaugeSeries {
    return this.#series.state(labels);
  }

  set(value: number, labels: Labels = {}): void {
    this.#series.state(labels).set(value);
  }

  add(by = 1, labels: Labels = {}): void {
    this.#series.state(labels).add(by);
  }

  collect(): MetricFamily {
    return { name: this.name, help: this.help, type: 'gauge', samples: valuesOf(this.#series) };
  }
}

function valuesOf(
  series: Series<{ readonly value: number }>,
): { readonly labels: Labels; readonly value: number }[] {
  return Array.from(series.all, ({ labels, state }) => ({ labels, value: state.value }));
}

class HistogramState implements HistogramSeries {
  readonly limits: readonly number[];
  /** Of each bucket alone; the last one is that of larger values. */
  readonly counts: number[];
  sum = 0;

  constructor(limits: readonly number[]) {
    this.limits = limits;
    this.counts = new Array<number>(limits.length + 1).fill(0);
  }

  record(value: number): void {
    // NaN would remain in the sum.
    checkNumber('value', value, Number.NEGATIVE_INFINITY);
    const { limits, counts } = this;
    let low = 0;
    let high = limits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (limits[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    counts[low] = (counts[low] ?? 0) + 1;
    this.sum += value;
  }
}

/** Of durations in seconds: from 1 ms to 10 s. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export class Histogram implements Instrument {
  readonly name: string;
  readonly help: string;
  readonly #limits: readonly number[];
  readonly #series: Series<HistogramState>;

  /** @internal */
  constructor(name: string, help: string, labels: readonly string[], limits: readonly number[]) {
    this.name = name;
    this.help = help;
    for (const [i, limit] of limits.entries()) {
      checkNumber('buckets', limit, Number.NEGATIVE_INFINITY);
      if (i > 0 && !(limit > (limits[i - 1] ?? 0))) {
        throw new InvalidArgumentValueError('buckets', 'ascending', limit);
      }
    }
    this.#limits = [...limits];
    this.#series = new Series(labels, () => new HistogramState(this.#limits));
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError a label is missing or unknown. */
  with(labels: Labels): HistogramSeries {
    return this.#series.state(labels);
  }

  record(value: number, labels: Labels = {}): void {
    this.#series.state(labels).record(value);
  }

  collect(): MetricFamily {
    const samples = Array.from(this.#series.all, ({ labels, state }) => {
      let count = 0;
      const buckets = state.limits.map((limit, i) => {
        count += state.counts[i] ?? 0;
        return [limit, count] as const;
      });
      return { labels, buckets, sum: state.sum, count: count + (state.counts.at(-1) ?? 0) };
    });
    return { name: this.name, help: this.help, type: 'histogram', samples };
  }
}

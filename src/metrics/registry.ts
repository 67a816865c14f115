/** The metrics of a program. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkFunction, checkString } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import type { MetricFamily } from './family.js';
import { Counter, DURATION_BUCKETS, Gauge, Histogram, type Instrument } from './instruments.js';

/** Reads metrics when they are collected, and only then. */
export type MetricSource = () => Iterable<MetricFamily>;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * Metrics by name, and sources of further ones: a reactor and pools count anyway, so their figures are only read when somebody asks.
 *
 * @example
 * const metrics = new MetricsRegistry();
 * const joins = metrics.counter('chat_joins_total', 'Users that joined a room.', ['room']);
 * joins.add(1, { room: 'a' });
 */
export class MetricsRegistry {
  readonly #instruments = new Map<string, Instrument>();
  readonly #sources = new Set<MetricSource>();
  /** The names of lines in the format of Prometheus: histograms have several. */
  readonly #lines = new Set<string>();

  /**
   * @param name Letters, digits, underscores and colons; those of counters end with `_total`.
   * @param labels The names of labels: each series has a value of each.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError the name is taken or invalid.
   */
  counter(name: string, help: string, labels: readonly string[] = []): Counter {
    return this.#add(name, new Counter(name, checkString('help', help), labels));
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError the name is taken or invalid. */
  gauge(name: string, help: string, labels: readonly string[] = []): Gauge {
    return this.#add(name, new Gauge(name, checkString('help', help), labels));
  }

  /**
   * @param buckets The upper limits of the buckets, ascending. Default: of seconds, from 1 ms to 10 s.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError the name is taken or invalid.
   */
  histogram(
    name: string,
    help: string,
    labels: readonly string[] = [],
    buckets: readonly number[] = DURATION_BUCKETS,
  ): Histogram {
    return this.#add(name, new Histogram(name, checkString('help', help), labels, buckets));
  }

  /** Adds metrics that are read when they are collected. Returns a function that removes them. */
  addSource(source: MetricSource): () => void {
    checkFunction('source', source);
    this.#sources.add(source);
    return () => void this.#sources.delete(source);
  }

  /** The present values, in the order of names. Sources with metrics of the same name add to one family. An error of a source is reported. */
  collect(): MetricFamily[] {
    const families = new Map<string, MetricFamily>();
    for (const instrument of this.#instruments.values()) {
      const family = instrument.collect();
      families.set(family.name, family);
    }
    for (const source of this.#sources) {
      try {
        for (const family of source()) merge(families, family);
      } catch (error) {
        reportError(error, 'source of metrics');
      }
    }
    return [...families.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #add<T extends Instrument>(name: string, instrument: T): T {
    checkString('name', name);
    if (!NAME.test(name)) {
      throw new InvalidArgumentValueError('name', 'letters, digits, underscores and colons', name);
    }
    const lines = lineNames(name, instrument);
    if (this.#instruments.has(name) || lines.some((line) => this.#lines.has(line))) {
      throw new InvalidArgumentValueError('name', 'a name that is not taken', name);
    }
    for (const line of lines) this.#lines.add(line);
    this.#instruments.set(name, instrument);
    return instrument;
  }
}

function lineNames(name: string, instrument: Instrument): string[] {
  if (!(instrument instanceof Histogram)) return [name];
  return ['', '_bucket', '_sum', '_count'].map((end) => `${name}${end}`);
}

function merge(families: Map<string, MetricFamily>, added: MetricFamily): void {
  const known = families.get(added.name);
  if (known === undefined) families.set(added.name, added);
  else if (known.type !== added.type) {
    throw new InvalidArgumentValueError(`the type of ${added.name}`, known.type, added.type);
  } else {
    families.set(added.name, {
      ...known,
      samples: [...known.samples, ...added.samples],
    } as MetricFamily);
  }
}

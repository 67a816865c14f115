/** Registers metrics with prom-client, which is no dependency: its registry is an argument. */
import { checkFunction } from '../internal/check.js';
import type { MetricFamily } from './family.js';
import { seriesOf } from './prometheus.js';
import type { MetricsRegistry } from './registry.js';

/** The part of a registry of prom-client that is used. */
export interface PromClientRegistry {
  registerMetric(metric: never): void;
}

interface PromClientValue {
  readonly value: number;
  readonly labels: object;
  readonly metricName: string;
}

/**
 * Makes `register.metrics()` of prom-client contain our metrics: those that exist at the time of this call, with the values of the time
 * of the scrape. Add sources and instruments first.
 *
 * @throws InvalidArgumentTypeError
 * @throws Error a metric of that name is registered there.
 * @example registerWithPromClient(metrics, client.register);
 */
export function registerWithPromClient(
  registry: MetricsRegistry,
  register: PromClientRegistry,
): void {
  checkFunction(
    'register.registerMetric',
    (register as Partial<PromClientRegistry> | null)?.registerMetric,
  );
  for (const { name, help, type } of registry.collect()) {
    const read = (): PromClientValue[] => {
      const family = registry.collect().find((other) => other.name === name);
      return family === undefined ? [] : valuesOf(family);
    };
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      labelNames: [],
      get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: read() }),
      reset: () => {},
    };
    register.registerMetric(metric as never);
  }
}

function valuesOf(family: MetricFamily): PromClientValue[] {
  return Array.from(seriesOf(family), ({ suffix, labels, value }) => ({
    value,
    labels,
    metricName: `${family.name}${suffix}`,
  }));
}

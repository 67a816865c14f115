/** Metrics in the text format of Prometheus, version 0.0.4. */
import type { Labels, MetricFamily } from './family.js';
import type { MetricsRegistry } from './registry.js';

/** The Content-Type of {@link prometheusText}. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The present values of all metrics. Answer `GET /metrics` with it. */
export function prometheusText(registry: MetricsRegistry): string {
  return registry.collect().map(familyText).join('');
}

function familyText(family: MetricFamily): string {
  const { name, help, type } = family;
  const lines = [`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`];
  for (const { suffix, labels, value } of seriesOf(family)) {
    lines.push(`${name}${suffix}${labelsText(labels)} ${numberText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Each value with the end of its name: histograms have several names, and a label `le`. */
export function* seriesOf(
  family: MetricFamily,
): Generator<{ suffix: string; labels: Labels; value: number }> {
  if (family.type !== 'histogram') {
    for (const { labels, value } of family.samples) yield { suffix: '', labels, value };
    return;
  }
  for (const { labels, buckets, sum, count } of family.samples) {
    for (const [limit, value] of buckets) {
      yield { suffix: '_bucket', labels: { ...labels, le: numberText(limit) }, value };
    }
    yield { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count };
    yield { suffix: '_sum', labels, value: sum };
    yield { suffix: '_count', labels, value: count };
  }
}

function labelsText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapedLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapedLabel(text: string): string {
  return escapedHelp(text).replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** The values of metrics at one moment. */

export type Labels = Readonly<Record<string, string>>;

export interface MetricSample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  /** The upper limit of each bucket, ascending and finite, and the number of values up to it: those of smaller buckets count. */
  readonly buckets: readonly (readonly [limit: number, count: number])[];
  readonly sum: number;
  readonly count: number;
}

interface Described {
  /** Letters, digits, underscores and colons, with the unit at the end: `app_received_bytes_total`. */
  readonly name: string;
  readonly help: string;
}

/** A metric with its values: one of each combination of labels. */
export type MetricFamily =
  | (Described & { readonly type: 'counter' | 'gauge'; readonly samples: readonly MetricSample[] })
  | (Described & { readonly type: 'histogram'; readonly samples: readonly HistogramSample[] });

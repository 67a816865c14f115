// The type of a micro bench: cases, each with several contenders that do the same. bench/README.md says how to write one.

/** The figures of one process by name; '' if a case has only one. */
export type Figures = Readonly<Record<string, number>>;

/** How much work to do. */
export interface Effort {
  /** For how long to do what is measured, before and while measuring it. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** How many things to do that are counted; a tenth of `full` in a quick run. */
  count(full: number): number;
}

export const FULL: Effort = { warmUpMs: 100, measuredMs: 250, count: (full) => full };
export const QUICK: Effort = { warmUpMs: 5, measuredMs: 10, count: (full) => Math.ceil(full / 10) };

/** Does the work and checks it. Throws if a contender's result is wrong. */
export type Measure = (effort: Effort) => Figures | Promise<Figures>;

/** What a process measures of a contender. */
export interface MicroCase {
  /** '' for the only case of a bench. */
  readonly name: string;
  /** The contender that the others are compared with. */
  readonly reference: string;
  readonly contenders: Readonly<Record<string, Measure>>;
}

/** A performance goal: the ratio of two contenders in one row, or the figure of one. */
export interface MicroBar {
  /** The row, as `rowName` gives it. */
  readonly row: string;
  readonly of: string;
  /** Undefined: the limit is one of the figure. */
  readonly to?: string;
  readonly sense: 'at most' | 'at least';
  readonly limit: number;
}

export interface MicroBench {
  readonly title: string;
  /** The work and the part of it that is measured: a few sentences for the report. */
  readonly workload: string;
  /** Of the figures whose name does not say it. */
  readonly unit: string;
  /** Called once, before the first round, if there are cases; returns a function that undoes it. Contenders inherit the environment. */
  readonly prepare?: () => Promise<() => Promise<void>>;
  readonly cases: readonly MicroCase[];
  readonly bars: readonly MicroBar[];
}

/** The name of a figure in the report: `scattered: insert`. */
export function rowName(caseName: string, figure: string): string {
  return [caseName, figure].filter((part) => part !== '').join(': ');
}

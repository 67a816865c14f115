// The raw record of a run of micro benches, and the figures computed from it. Reports need nothing else.

import type { Machine } from '../machine.js';
import { type BarLine, outcomeOf } from '../markdown-table.js';
import { ratioOfRounds, type Sample, type Spread, spreadOf } from '../statistics.js';
import { type Figures, type MicroBar, rowName } from './bench.js';

/** Between the rounds of a figure that nothing is compared with. */
const UNSTEADY = 5;

/** What one process measured of a contender in one case. */
export interface MicroSample {
  readonly round: number;
  readonly case: string;
  readonly contender: string;
  readonly figures: Figures;
}

export interface MicroBenchRecord {
  readonly name: string;
  /** Of the bench, from the root of the repository. */
  readonly path: string;
  readonly title: string;
  readonly workload: string;
  readonly unit: string;
  readonly bars: readonly MicroBar[];
  readonly cases: readonly {
    readonly name: string;
    readonly reference: string;
    readonly contenders: readonly string[];
  }[];
  readonly samples: MicroSample[];
  /** What went wrong: work not done, a process that died. Empty for a good run. */
  readonly failures: string[];
}

export interface MicroRunRecord {
  readonly kind: 'micro';
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly rounds: number;
  readonly machine: Machine;
  readonly benches: readonly MicroBenchRecord[];
}

/** A contender's figure in one row. */
export interface MicroFigure {
  readonly row: string;
  readonly contender: string;
  readonly spread: Spread;
  readonly isReference: boolean;
  /** Times the reference's figure; undefined for itself, and where that is unsteady. */
  readonly toReference: Spread | undefined;
}

/** All figures of a bench, row by row, the contenders in the order in which the bench names them. */
export function figuresOf(record: MicroBenchRecord): MicroFigure[] {
  return record.cases.flatMap(({ name, reference, contenders }) => {
    const samples = record.samples.filter((sample) => sample.case === name);
    const figures = new Set(samples.flatMap((sample) => Object.keys(sample.figures)));
    return [...figures].flatMap((figure) => {
      const row = rowName(name, figure);
      const base = samplesOf(record, row, reference);
      const comparable = isSteady(spreadOf(base.map((sample) => sample.figure)));
      return contenders.flatMap((contender) => {
        const own = samplesOf(record, row, contender);
        const spread = spreadOf(own.map((sample) => sample.figure));
        if (spread === undefined) return [];
        const isReference = contender === reference;
        const compared = comparable && !isReference;
        const toReference = compared ? ratioOfRounds(own, base) : undefined;
        return [{ row, contender, spread, isReference, toReference }];
      });
    });
  });
}

/** Whether a ratio to it makes sense: it must exceed its noise. */
function isSteady(spread: Spread | undefined): boolean {
  return spread !== undefined && spread.min > 0 && spread.max / spread.min < UNSTEADY;
}

/** The bars of the bench, and whether the run meets them. */
export function barsOf(record: MicroBenchRecord): BarLine[] {
  return record.bars.map(({ row, of, to, sense, limit }) => {
    const own = samplesOf(record, row, of);
    const figure =
      to === undefined
        ? spreadOf(own.map((sample) => sample.figure))
        : ratioOfRounds(own, samplesOf(record, row, to));
    return {
      workload: row,
      measure: to === undefined ? `${record.unit}, ${of}` : `${record.unit}, ${of} / ${to}`,
      sense,
      limit,
      isRatio: to !== undefined,
      figure: figure?.median,
      range: figure && [figure.min, figure.max],
      outcome: outcomeOf(figure?.median, sense, limit),
      reason: figure === undefined ? `no round has ${to === undefined ? 'it' : 'both'}` : '',
    };
  });
}

function samplesOf(record: MicroBenchRecord, row: string, contender: string): Sample[] {
  return record.samples.flatMap((sample) => {
    if (sample.contender !== contender) return [];
    const named = Object.entries(sample.figures).find(
      ([name]) => rowName(sample.case, name) === row,
    );
    return named === undefined ? [] : [{ round: sample.round, figure: named[1] }];
  });
}

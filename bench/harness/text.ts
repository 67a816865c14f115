// Figures as readers want them: three digits that matter, and a dash for what does not apply.

import { descriptionOf } from './machine.js';
import type { RunRecord } from './results.js';
import type { Spread } from './statistics.js';

export const NONE = '–';

/** Three significant digits, thousands set off. */
export function figureText(figure: number | undefined): string {
  if (figure === undefined) return NONE;
  const size = Math.abs(figure);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return figure.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Two decimals, for ratios. */
export function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? NONE : ratio.toFixed(2);
}

/** `6.50 (6.41 to 6.93)`. */
export function spreadText(spread: Spread): string {
  if (spread.count < 2) return figureText(spread.median);
  return `${figureText(spread.median)} (${figureText(spread.min)} to ${figureText(spread.max)})`;
}

/** How the run was made: sentences for the head of a report. */
export function methodText(run: RunRecord): string[] {
  const { measureSeconds, warmupSeconds, rounds, seed } = run;
  return [
    `${run.startedAt.slice(0, 10)}, ${descriptionOf(run.machine)}` +
      `${run.machine.commit === undefined ? '' : `, commit ${run.machine.commit}`}.`,
    `Server on core ${run.serverCore}, busy-polling client on core ${run.clientCore}; ` +
      `${rounds - 1} rounds of ${measureSeconds} s each after ${warmupSeconds} s of warm-up, ` +
      `in random order (seed ${seed}), one more round dropped before them. ` +
      'Medians, with the lowest and highest round; ratios are taken within each round.',
    ...(run.quick
      ? [
          'A quick run: few and short slices, and 2,000 connections where 10,000 are meant; an indication only.',
        ]
      : []),
  ];
}

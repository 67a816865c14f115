// Figures in reports: three significant digits, and a dash for a figure that does not apply.

import { busyWarning, descriptionOf } from './machine.js';
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

/** What readers have to know before they look at a figure. */
export function warningsOf(run: RunRecord): string[] {
  const busy = busyWarning(run.machine);
  return [
    ...(run.quick
      ? ['This is a quick run: its slices are few and short. The figures are an indication only.']
      : []),
    ...(busy === undefined ? [] : [busy]),
  ];
}

/** The title of a report, labelled if it is of a quick run. */
export function titleText(run: RunRecord, title: string): string {
  return run.quick ? `${title} (quick run)` : title;
}

/** How the run was made. */
export function methodText(run: RunRecord): string[] {
  const { measureSeconds, warmupSeconds, rounds, seed, machine } = run;
  return [
    `${run.startedAt.slice(0, 10)}, ${descriptionOf(machine)}` +
      `${machine.commit === undefined ? '' : `, commit ${machine.commit}`}` +
      `${machine.load === undefined ? '' : `; load average before the run ${machine.load}`}.`,
    `Server on core ${run.serverCore}, busy-polling client on core ${run.clientCore}; ` +
      `${rounds - 1} rounds of ${measureSeconds} s each after ${warmupSeconds} s of warm-up, ` +
      `in random order (seed ${seed}), one more round dropped before them. ` +
      'Medians, with the lowest and highest round; ratios are taken within each round.',
  ];
}

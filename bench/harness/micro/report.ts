// The report of micro benches as Markdown: for the terminal, and for docs/micro-performance.md.

import { busyWarning, descriptionOf } from '../machine.js';
import { barSection, nameIn, table } from '../markdown-table.js';
import { NONE, spreadText } from '../text.js';
import { barsOf, figuresOf, type MicroBenchRecord, type MicroRunRecord } from './record.js';

/** `rawLink` is a link to the JSON; undefined if there is none. Links are relative to `docs/`. */
export function microReport(run: MicroRunRecord, rawLink: string | undefined): string {
  const parts = [
    run.quick ? '# Performance of the parts (quick run)' : '# Performance of the parts',
    ...headOf(run),
    ...(rawLink === undefined ? [] : [`Raw figures: [${nameIn(rawLink)}](${rawLink}).`]),
    ...barSection(run.benches.flatMap(barsOf)),
    ...run.benches.flatMap(benchSection),
  ];
  return `${parts.join('\n\n')}\n`;
}

function headOf({ startedAt, machine, rounds, seed, quick }: MicroRunRecord): string[] {
  const commit = machine.commit === undefined ? '' : `, commit ${machine.commit}`;
  const load = machine.load === undefined ? '' : `; load average before the run ${machine.load}`;
  const busy = busyWarning(machine);
  const processes = quick
    ? 'a separate process for each contender and round'
    : 'a separate process for each contender, case and round';
  const times =
    rounds === 1 ? '1 round' : `Median of ${rounds} rounds, with the lowest and highest`;
  return [
    `${startedAt.slice(0, 10)}, ${descriptionOf(machine)}${commit}${load}.`,
    ...(busy === undefined ? [] : [`**${busy}**`]),
    `${times}; ${processes}, with the contenders in random order (seed ${seed}). Ratios are taken ` +
      'within each round. Compare figures of one run only; two contenders whose ranges overlap are equal here.',
    ...(quick
      ? ['**This is a quick run: it checks that the benches work; its figures mean little.**']
      : []),
  ];
}

function benchSection(record: MicroBenchRecord): string[] {
  const { title, workload, path, unit, failures } = record;
  let last: string | undefined;
  const rows = figuresOf(record).map(({ row, contender, spread, toReference, isReference }) => {
    const first = row === last ? '' : row;
    last = row;
    const ratio = toReference === undefined ? NONE : spreadText(toReference);
    return [first, contender, spreadText(spread), isReference ? 'reference' : ratio];
  });
  const head = ['', 'contender', unit, '/ reference'];
  return [
    `## ${title}`,
    `${workload} Source: [${nameIn(path)}](../${path}).`,
    ...failures.map((failure) => `**Failed:** ${failure}`),
    ...(rows.length === 0 ? [] : [table(head, rows, ['left', 'left', 'right', 'right'])]),
  ];
}

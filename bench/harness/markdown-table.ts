// Tables of the reports, and the one of the bars among them.

import { figureText, NONE, ratioText } from './text.js';

type Side = 'left' | 'right';

/** A Markdown table that also reads well as plain text. */
export function table(head: string[], rows: string[][], sides?: Side[]): string {
  const side = (column: number): Side => sides?.[column] ?? (column === 0 ? 'left' : 'right');
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, side(column))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    side(column) === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, side: Side): string {
  return side === 'right' ? cell.padStart(width) : cell.padEnd(width);
}

/** A performance goal, and whether a run meets it. */
export interface BarLine {
  readonly workload: string;
  /** What is compared, in words. */
  readonly measure: string;
  readonly sense: 'at most' | 'at least';
  readonly limit: number;
  readonly isRatio: boolean;
  readonly figure: number | undefined;
  /** The lowest and highest round. */
  readonly range: readonly [number, number] | undefined;
  readonly outcome: 'met' | 'missed' | 'not measured';
  /** Why it was not measured. */
  readonly reason: string;
}

/** The outcome of a figure; undefined: it could not be measured. */
export function outcomeOf(
  figure: number | undefined,
  sense: BarLine['sense'],
  limit: number,
): BarLine['outcome'] {
  if (figure === undefined) return 'not measured';
  const met = sense === 'at most' ? figure <= limit : figure >= limit;
  return met ? 'met' : 'missed';
}

/** Heading, count and table; nothing for no bars. */
export function barSection(lines: readonly BarLine[]): string[] {
  if (lines.length === 0) return [];
  const count = (outcome: BarLine['outcome']): string =>
    `${lines.filter((line) => line.outcome === outcome).length} ${outcome}`;
  const head = ['workload', 'measure', 'bar', 'figure (rounds)', 'outcome'];
  return [
    '## Bars',
    `${count('met')}, ${count('missed')}, ${count('not measured')}.`,
    table(head, lines.map(barRow), ['left', 'left', 'right', 'right', 'left']),
  ];
}

function barRow(line: BarLine): string[] {
  const { figure, range, outcome, reason } = line;
  const text = line.isRatio ? ratioText : figureText;
  const rounds = range === undefined ? '' : ` (${text(range[0])} to ${text(range[1])})`;
  const said = outcome === 'missed' ? '**missed**' : outcome;
  return [
    line.workload,
    line.measure,
    `${line.sense} ${line.limit.toLocaleString('en')}`,
    figure === undefined ? NONE : `${text(figure)}${rounds}`,
    reason === '' ? said : `${said}: ${reason}`,
  ];
}

/** The file's name at the end of a link. */
export function nameIn(link: string): string {
  return link.split('/').at(-1) ?? link;
}

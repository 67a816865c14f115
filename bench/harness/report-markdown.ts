// The report as Markdown: for the terminal, and for docs/performance.md.

import { judge, measureText, type Verdict } from './bars.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import { type ContenderSummary, summarize } from './summary.js';
import { figureText, methodText, NONE, ratioText, spreadText } from './text.js';

/** `rawLink` is where the reader finds the JSON; undefined when it lies nowhere yet. */
export function markdownReport(run: RunRecord, rawLink: string | undefined): string {
  const raw = rawLink === undefined ? [] : [`Raw slices: [${nameIn(rawLink)}](${rawLink}).`];
  const parts = [
    '# Performance of TCP',
    ...methodText(run),
    ...raw,
    ...barSection(run),
    ...run.scenarios.flatMap((record) => scenarioSection(run, record)),
    ...contenderSection(run),
  ];
  return `${parts.join('\n\n')}\n`;
}

function barSection(run: RunRecord): string[] {
  const verdicts = judge(run);
  if (verdicts.length === 0) return [];
  const missed = verdicts.filter((verdict) => verdict.outcome === 'missed').length;
  const met = verdicts.filter((verdict) => verdict.outcome === 'met').length;
  const left = verdicts.length - met - missed;
  const head = ['workload', 'measure', 'bar', 'figure (rounds)', 'outcome'];
  return [
    '## Bars',
    `${met} met, ${missed} missed, ${left} not measured.`,
    table(head, verdicts.map(barRow), ['left', 'left', 'right', 'right', 'left']),
  ];
}

function barRow({ bar, figure, range, outcome, reason }: Verdict): string[] {
  const text = bar.measure.kind === 'ratio' ? ratioText : figureText;
  const rounds = range === undefined ? '' : ` (${text(range[0])} to ${text(range[1])})`;
  const limit = `${bar.sense} ${bar.limit.toLocaleString('en')}`;
  const said = outcome === 'missed' ? '**missed**' : outcome;
  return [
    bar.workload,
    measureText(bar),
    limit,
    figure === undefined ? NONE : `${text(figure)}${rounds}`,
    reason === '' ? said : `${said}: ${reason}`,
  ];
}

function scenarioSection(run: RunRecord, record: ScenarioRecord): string[] {
  const failures = record.failures.map((failure) => `**Failed:** ${failure}`);
  const summaries = summarize(run, record);
  const columns = columnsOf(record).filter(({ cell }) =>
    summaries.some((one) => cell(one) !== NONE),
  );
  const rows = summaries.map((one) => [one.title, ...columns.map(({ cell }) => cell(one))]);
  const head = ['', ...columns.map(({ name }) => name)];
  return [
    `## ${record.scenario.title}`,
    ...failures,
    ...(rows.length === 0 ? [] : [table(head, rows)]),
    ...notesOf(record),
  ];
}

interface Column {
  readonly name: string;
  cell(one: ContenderSummary): string;
}

function columnsOf({ scenario }: ScenarioRecord): Column[] {
  const cost: Column = { name: scenario.costLabel, cell: (one) => spreadText(one.cost) };
  const floor: Column = { name: '/ raw epoll', cell: (one) => ratioText(one.toFloor?.median) };
  const base: Column = { name: '/ node:net', cell: (one) => ratioText(one.toBaseline?.median) };
  if (scenario.kind === 'idle') {
    const accepted = { name: 'before a message', cell: bytesOf('acceptedBytes') };
    // Without the floor: its few bytes would make every ratio meaningless.
    return [cost, base, { name: 'anonymous', cell: bytesOf('anonymousBytes') }, accepted];
  }
  const latency = scenario.kind === 'echo' && scenario.cost === 'p50';
  return [
    cost,
    floor,
    base,
    { name: 'per second', cell: (one) => whole(one.perSecond) },
    ...(latency ? LATENCY_COLUMNS : [P50_COLUMN]),
    { name: 'p99 us', cell: (one) => figureText(one.p99Us) },
    { name: 'user instructions', cell: (one) => whole(one.userInstructions) },
  ];
}

const P50_COLUMN: Column = { name: 'p50 us', cell: (one) => figureText(one.p50Us) };
const LATENCY_COLUMNS: readonly Column[] = [
  { name: 'p90 us', cell: (one) => figureText(one.p90Us) },
  { name: 'CPU us', cell: (one) => figureText(one.cpuUs) },
];

function bytesOf(field: 'acceptedBytes' | 'anonymousBytes'): Column['cell'] {
  return (one) => whole(one[field]);
}

function notesOf({ scenario, holds, footprints }: ScenarioRecord): string[] {
  if (scenario.kind === 'idle' && footprints.length > 0) {
    return [
      'Growth of the resident set of one fresh process, divided by the connections, some seconds ' +
        'after each had carried one message there and back. No collection is forced: garbage not ' +
        'yet collected counts. The kernel’s memory for sockets does not.',
    ];
  }
  return holds.map(
    (hold) =>
      `${hold.contender}: ${whole(hold.connections)} connections, ${whole(hold.messages)} messages ` +
      `in ${(hold.elapsedNs / 1e9).toFixed(1)} s, ${hold.wrongBytes} bytes wrong or missing, ` +
      `${hold.lostConnections} connections lost, ${whole(hold.used.rss)} bytes of user memory per ` +
      'connection afterwards.',
  );
}

function contenderSection(run: RunRecord): string[] {
  const here = run.contenders.map(({ title, version }) => `${title} (${version})`).join(', ');
  const absent = run.absent.map(({ name, reason }) => `- ${name}: ${reason}`);
  const skipped = run.skipped.map(({ scenario, reason }) => `- ${scenario}: ${reason}`);
  return [
    '## Contenders',
    `${here}.`,
    ...(absent.length === 0 ? [] : [`Absent, and so not compared:\n\n${absent.join('\n')}`]),
    ...(skipped.length === 0 ? [] : [`Scenarios left out:\n\n${skipped.join('\n')}`]),
  ];
}

type Side = 'left' | 'right';

/** A Markdown table that also reads well as plain text. */
function table(head: string[], rows: string[][], sides?: Side[]): string {
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

function whole(figure: number | undefined): string {
  return figure === undefined ? NONE : Math.round(figure).toLocaleString('en');
}

function nameIn(link: string): string {
  return link.split('/').at(-1) ?? link;
}

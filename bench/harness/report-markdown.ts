// The report as Markdown: for the terminal, and for the pages of docs/.

import { isRatio, judge, measureText, type Verdict } from './bars.js';
import { type BarLine, barSection, nameIn, table } from './markdown-table.js';
import { missingIn } from './participants.js';
import type { FootprintRecord, RunRecord, ScenarioRecord } from './results.js';
import type { Spread } from './statistics.js';
import { baselineOf, type ContenderSummary, summarize } from './summary.js';
import {
  figureText,
  methodText,
  NONE,
  ratioText,
  spreadText,
  titleText,
  warningsOf,
} from './text.js';

/** `rawLink` is a link to the JSON, which has the page of plots beside it; undefined if there is none. */
export function markdownReport(run: RunRecord, rawLink: string | undefined, title: string): string {
  const plots = rawLink?.replace(/\.json$/, '.html') ?? '';
  const raw =
    rawLink === undefined
      ? []
      : [
          `Plots: [${nameIn(plots)}](${plots}), to be opened in a browser. Raw slices: [${nameIn(rawLink)}](${rawLink}).`,
        ];
  const parts = [
    `# ${titleText(run, title)}`,
    ...warningsOf(run).map((text) => `**${text}**`),
    ...methodText(run),
    ...raw,
    ...barSection(judge(run).map(barLine)),
    ...run.scenarios.flatMap((record) => scenarioSection(run, record)),
    ...contenderSection(run),
  ];
  return `${parts.join('\n\n')}\n`;
}

function barLine({ bar, figure, range, outcome, reason }: Verdict): BarLine {
  const { workload, sense, limit } = bar;
  const measure = measureText(bar);
  return { workload, measure, sense, limit, isRatio: isRatio(bar), figure, range, outcome, reason };
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
  const { title } = baselineOf(scenario);
  const base: Column = { name: `/ ${title}`, cell: (one) => ratioText(one.toBaseline?.median) };
  if (scenario.kind === 'idle') {
    const accepted = { name: 'before a message', cell: bytesOf('acceptedBytes') };
    const rested = { name: 'with garbage', cell: bytesOf('restedBytes') };
    // Without the floor: its few bytes would make every ratio meaningless.
    return [cost, base, { name: 'anonymous', cell: bytesOf('anonymousBytes') }, accepted, rested];
  }
  if (scenario.kind === 'workers') return [cost, ...WORKERS_COLUMNS];
  const latency = scenario.kind === 'echo' && scenario.cost === 'p50';
  return [
    cost,
    floor,
    base,
    { name: 'per second', cell: (one) => whole(one.perSecond) },
    ...(latency ? LATENCY_COLUMNS : [P50_COLUMN]),
    { name: 'p99 us', cell: (one) => figureText(one.p99Us) },
    { name: 'lost of 1,000', cell: (one) => figureText(one.lost) },
    { name: 'user instructions', cell: (one) => whole(one.userInstructions) },
  ];
}

const P50_COLUMN: Column = { name: 'p50 us', cell: (one) => figureText(one.p50Us) };
const LATENCY_COLUMNS: readonly Column[] = [
  { name: 'p90 us', cell: (one) => figureText(one.p90Us) },
  { name: 'CPU us', cell: (one) => figureText(one.cpuUs) },
];

const WORKERS_COLUMNS: readonly Column[] = [
  { name: 'scaling', cell: (one) => (one.scaling === undefined ? NONE : ratioSpread(one.scaling)) },
  { name: 'per second', cell: (one) => whole(one.perSecond) },
  { name: 'CPU us', cell: (one) => figureText(one.cpuUs) },
  { name: 'wall us', cell: (one) => figureText(one.wallUs) },
];

function ratioSpread({ median, min, max }: Spread): string {
  return `${ratioText(median)} (${ratioText(min)} to ${ratioText(max)})`;
}

function bytesOf(field: 'acceptedBytes' | 'anonymousBytes' | 'restedBytes'): Column['cell'] {
  return (one) => whole(one[field]);
}

function notesOf({ scenario, holds, footprints }: ScenarioRecord): string[] {
  if (scenario.kind === 'churn') {
    return [
      'Ratios to raw epoll use the cheaper of its two variants: one accept per event, or all in the queue.',
    ];
  }
  if (scenario.kind === 'idle' && footprints.length > 0) {
    return [
      `Growth of the resident set of one fresh process (median of ${scenario.repeats})${besideText(scenario)}, ` +
        `divided by the connections, ${restText(scenario)} after each had carried one message there and back. ` +
        `${garbageText(footprints)} The kernel’s socket memory does not count.`,
    ];
  }
  if (scenario.kind === 'workers') {
    return [
      'Client and server take turns, so the workers have all cores while they work. `scaling` is the speed ' +
        'relative to one worker. `wall us` includes time spent waiting for a core; the first column excludes it.',
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

function restText({ restSeconds }: { readonly restSeconds?: number }): string {
  return restSeconds === undefined ? 'some seconds' : `${restSeconds} s`; // older results lack it
}

function garbageText(footprints: readonly FootprintRecord[]): string {
  if (footprints.every(({ rested }) => rested === undefined)) {
    return 'No collection is forced, so uncollected garbage counts.'; // older results
  }
  return 'Each server collects its garbage before both readings; `with garbage` is the growth just before the second collection.';
}

function besideText({ earlierConnections }: { readonly earlierConnections?: number }): string {
  return earlierConnections === undefined ? '' : ` that has ${whole(earlierConnections)} others`;
}

function contenderSection(run: RunRecord): string[] {
  const here = run.contenders.map(({ title, version }) => `${title} (${version})`).join(', ');
  const reasons = new Map(
    run.scenarios
      .flatMap((record) => missingIn(run, record))
      .map(({ title, reason }) => [title, reason]),
  );
  const missing = [...reasons].map(([title, reason]) => `- ${title}: ${reason}`);
  const skipped = run.skipped.map(({ scenario, reason }) => `- ${scenario}: ${reason}`);
  return [
    '## Contenders',
    `${here}.`,
    ...(missing.length === 0 ? [] : [`Without figures:\n\n${missing.join('\n')}`]),
    ...(skipped.length === 0 ? [] : [`Scenarios left out:\n\n${skipped.join('\n')}`]),
  ];
}

function whole(figure: number | undefined): string {
  return figure === undefined ? NONE : Math.round(figure).toLocaleString('en');
}

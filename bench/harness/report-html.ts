// The report as one HTML page with plots: no script, nothing loaded, light and dark.

import { judge, measureText, type Verdict } from './bars.js';
import { barChart, escapeHtml } from './chart-svg.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import type { Scenario } from './scenarios.js';
import { baselineOf, type ContenderSummary, summarize } from './summary.js';
import { figureText, methodText, NONE, ratioText } from './text.js';

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #1d2330; --quiet: #5d6675; --line: #d9dde4;
  --ours: #1668c7; --floor: #8a929e; --baseline: #3f9142; --peer: #c9a227; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #14171d; --ink: #e6e9ef; --quiet: #9aa4b2;
  --line: #323945; --ours: #5aa2f5; --floor: #7b8594; --baseline: #62b866; --peer: #d8b84a;
  --bad: #ff8a80; } }
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
p { color: var(--quiet); margin: .4rem 0; }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; }
.label { text-anchor: end; fill: var(--ink); } .value { fill: var(--ink); }
.tick, .unit { text-anchor: middle; fill: var(--quiet); font-size: 12px; }
.grid { stroke: var(--line); } .whisker { stroke: var(--ink); stroke-width: 1.3; fill: none; }
.ours { fill: var(--ours); } .floor { fill: var(--floor); } .baseline { fill: var(--baseline); }
.peer { fill: var(--peer); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; }
th:first-child, td:first-child, .bars td:nth-child(2), .bars th:nth-child(2) { text-align: left; }
.missed, .failed { color: var(--bad); font-weight: 600; }
summary { cursor: pointer; color: var(--quiet); }
`;

/** `rawName` is the JSON file that stands beside the page. */
export function htmlReport(run: RunRecord, rawName: string): string {
  const head = methodText(run).map((text) => `<p>${escapeHtml(text)}</p>`);
  const absent = run.absent.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Ropewalk: performance of TCP, UNIX and UDP sockets</title><style>${STYLE}</style></head><body>`,
    '<h1>Performance of TCP, UNIX and UDP sockets</h1>',
    ...head,
    `<p>Raw slices: <a href="${escapeHtml(rawName)}">${escapeHtml(rawName)}</a>.</p>`,
    barsTable(judge(run)),
    ...run.scenarios.map((record) => section(run, record)),
    absent === '' ? '' : `<h2>Absent</h2><p>${escapeHtml(absent)}</p>`,
    '</body></html>\n',
  ].join('\n');
}

function barsTable(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return '';
  const rows = verdicts.map(({ bar, figure, outcome, reason }) => {
    const text = bar.measure.kind !== 'cost' ? ratioText : figureText;
    const limit = `${bar.sense} ${bar.limit.toLocaleString('en')}`;
    const said = reason === '' ? outcome : `${outcome}: ${reason}`;
    const cells = [bar.workload, measureText(bar), limit, text(figure)];
    return `<tr>${cells.map(cell).join('')}<td class="${outcome.replace(' ', '-')}">${escapeHtml(said)}</td></tr>`;
  });
  const head = ['workload', 'measure', 'bar', 'figure', 'outcome'];
  return `<h2>Bars</h2>${tableOf(head, rows, 'bars')}`;
}

function section(run: RunRecord, record: ScenarioRecord): string {
  const { scenario, failures } = record;
  const summaries = summarize(run, record);
  const failed = failures.map((text) => `<p class="failed">Failed: ${escapeHtml(text)}</p>`);
  const plot = summaries.length === 0 ? '' : barChart(summaries, scenario.costLabel);
  return [
    `<section><h2>${escapeHtml(scenario.title)}</h2>`,
    ...failed,
    plot,
    `<details><summary>Figures</summary>${figures(summaries, scenario)}</details>`,
    '</section>',
  ].join('\n');
}

function figures(summaries: readonly ContenderSummary[], scenario: Scenario): string {
  const head = ['', scenario.costLabel, 'lowest', 'highest', ...ratioHeads(scenario), 'per second'];
  const rows = summaries.map((one) => {
    const cells = [
      one.title,
      figureText(one.cost.median),
      figureText(one.cost.min),
      figureText(one.cost.max),
      ...ratioCells(one, scenario),
      one.perSecond === undefined ? NONE : Math.round(one.perSecond).toLocaleString('en'),
    ];
    return `<tr>${cells.map(cell).join('')}</tr>`;
  });
  return tableOf(head, rows, '');
}

function ratioHeads(scenario: Scenario): string[] {
  if (scenario.kind === 'workers') return ['scaling', 'CPU us'];
  return ['/ raw epoll', `/ ${baselineOf(scenario).title}`, 'p99 us'];
}

function ratioCells(one: ContenderSummary, scenario: Scenario): string[] {
  if (scenario.kind === 'workers') return [ratioText(one.scaling?.median), figureText(one.cpuUs)];
  return [ratioText(one.toFloor?.median), ratioText(one.toBaseline?.median), figureText(one.p99Us)];
}

function tableOf(head: readonly string[], rows: readonly string[], name: string): string {
  const heads = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.join('\n');
  return `<div class="scroll"><table class="${name}"><tr>${heads}</tr>\n${body}</table></div>`;
}

function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

// The report as one HTML page, plots first: no script, nothing loaded, light and dark, readable on a phone.

import { isRatio, judge, measureText, type Verdict } from './bars.js';
import { barChart, escapeHtml } from './chart-svg.js';
import { type Missing, missingIn } from './participants.js';
import type { RunRecord, ScenarioRecord } from './results.js';
import type { Scenario } from './scenario-types.js';
import { baselineOf, type ContenderSummary, summarize } from './summary.js';
import { figureText, methodText, NONE, ratioText, titleText, warningsOf } from './text.js';

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #1d2330; --quiet: #5d6675; --line: #d9dde4;
  --ours: #1668c7; --floor: #8a929e; --baseline: #3f9142; --peer: #c9a227; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #14171d; --ink: #e6e9ef; --quiet: #9aa4b2;
  --line: #323945; --ours: #5aa2f5; --floor: #7b8594; --baseline: #62b866; --peer: #d8b84a;
  --bad: #ff8a80; } }
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 68rem; margin: 1.5rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; line-height: 1.3; margin: 0 0 .4rem; }
p, ul { color: var(--quiet); margin: .4rem 0; }
.warning { color: var(--bad); font-weight: 600; }
.plots { display: grid; gap: 2rem; margin-top: 1.5rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
section { min-width: 0; }
svg { display: block; width: 100%; max-width: 30rem; height: auto; font: 13px system-ui, sans-serif; }
.label, .value { fill: var(--ink); }
.tick, .unit { text-anchor: middle; fill: var(--quiet); font-size: 12px; }
.grid { stroke: var(--line); } .whisker { stroke: var(--ink); stroke-width: 1.3; fill: none; }
.ours { fill: var(--ours); } .floor { fill: var(--floor); } .baseline { fill: var(--baseline); }
.peer { fill: var(--peer); }
.missing { font-size: .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
small { display: block; color: var(--quiet); }
.missed, .failed { color: var(--bad); font-weight: 600; }
summary { cursor: pointer; color: var(--quiet); }
`;

const TITLE = 'Performance of TCP, UNIX and UDP sockets';

/** `rawName` is the JSON file beside the page. */
export function htmlReport(run: RunRecord, rawName: string): string {
  const title = escapeHtml(titleText(run, TITLE));
  const warnings = warningsOf(run).map((text) => `<p class="warning">${escapeHtml(text)}</p>`);
  const [where = '', ...method] = methodText(run).map((text) => `<p>${escapeHtml(text)}</p>`);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Ropewalk: ${title}</title><style>${STYLE}</style></head><body>`,
    `<h1>${title}</h1>`,
    ...warnings,
    where,
    '<div class="plots">',
    ...run.scenarios.map((record) => section(run, record)),
    '</div>',
    barsTable(judge(run)),
    '<h2>Method</h2>',
    ...method,
    `<p>Raw slices: <a href="${escapeHtml(rawName)}">${escapeHtml(rawName)}</a>.</p>`,
    missingSection(run),
    leftOut(run),
    '</body></html>\n',
  ].join('\n');
}

function leftOut({ skipped }: RunRecord): string {
  if (skipped.length === 0) return '';
  const items = skipped.map(
    ({ scenario, reason }) => `<li>${escapeHtml(`${scenario}: ${reason}`)}</li>`,
  );
  return `<h2>Scenarios left out</h2>\n<ul>${items.join('')}</ul>`;
}

function barsTable(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return '';
  const rows = verdicts.map(({ bar, figure, outcome, reason }) => {
    const text = isRatio(bar) ? ratioText : figureText;
    const limit = `${bar.sense} ${bar.limit.toLocaleString('en')}`;
    const said = reason === '' ? outcome : `${outcome}: ${reason}`;
    const workload = `<td>${escapeHtml(bar.workload)}<small>${escapeHtml(measureText(bar))}</small></td>`;
    return `<tr>${workload}${cell(limit)}${cell(text(figure))}<td class="${outcome.replace(' ', '-')}">${escapeHtml(said)}</td></tr>`;
  });
  const head = ['workload', 'bar', 'figure', 'outcome'];
  return `<h2 id="bars">Bars</h2>${tableOf(head, rows)}`;
}

function section(run: RunRecord, record: ScenarioRecord): string {
  const { scenario, failures } = record;
  const summaries = summarize(run, record);
  const failed = failures.map((text) => `<p class="failed">Failed: ${escapeHtml(text)}</p>`);
  const plot = summaries.length === 0 ? '' : barChart(summaries, scenario.costLabel);
  return [
    `<section><h3>${escapeHtml(scenario.title)}</h3>`,
    ...failed,
    plot,
    missingNote(missingIn(run, record)),
    `<details><summary>Figures</summary>${figures(summaries, scenario)}</details>`,
    '</section>',
  ].join('\n');
}

/** Every contender of a plot has a bar, or is named here; `missingSection` has the reasons. */
function missingNote(missing: readonly Missing[]): string {
  if (missing.length === 0) return '';
  const titles = escapeHtml(missing.map(({ title }) => title).join('; '));
  return `<p class="missing">No figure: ${titles} (<a href="#missing">why</a>).</p>`;
}

function missingSection(run: RunRecord): string {
  const missing = run.scenarios.flatMap((record) => missingIn(run, record));
  const reasons = new Map(missing.map(({ title, reason }) => [title, reason]));
  if (reasons.size === 0) return '';
  const items = [...reasons].map(
    ([title, reason]) => `<li>${escapeHtml(`${title}: ${reason}`)}</li>`,
  );
  return `<h2 id="missing">Contenders without a figure</h2>\n<ul>${items.join('')}</ul>`;
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
  return tableOf(head, rows);
}

function ratioHeads(scenario: Scenario): string[] {
  if (scenario.kind === 'workers') return ['scaling', 'CPU us'];
  return ['/ raw epoll', `/ ${baselineOf(scenario).title}`, 'p99 us'];
}

function ratioCells(one: ContenderSummary, scenario: Scenario): string[] {
  if (scenario.kind === 'workers') return [ratioText(one.scaling?.median), figureText(one.cpuUs)];
  return [ratioText(one.toFloor?.median), ratioText(one.toBaseline?.median), figureText(one.p99Us)];
}

function tableOf(head: readonly string[], rows: readonly string[]): string {
  const heads = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.join('\n');
  return `<div class="scroll"><table><tr>${heads}</tr>\n${body}</table></div>`;
}

function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

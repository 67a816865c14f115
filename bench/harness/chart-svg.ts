// A horizontal bar chart with spread whiskers as one inline SVG. Labels are above the bars and the width is that of a phone, so
// that its text stays readable there. Colours are CSS variables of the page.

import type { ContenderSummary } from './summary.js';
import { figureText } from './text.js';

const ROW = 36;
const BAR = 12;
const LABEL_HEIGHT = 18;
const LEFT = 8;
const PLOT_WIDTH = 290;
const VALUE_WIDTH = 62;
const TOP = 2;
const AXIS = 40;

/** One bar for each contender, from zero; the whisker spans the lowest and highest round. */
export function barChart(summaries: readonly ContenderSummary[], costLabel: string): string {
  const greatest = Math.max(...summaries.map((one) => one.cost.max), 0);
  const { top, step } = axisOf(greatest);
  const x = (value: number): number => LEFT + (Math.max(0, value) / top) * PLOT_WIDTH;
  const bottom = TOP + summaries.length * ROW;
  const width = LEFT + PLOT_WIDTH + VALUE_WIDTH;
  const title = `${costLabel}, lower is better`;
  return [
    `<svg viewBox="0 0 ${width} ${bottom + AXIS}" role="img" aria-label="${escapeHtml(title)}">`,
    ...axis(top, step, x, bottom),
    `<text class="unit" x="${x(top / 2)}" y="${bottom + 34}">${escapeHtml(title)}</text>`,
    ...summaries.map((one, index) => row(one, TOP + index * ROW, x)),
    '</svg>',
  ].join('\n');
}

function axis(top: number, step: number, x: (value: number) => number, bottom: number): string[] {
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return ticks.map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${bottom}"/>` +
      `<text class="tick" x="${x(tick)}" y="${bottom + 15}">${tickText(tick)}</text>`,
  );
}

function row(one: ContenderSummary, y: number, x: (value: number) => number): string {
  const { cost } = one;
  const middle = y + LABEL_HEIGHT + BAR / 2;
  const from = x(0).toFixed(1);
  const length = (x(cost.median) - x(0)).toFixed(1);
  const [low, high] = [x(cost.min).toFixed(1), x(cost.max).toFixed(1)];
  const value = x(Math.max(cost.max, cost.median)) + 8;
  const cap = (at: string): string => `M${at} ${middle - 4}V${middle + 4}`;
  return [
    `<g><title>${escapeHtml(`${one.title}: ${figureText(cost.median)}`)}</title>`,
    `<text class="label" x="${LEFT}" y="${y + LABEL_HEIGHT - 4}">${escapeHtml(one.title)}</text>`,
    `<rect class="bar ${kindOf(one.name)}" x="${from}" y="${middle - BAR / 2}"`,
    ` width="${length}" height="${BAR}" rx="2"/>`,
    `<path class="whisker" d="M${low} ${middle}H${high}${cap(low)}${cap(high)}"/>`,
    `<text class="value" x="${value.toFixed(1)}" y="${middle + 4}">`,
    `${figureText(cost.median)}</text></g>`,
  ].join('');
}

/** Which colour: ours, the floor, the baseline, or a peer. */
function kindOf(name: string): string {
  if (name.startsWith('ropewalk')) return 'ours';
  if (name.startsWith('raw-epoll')) return 'floor';
  return name.startsWith('node-') ? 'baseline' : 'peer';
}

/** Round steps (1, 2 or 5 times a power of ten), three to five of them. */
function axisOf(greatest: number): { top: number; step: number } {
  if (!(greatest > 0)) return { top: 1, step: 0.25 };
  const rough = greatest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  return { top: Math.ceil(greatest / step) * step, step };
}

function tickText(tick: number): string {
  return Number(tick.toPrecision(6)).toLocaleString('en');
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

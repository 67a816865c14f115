// A chart of uPlot in a figure, with a text for screen readers and its latest values as a table.
import { el } from './dom.js';
import { colour, faded } from './theme.js';
import uPlot from './vendor/uPlot.esm.js';

const HEIGHT = 168;
const TABLE_ROWS = 10;
const TIME_STEPS_S = [1, 5, 15, 30, 60, 120, 300];
/** Screen readers need no news each second. */
const LABEL_INTERVAL_MS = 5_000;

/**
 * @typedef {object} ChartSettings
 * @property {string} title
 * @property {string[]} series the names
 * @property {(value: number) => string} format of values
 * @property {string} xTitle
 * @property {(x: number) => string} formatX
 * @property {(x: number) => string} [formatTick] default: formatX
 * @property {boolean} [isTime]
 * @property {boolean} [bars]
 * @property {() => [number, number]} [xRange]
 * @property {(u: unknown) => number[]} [xSplits]
 */

export class Chart {
  /** @type {HTMLElement} */
  element;
  /** @type {ChartSettings} */
  #settings;
  #plot;
  #legend;
  #note;
  #table;
  #details;
  #data = /** @type {(number | null)[][]} */ ([]);
  #chart = /** @type {uPlot | undefined} */ (undefined);
  #labelledAtMs = 0;

  /** @param {ChartSettings} settings */
  constructor(settings) {
    this.#settings = settings;
    this.#data = [[], ...settings.series.map(() => [])];
    this.#legend = settings.series.map(() => document.createTextNode(''));
    this.#note = el('div', { class: 'note', hidden: '' });
    this.#plot = el('div', { class: 'plot', role: 'img', 'aria-label': settings.title });
    this.#table = el('tbody');
    const head = [settings.xTitle, ...settings.series].map((name, at) =>
      el('th', at === 0 ? { scope: 'col' } : { scope: 'col', class: 'number' }, name),
    );
    const caption = el('caption', { class: 'visually-hidden' }, `${settings.title}: latest values`);
    const table = el('table', {}, caption, el('thead', {}, el('tr', {}, ...head)), this.#table);
    this.#details = el('details', {}, el('summary', {}, 'Values'), table);
    this.#details.addEventListener('toggle', () => this.#fillTable());
    const keys = settings.series.map((name, at) => {
      const key = el('span', { class: `key key-${at + 1}`, 'aria-hidden': 'true' });
      const text = settings.series.length > 1 ? `${name} ` : '';
      return el('span', {}, key, text, this.#legend[at] ?? '');
    });
    this.element = el(
      'figure',
      { class: 'chart' },
      el(
        'figcaption',
        {},
        el('strong', {}, settings.title),
        el('span', { class: 'legend' }, ...keys),
      ),
      this.#plot,
      this.#details,
    );
    new ResizeObserver(() => this.#fit()).observe(this.#plot);
  }

  /**
   * @param {(number | null)[][]} data x, then the values of each series
   * @param {{ note?: string, summary: string, legend: string[] }} texts
   */
  show(data, { note = '', summary, legend }) {
    this.#data = data;
    this.#note.textContent = note;
    this.#note.hidden = note === '';
    legend.forEach((text, at) => {
      const node = this.#legend[at];
      if (node !== undefined) node.data = text;
    });
    if (Date.now() - this.#labelledAtMs >= LABEL_INTERVAL_MS) {
      this.#labelledAtMs = Date.now();
      this.#plot.setAttribute('aria-label', `${this.#settings.title}: ${summary}`);
    }
    this.#chart?.setData(data);
    this.#fillTable();
  }

  /** Draws it with the colours of the theme. */
  draw() {
    this.#chart?.destroy();
    this.#plot.replaceChildren(this.#note);
    this.#chart = new uPlot(this.#options(), this.#data, this.#plot);
  }

  #fit() {
    const width = this.#plot.clientWidth;
    if (width === 0) return;
    if (this.#chart === undefined) this.draw();
    else this.#chart.setSize({ width, height: HEIGHT });
  }

  #options() {
    const {
      series,
      bars = false,
      isTime = false,
      format,
      formatX,
      formatTick = formatX,
      xRange,
      xSplits,
    } = this.#settings;
    const axis = {
      stroke: colour('ink-soft'),
      font: '11.5px system-ui, sans-serif',
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
    };
    return {
      width: Math.max(1, this.#plot.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      padding: [8, 10, 0, 0],
      scales: {
        x: { time: isTime, ...(xRange === undefined ? {} : { range: xRange }) },
        y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.12 : bars ? 1 : 10] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 66,
          ...(isTime ? { incrs: TIME_STEPS_S } : {}),
          size: 26,
          gap: 4,
          values: (_u, splits) => splits.map(formatTick),
          ...(xSplits === undefined ? {} : { splits: xSplits }),
        },
        { ...axis, size: 54, gap: 6, space: 34, values: (_u, splits) => splits.map(format) },
      ],
      series: [
        {},
        ...series.map((label, at) => {
          const stroke = colour(`series-${at + 1}`);
          return {
            label,
            stroke,
            width: 1.6,
            fill: faded(stroke, bars ? 0.65 : at === 0 ? 0.12 : 0),
            points: { show: false },
            ...(bars
              ? { paths: uPlot.paths.bars({ size: [0.78, 60], radius: 0.12 }), width: 0 }
              : {}),
          };
        }),
      ],
    };
  }

  #fillTable() {
    if (!this.#details.open) return;
    const { format, formatX, bars = false } = this.#settings;
    const [xs = [], ...series] = this.#data;
    const from = bars ? 0 : Math.max(0, xs.length - TABLE_ROWS);
    const rows = xs.slice(from).map((x, row) => {
      const values = series.map((values) => {
        const value = values[from + row] ?? null;
        return el('td', { class: 'number' }, value === null ? '–' : format(value));
      });
      return el('tr', {}, el('th', { scope: 'row' }, formatX(Number(x))), ...values);
    });
    this.#table.replaceChildren(...(bars ? rows : rows.reverse()));
  }
}

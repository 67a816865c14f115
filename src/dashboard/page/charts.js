// The charts of the last five minutes.
import { Chart } from './chart.js';
import * as format from './format.js';

const WINDOW_S = 300;
/** Shown before there are as many samples. */
const MIN_WINDOW_S = 60;
/** Samples that the histogram of turns adds up. */
const TURN_SAMPLES = 60;
const MIN_BUCKETS = 10;

export class Charts {
  #grid;
  #charts = /** @type {{ chart: Chart, update: (samples: any[]) => void }[]} */ ([]);
  #now = 0;
  #from = 0;

  /** @param {HTMLElement} grid */
  constructor(grid) {
    this.#grid = grid;
  }

  /** @param {any} hello */
  build({ meters, turnLimitsMs }) {
    this.#charts = [
      this.#rates('Connections', ['Open'], format.count, ({ open }) => [open]),
      ...(meters.length === 0
        ? []
        : [this.#rates('Messages per second', meters.slice(0, 4), format.count, (s) => s.meters)]),
      this.#rates('Bytes per second', ['Received', 'Sent'], format.bytes, (s) => [
        s.receivedPerSecond,
        s.sentPerSecond,
      ]),
      this.#turns(turnLimitsMs),
      this.#memory(),
      this.#rates(
        'Processor',
        ['Used'],
        (value) => `${format.count(value)} %`,
        ({ cpuPercent }) => [cpuPercent],
      ),
    ];
    this.#grid.replaceChildren(...this.#charts.map(({ chart }) => chart.element));
  }

  /** @param {any[]} samples */
  update(samples) {
    this.#now = samples.at(-1)?.at ?? Date.now() / 1000;
    const first = samples[0]?.at ?? this.#now;
    this.#from = Math.max(this.#now - WINDOW_S, Math.min(first, this.#now - MIN_WINDOW_S));
    for (const { update } of this.#charts) update(samples);
  }

  draw() {
    for (const { chart } of this.#charts) chart.draw();
  }

  /**
   * @param {string} title @param {string[]} series @param {(value: number) => string} show
   * @param {(sample: any) => (number | null)[]} values
   * @param {(samples: any[]) => string} note
   */
  #rates(title, series, show, values, note = () => '') {
    const chart = new Chart({
      title,
      series,
      format: show,
      xTitle: 'Time',
      formatX: (x) => format.timeOfDay(x * 1000),
      isTime: true,
      xRange: () => [this.#from, this.#now],
    });
    const update = (/** @type {any[]} */ samples) => {
      const rows = samples.map(values);
      const columns = series.map((_, at) => rows.map((row) => row[at] ?? null));
      const known = columns.map((column) => column.filter((value) => value !== null));
      const legend = columns.map((column) => {
        const last = column.at(-1);
        return last === null || last === undefined ? '–' : show(last);
      });
      const summary = series
        .map((name, at) => {
          const highest = Math.max(0, ...(known[at] ?? []));
          return `${name} now ${legend[at]}, highest ${show(highest)}`;
        })
        .join('; ');
      chart.show([samples.map(({ at }) => at), ...columns], {
        legend,
        summary,
        note: note(samples),
      });
    };
    return { chart, update };
  }

  #memory() {
    return this.#rates(
      'Memory per connection',
      ['Each'],
      format.bytes,
      ({ bytesPerConnection }) => [bytesPerConnection],
      (samples) =>
        samples.some(({ bytesPerConnection }) => bytesPerConnection !== null)
          ? ''
          : `Measured from 100 connections on.\nThe process uses ${format.bytes(samples.at(-1)?.rssBytes ?? 0)}.`,
    );
  }

  /** @param {number[]} limitsMs */
  #turns(limitsMs) {
    const label = (/** @type {number} */ bucket) => {
      const limit = limitsMs[bucket];
      return limit === undefined
        ? `> ${format.duration(limitsMs.at(-1))}`
        : `≤ ${format.duration(limit)}`;
    };
    const chart = new Chart({
      title: 'Turn times, last minute',
      series: ['Share of turns'],
      format: (value) => format.percent(value),
      xTitle: 'Duration',
      formatX: label,
      bars: true,
      xRange: () => [-0.6, this.#buckets - 0.4],
      formatTick: (bucket) => format.roughDuration(limitsMs[bucket] ?? 0),
      xSplits: () =>
        Array.from({ length: this.#buckets }, (_, bucket) => bucket).filter(
          (bucket) => bucket % 4 === 0 && bucket < limitsMs.length,
        ),
    });
    const update = (/** @type {any[]} */ samples) => {
      const sums = [...limitsMs, 0].map(() => 0);
      for (const { turns } of samples.slice(-TURN_SAMPLES)) {
        turns.forEach((/** @type {number} */ count, /** @type {number} */ bucket) => {
          sums[bucket] = (sums[bucket] ?? 0) + count;
        });
      }
      const total = sums.reduce((sum, count) => sum + count, 0);
      const used = sums.findLastIndex((count) => count > 0) + 1;
      this.#buckets = Math.min(sums.length, Math.max(MIN_BUCKETS, used + 1));
      const shares = sums.slice(0, this.#buckets).map((count) => (total === 0 ? 0 : count / total));
      const last = samples.at(-1);
      const highest = shares.indexOf(Math.max(...shares));
      chart.show([shares.map((_, at) => at), shares], {
        legend: [`99 % within ${format.duration(last?.turnMsP99)}`],
        summary:
          total === 0
            ? 'none measured'
            : `most are ${label(highest)}, ${format.count(total)} turns`,
        note:
          total === 0 ? 'No turn was measured.\nThe reactor needs the option measureTurns.' : '',
      });
    };
    return { chart, update };
  }

  #buckets = MIN_BUCKETS;
}

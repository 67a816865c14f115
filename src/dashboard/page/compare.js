// The comparison of the two reactors.
import { Chart } from './chart.js';
import { bar, byId, el, setRows } from './dom.js';
import * as format from './format.js';

const NAMES = { native: 'native', node: 'pure JS' };

/** A measure: its name, its value in a result, its text, and whether more is better. */
const MEASURES = /** @type {const} */ ([
  ['Processor time per message', 'cpuUsPerMessage', (us) => format.duration(us / 1000), false],
  ['Messages per second', 'messagesPerSecond', format.count, true],
  ['Answer, median', 'p50Ms', format.duration, false],
  ['Answer, 99 %', 'p99Ms', format.duration, false],
  ['Memory of the server', 'rssBytes', format.bytes, false],
]);

export class Comparison {
  #seconds = 5;
  #chart = new Chart({
    title: 'Messages per second',
    series: ['Native', 'Pure JS'],
    format: format.count,
    xTitle: 'Second',
    formatX: (x) => `${Number(x.toFixed(1))} s`,
    xRange: () => [0, this.#seconds],
  });
  #start = /** @type {HTMLButtonElement} */ (byId('load-start'));
  #cancel = byId('load-cancel');
  #progress = /** @type {HTMLProgressElement} */ (byId('load-progress'));
  #said = '';

  /** @param {(message: object) => void} send */
  constructor(send) {
    byId('load-chart').append(this.#chart.element);
    this.#start.addEventListener('click', () => send({ type: 'startLoad' }));
    this.#cancel.addEventListener('click', () => send({ type: 'cancelLoad' }));
  }

  /** @param {any} load */
  show(load) {
    const running = load.state === 'running';
    const hadFocus =
      document.activeElement === this.#start || document.activeElement === this.#cancel;
    this.#start.disabled = running;
    this.#cancel.hidden = !running;
    this.#progress.hidden = !running;
    this.#progress.value = load.progress;
    if (hadFocus) (running ? this.#cancel : this.#start).focus({ preventScroll: true });
    this.#say(statusOf(load));
    byId('load-results').hidden = load.state === 'idle';
    this.#showPoints(load.points);
    setRows(byId('load-table'), rowsOf(load.results));
  }

  draw() {
    this.#chart.draw();
  }

  /** @param {{ native: any[], node: any[] }} points */
  #showPoints({ native, node }) {
    const seconds = [...new Set([...native, ...node].map((point) => point.seconds))].sort(
      (a, b) => a - b,
    );
    this.#seconds = Math.max(5, ...seconds);
    const columns = [native, node].map((points) => {
      const bySecond = new Map(points.map((point) => [point.seconds, point.messagesPerSecond]));
      return seconds.map((second) => bySecond.get(second));
    });
    const legend = [native, node].map((points) => {
      const last = points.at(-1);
      return last === undefined ? '–' : format.count(last.messagesPerSecond);
    });
    const summary = `native ${legend[0]}, pure JS ${legend[1]}`;
    this.#chart.show([seconds, ...columns], { legend, summary });
  }

  /** Each text once: a status is read aloud. @param {string} text */
  #say(text) {
    if (text === this.#said) return;
    this.#said = text;
    byId('load-status').textContent = text;
  }
}

/** @param {any} load */
function statusOf({ state, kind, failures, results }) {
  const failed = Object.entries(failures).map(([name, why]) => {
    return ` The ${NAMES[/** @type {'native'} */ (name)]} reactor was not measured: ${why}.`;
  });
  switch (state) {
    case 'running':
      return `Measuring the ${NAMES[/** @type {'native'} */ (kind)]} reactor…${failed.join('')}`;
    case 'cancelled':
      return 'Cancelled.';
    case 'failed':
      return `The comparison failed.${failed.join('')}`;
    case 'done':
      return `Done.${ratioOf(results)}${failed.join('')}`;
    default:
      return 'It takes about 15 seconds and uses two processors.';
  }
}

/** @param {any} results */
function ratioOf({ native, node }) {
  if (native === undefined || node === undefined) return '';
  const ratio = native.cpuUsPerMessage / node.cpuUsPerMessage;
  return ` The native reactor needs ${ratio.toFixed(2)} times the processor time of the pure-JS one.`;
}

/** @param {any} results */
function rowsOf(results) {
  return MEASURES.map(([name, key, show, moreIsBetter]) => {
    const values = ['native', 'node'].map((kind) => results[kind]?.[key] ?? null);
    const highest = Math.max(0, ...values.map(Number));
    const cells = values.map((value) =>
      el('td', { class: 'number' }, value === null ? '–' : show(value)),
    );
    const bars = values.map((value, at) => {
      return bar(highest === 0 ? 0 : Number(value) / highest, at === 1 ? 'second' : '');
    });
    const better = el(
      'span',
      { class: 'visually-hidden' },
      moreIsBetter ? ' (more is better)' : ' (less is better)',
    );
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, name, better),
      ...cells,
      el('td', {}, el('span', { class: 'bars' }, ...bars)),
    );
  });
}

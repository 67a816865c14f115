// The tiles, and the tables of threads and connections.
import { bar, byId, el, setRows } from './dom.js';
import * as format from './format.js';

const PER_SECOND = 'per second';

/** @param {any} sample @param {string[]} meters */
export function showTiles(sample, meters) {
  const rates = meters.slice(0, 2).map((name, at) => {
    return [capitalized(name), format.count(sample.meters[at] ?? 0), PER_SECOND];
  });
  const tiles = [
    ['Connections', format.count(sample.open)],
    ...rates,
    ['Received', format.bytes(sample.receivedPerSecond), PER_SECOND],
    ['Sent', format.bytes(sample.sentPerSecond), PER_SECOND],
    ['Turns', format.count(sample.turnsPerSecond), PER_SECOND],
    ['Memory', format.bytes(sample.rssBytes)],
    ['Processor', `${Math.round(sample.cpuPercent)} %`],
  ];
  const list = byId('tiles');
  if (list.children.length !== tiles.length) {
    list.replaceChildren(...tiles.map(([name = '', , unit = '']) => tile(name, unit)));
  }
  tiles.forEach(([, value = ''], at) => {
    const shown = list.children[at]?.querySelector('.value');
    if (shown && shown.textContent !== value) shown.textContent = value;
  });
}

/** @param {string} name @param {string} unit */
function tile(name, unit) {
  const value = el('span', { class: 'value' });
  const shown =
    unit === ''
      ? [value]
      : [
          value,
          el('small', { 'aria-hidden': 'true' }, '/s'),
          el('span', { class: 'visually-hidden' }, ` ${unit}`),
        ];
  return el('div', { class: 'tile' }, el('dt', {}, name), el('dd', {}, ...shown));
}

/** @param {any[]} threads */
export function showThreads(threads) {
  setRows(
    byId('threads'),
    threads.map(({ name, load, open, turnsPerSecond, turnMsP99 }) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, name),
        el(
          'td',
          {},
          el('span', { class: 'bar-cell' }, bar(load), el('span', {}, format.percent(load))),
        ),
        el('td', { class: 'number' }, format.count(open)),
        el('td', { class: 'number' }, format.count(turnsPerSecond)),
        el('td', { class: 'number' }, format.duration(turnMsP99)),
      ),
    ),
  );
}

export class ConnectionTable {
  #rows = /** @type {any[]} */ ([]);
  #total = 0;
  #hasWorkers = false;

  constructor() {
    byId('connections-filter').addEventListener('input', () => this.#draw());
  }

  /** @param {boolean} hasWorkers */
  reset(hasWorkers) {
    this.#hasWorkers = hasWorkers;
    this.#rows = [];
    this.#total = 0;
    this.#draw();
  }

  /** @param {{ total: number, rows: any[] }} message */
  show({ total, rows }) {
    this.#total = total;
    this.#rows = rows;
    this.#draw();
  }

  #draw() {
    const input = /** @type {HTMLInputElement} */ (byId('connections-filter'));
    const wanted = input.value.trim().toLowerCase();
    const rows = this.#rows.filter(({ peer, host, activity, state }) =>
      `${peer} ${host} ${activity} ${state}`.toLowerCase().includes(wanted),
    );
    setRows(
      byId('connections'),
      rows.map(({ peer, host, activity, state, secure, unsentBytes }) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, peer),
          el('td', {}, activity),
          el('td', {}, state),
          el('td', { class: 'number' }, format.bytes(unsentBytes)),
          el('td', {}, secure ? 'yes' : 'no'),
          el('td', {}, host),
        ),
      ),
    );
    const empty = byId('connections-empty');
    empty.hidden = rows.length > 0;
    empty.textContent =
      wanted === '' ? 'No open connections.' : 'No connection matches the filter.';
    const where = this.#hasWorkers ? ' of the parent; those of workers are counted only' : '';
    byId('connections-count').textContent =
      `${rows.length} of ${format.count(this.#total)} open${where}`;
  }
}

/** @param {string} text */
function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

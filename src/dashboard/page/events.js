// The event log.
import { byId, el, isAtEnd } from './dom.js';
import * as format from './format.js';

const MAX_SHOWN = 200;

export class EventList {
  #list = byId('events');
  #entries = /** @type {Map<number, HTMLElement>} */ (new Map());

  clear() {
    this.#entries.clear();
    this.#list.replaceChildren();
  }

  /** @param {any[]} events */
  add(events) {
    const scroll = /** @type {HTMLElement} */ (this.#list.parentElement);
    const follows = isAtEnd(scroll);
    for (const event of events) {
      const entry = entryOf(event);
      const before = this.#entries.get(event.id);
      if (before === undefined) this.#list.append(entry);
      else before.replaceWith(entry);
      this.#entries.set(event.id, entry);
    }
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= MAX_SHOWN) break;
      this.#entries.delete(id);
      entry.remove();
    }
    byId('events-empty').hidden = this.#entries.size > 0;
    if (follows) scroll.scrollTop = scroll.scrollHeight;
  }
}

/** @param {any} event */
function entryOf({ atMs, level, text, count }) {
  const time = el('time', { datetime: new Date(atMs).toISOString() }, format.timeOfDay(atMs));
  const prefix = level === 'error' ? [el('span', { class: 'visually-hidden' }, 'Error: ')] : [];
  const repeated = count > 1 ? ` (${count} times)` : '';
  return el(
    'li',
    { class: level },
    time,
    el('span', { class: 'text' }, ...prefix, text + repeated),
  );
}

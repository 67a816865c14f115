/** The latest events of a program. */

export type EventLevel = 'info' | 'error';

export interface LoggedEvent {
  /** Ascending, from 1: a repeated event keeps its number. */
  readonly id: number;
  /** The time of the last one, in milliseconds since 1970. */
  atMs: number;
  readonly level: EventLevel;
  readonly text: string;
  /** How often it was logged in a row. */
  count: number;
}

const MAX_EVENTS = 200;
const MAX_LENGTH = 500;

/** Keeps the last 200 events. An event that repeats the one before is counted. */
export class EventLog {
  readonly #wallClock: () => number;
  readonly #events: LoggedEvent[] = [];
  #added: LoggedEvent[] = [];
  #lastId = 0;

  /** @param wallClock The time in milliseconds since 1970. */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  add(text: string, level: EventLevel): void {
    const last = this.#events.at(-1);
    const shown = shorten(text);
    if (last?.text === shown && last.level === level) {
      last.count += 1;
      last.atMs = this.#wallClock();
      if (this.#added.at(-1) !== last) this.#added.push(last);
      return;
    }
    this.#lastId += 1;
    const event = { id: this.#lastId, atMs: this.#wallClock(), level, text: shown, count: 1 };
    this.#events.push(event);
    this.#added.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    if (this.#added.length > MAX_EVENTS) this.#added.shift();
  }

  /** The events that were added or repeated since the last call. */
  takeAdded(): LoggedEvent[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH - 1)}…`;
}

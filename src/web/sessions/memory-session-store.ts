/** Sessions in the memory of one process. */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { checkClock, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { SessionChanges, SessionStore, SessionTimes, SessionValues } from './session-store.js';

export interface MemorySessionStoreOptions {
  /** Most sessions: 1 to 2^24. When there are more, the one that was unused for the longest time ends. Default 10,000. */
  readonly maxSessions?: number;
}

const OPTIONS: OptionNames<MemorySessionStoreOptions> = { maxSessions: true };
const DEFAULT_MAX_SESSIONS = 10_000;
/** Expired sessions are removed this often. They end at their time, whatever this is. */
const SWEEP_MS = 60_000;

interface Entry {
  readonly values: Map<string, string>;
  /** Times of the clock. */
  idleEnd: number;
  end: number;
}

/**
 * Sessions end with the process, and each worker has its own: use a shared store for several workers or machines.
 *
 * @example const store = new MemorySessionStore(reactor);
 */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #maxSessions: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #sweep: DelayedCall | undefined;

  /**
   * @param clock A reactor, or the manual clock of a test.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(clock: Clock, options: MemorySessionStoreOptions = {}) {
    checkClock('clock', clock);
    checkOptions('MemorySessionStore', options, OPTIONS);
    const { maxSessions = DEFAULT_MAX_SESSIONS } = options;
    this.#clock = clock;
    this.#maxSessions = checkInteger('maxSessions', maxSessions, 1, 2 ** 24);
  }

  /** The number of sessions, those included that have expired in the last minute. */
  get size(): number {
    return this.#entries.size;
  }

  /** Ends all sessions. */
  clear(): void {
    this.#entries.clear();
    this.#scheduleSweep();
  }

  load(name: string, idleMs: number): SessionValues | undefined {
    const entry = this.#current(name);
    if (entry === undefined) return undefined;
    entry.idleEnd = this.#clock.now() + idleMs;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return new Map(entry.values);
  }

  create(name: string, values: SessionValues, { idleMs, lifetimeMs }: SessionTimes): void {
    if (this.#entries.size >= this.#maxSessions) {
      const [longestUnused] = this.#entries.keys();
      this.#entries.delete(longestUnused as string);
    }
    const now = this.#clock.now();
    const entry = { values: new Map(values), idleEnd: now + idleMs, end: now + lifetimeMs };
    this.#entries.set(name, entry);
    this.#scheduleSweep();
  }

  update(name: string, changes: SessionChanges): boolean {
    const entry = this.#current(name);
    if (entry === undefined) return false;
    for (const [key, text] of changes) {
      if (text === undefined) entry.values.delete(key);
      else entry.values.set(key, text);
    }
    return true;
  }

  rename(name: string, newName: string, times: SessionTimes | undefined): boolean {
    const entry = this.#current(name);
    if (entry === undefined) return false;
    this.#entries.delete(name);
    this.#entries.set(newName, entry);
    if (times !== undefined) {
      const now = this.#clock.now();
      entry.idleEnd = now + times.idleMs;
      entry.end = now + times.lifetimeMs;
    }
    return true;
  }

  delete(name: string): void {
    this.#entries.delete(name);
    this.#scheduleSweep();
  }

  #current(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || isCurrent(entry, this.#clock.now())) return entry;
    this.#entries.delete(name);
    return undefined;
  }

  /** There is a delayed call only while there are sessions. */
  #scheduleSweep(): void {
    if (this.#entries.size === 0) {
      if (this.#sweep?.active() === true) this.#sweep.cancel();
      this.#sweep = undefined;
    } else if (this.#sweep?.active() !== true) {
      this.#sweep = this.#clock.callLater(SWEEP_MS, () => this.#removeExpired());
    }
  }

  #removeExpired(): void {
    const now = this.#clock.now();
    for (const [name, entry] of this.#entries) {
      if (!isCurrent(entry, now)) this.#entries.delete(name);
    }
    this.#sweep = undefined;
    this.#scheduleSweep();
  }
}

function isCurrent({ idleEnd, end }: Entry, now: number): boolean {
  return now < idleEnd && now < end;
}

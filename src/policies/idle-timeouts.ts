/**
 * Timeouts of very many connections, at the cost of one stored number a packet. Time is counted in ticks, by one delayed
 * call for all; activity stores the present tick, without reading a clock. A timeout is filed under the tick at which it
 * falls due; when that tick comes it is filed again if there was activity meanwhile, which happens once in a timeout's
 * length however many packets come. A `DelayedCall.reset` for each packet costs several times as much
 * (bench/micro/policies/idle-timeouts.bench.ts), most of it for the clock, and a call and its entry for each connection.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

export interface IdleTimeoutsOptions {
  /** How coarse time is. Default 1,000. */
  readonly tickMs?: number;
  /** How long a connection that timed out may take to close, before it is aborted. Default 5,000. */
  readonly graceMs?: number;
}

/** What is filed: links of a ring, the tick of the last activity, and the length in ticks, 0 where it is not filed. */
export interface TimeoutEntry {
  previous: TimeoutEntry;
  next: TimeoutEntry;
  stamp: number;
  ticks: number;
  /** Its time has come; it is not filed any more. Does not throw. */
  expired(): void;
}

export const DEFAULT_TICK_MS = 1_000;
export const DEFAULT_GRACE_MS = 5_000;

/** A timeout that is further away is filed as far as this goes and looked at again then. A power of two. */
const SLOTS = 64;

const OPTIONS: OptionNames<IdleTimeoutsOptions> = { tickMs: true, graceMs: true };

/**
 * The clock that {@link IdleTimeout} and {@link Deadline} objects share.
 *
 * Precision: a timeout of `ms` fires no earlier than `ms` after the last activity, and no later than `ms + tickMs` where
 * `ms` is a multiple of `tickMs`, else `ms + 2 * tickMs`, plus the time by which the clock's own calls come late. Time in
 * which the process stood still counts as one tick, so a stall does not end connections whose data waits to be read.
 */
export class IdleTimeouts {
  readonly tickMs: number;
  readonly graceMs: number;
  readonly #clock: Clock;
  readonly #slots: TimeoutEntry[] = Array.from({ length: SLOTS }, ringHead);
  #tick = 0;
  #size = 0;
  #call: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(clock: Clock, options: IdleTimeoutsOptions = {}) {
    checkOptions('IdleTimeouts', options, OPTIONS);
    const { tickMs = DEFAULT_TICK_MS, graceMs = DEFAULT_GRACE_MS } = options;
    checkClock('clock', clock);
    this.#clock = clock;
    this.tickMs = checkTimeout('tickMs', tickMs);
    this.graceMs = checkTimeout('graceMs', graceMs);
  }

  /**
   * How many timeouts are set. The clock is used only while there are any. Once the reactor was stopped, time does not pass
   * until the next one is set.
   */
  get size(): number {
    return this.#size;
  }

  /** @internal The present tick: what activity stores. */
  get tick(): number {
    return this.#tick;
  }

  /** @internal Files an entry that is not filed, to fall due `ms` after now or after its last activity. */
  add(entry: TimeoutEntry, ms: number): void {
    entry.stamp = this.#tick;
    // Division is not exact: a length of 60 ticks may come out as a hair more.
    entry.ticks = Math.max(1, Math.ceil(ms / this.tickMs - 1e-9));
    this.#size++;
    this.#file(entry);
    if (this.#call === undefined) this.#arm();
  }

  /** @internal Takes an entry out. Does nothing where it is not filed. */
  remove(entry: TimeoutEntry): void {
    if (entry.ticks === 0) return;
    unlink(entry);
    entry.ticks = 0;
    this.#size--;
    if (this.#size > 0 || this.#call === undefined) return;
    this.#call.cancel();
    this.#call = undefined;
  }

  #file(entry: TimeoutEntry): void {
    const due = Math.min(dueTick(entry), this.#tick + SLOTS - 1);
    link(entry, this.#slots[due & (SLOTS - 1)] as TimeoutEntry);
  }

  /** The call belongs to all connections: it is made in nobody's context. */
  #arm(): void {
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#call = this.#clock.callLater(this.tickMs, this.#onTick);
      this.#call.whenDropped(this.#onDropped);
    });
  }

  readonly #onDropped: () => void = () => {
    this.#call = undefined;
  };

  readonly #onTick: () => void = () => {
    this.#call = undefined;
    this.#tick++;
    const slot = this.#slots[this.#tick & (SLOTS - 1)] as TimeoutEntry;
    // What is filed again goes to other slots, so the ring runs empty.
    for (let entry = slot.next; entry !== slot; entry = slot.next) {
      unlink(entry);
      if (dueTick(entry) > this.#tick) {
        this.#file(entry);
        continue;
      }
      entry.ticks = 0;
      this.#size--;
      entry.expired();
    }
    if (this.#size > 0 && this.#call === undefined) this.#arm();
  };
}

/** @internal A number of milliseconds greater than 0. */
export function checkTimeout(what: string, ms: unknown): number {
  if (checkMilliseconds(what, ms) > 0) return ms as number;
  throw new InvalidArgumentValueError(what, 'greater than 0', ms);
}

/** The tick of the activity has begun already, hence one more. */
function dueTick(entry: TimeoutEntry): number {
  return entry.stamp + entry.ticks + 1;
}

function link(entry: TimeoutEntry, head: TimeoutEntry): void {
  const last = head.previous;
  entry.previous = last;
  entry.next = head;
  last.next = entry;
  head.previous = entry;
}

function unlink(entry: TimeoutEntry): void {
  entry.previous.next = entry.next;
  entry.next.previous = entry.previous;
}

function ringHead(): TimeoutEntry {
  const head = { stamp: 0, ticks: 0, expired() {} } as unknown as TimeoutEntry;
  head.previous = head;
  head.next = head;
  return head;
}

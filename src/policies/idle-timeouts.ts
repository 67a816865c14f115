/**
 * Timeouts for very many connections, at the cost of one stored number per packet. Time is counted in ticks, with one delayed
 * call for all; activity stores the current tick, without reading a clock. A timeout is filed under the tick at which it is
 * due; when that tick comes and there was activity meanwhile, it is filed again, which happens once per length of the timeout,
 * however many packets arrive. A `DelayedCall.reset` for each packet costs several times as much
 * (bench/micro/policies/idle-timeouts.bench.ts), mostly for the clock, and needs a call and its entry for each connection.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

export interface IdleTimeoutsOptions {
  /** The resolution of the time. Default 1,000. */
  readonly tickMs?: number;
  /** Time that a timed-out connection may take to close before it is aborted. Default 5,000. */
  readonly graceMs?: number;
}

/** An entry: the links of a ring, the tick of the last activity, and the length in ticks, 0 if it is not filed. */
export interface TimeoutEntry {
  previous: TimeoutEntry;
  next: TimeoutEntry;
  stamp: number;
  ticks: number;
  /** The timeout has expired and is no longer filed. Must not throw. */
  expired(): void;
}

export const DEFAULT_TICK_MS = 1_000;
const DEFAULT_GRACE_MS = 5_000;

/** A timeout that is further away is filed this far ahead and checked again then. A power of two. */
const SLOTS = 64;

const OPTIONS: OptionNames<IdleTimeoutsOptions> = { tickMs: true, graceMs: true };

/**
 * The clock that {@link IdleTimeout} and {@link Deadline} objects share.
 *
 * Precision: a timeout of `ms` fires no earlier than `ms` after the last activity, and no later than `ms + tickMs` if `ms` is
 * a multiple of `tickMs`, otherwise `ms + 2 * tickMs`, plus the delay of the clock's own calls. A time during which the process
 * was suspended counts as one tick, so it does not end connections whose data has not been read yet.
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
   * The number of timeouts that are set. The clock is used only while there are any. After the reactor was stopped, time does
   * not advance until the next timeout is set.
   */
  get size(): number {
    return this.#size;
  }

  /** @internal The current tick, which activity stores. */
  get tick(): number {
    return this.#tick;
  }

  /** @internal Files an entry that is not filed: it is due `ms` after now or after its last activity. */
  add(entry: TimeoutEntry, ms: number): void {
    entry.stamp = this.#tick;
    // Division is not exact: a length of 60 ticks may come out slightly greater.
    entry.ticks = Math.max(1, Math.ceil(ms / this.tickMs - 1e-9));
    this.#size++;
    this.#file(entry);
    if (this.#call === undefined) this.#arm();
  }

  /** @internal Removes an entry. Does nothing if it is not filed. */
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

  /** The call serves all connections, so it is made in the root context. */
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
    // Entries that are filed again go to other slots, so the ring becomes empty.
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

/** The tick during which the activity happened has already begun, hence one more. */
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

/**
 * The pending timers of one reactor: a clock's `callLater` without the clock. The owner supplies the time, is notified when
 * to wake up, and calls `runDue` then; nothing here sets a timer.
 *
 * A 4-ary heap holds one *entry* (time, order, call) for each pending call. Calls don't know the place of theirs, so moving
 * entries touches three arrays and no objects; instead each call knows the order, unique, of its valid entry:
 *
 * - cancel: the call forgets its entry, which is discarded when it reaches the top;
 * - a later time: the call notes it, and its entry is filed again when it reaches the top too early;
 * - an earlier time: a second entry is filed, and the first is stale.
 *
 * When more than half of the entries (and more than 50) are stale, the heap is rebuilt without them. Orders count
 * the times that were set; they make equal times first in, first out.
 */

import type { DelayedCall } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { AlreadyCalledError, AlreadyCancelledError } from '../../core/errors/reactor.js';
import { onRejection } from '../../defer/callback-result.js';
import { inContextOf } from '../../internal/async-context.js';
import { checkFunction } from '../../internal/check.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { EntryHeap, type HeapCall } from './entry-heap.js';

export interface DelayedCallsOptions {
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  /** Receives the errors of calls. */
  readonly report: ErrorReporter;
  /**
   * Requests a call of `runDue` at `time`, replacing the previous request; `undefined` when no calls are pending any
   * more. Called when the earliest time becomes earlier, when the last call is cancelled, and at the end of `runDue`. Not
   * called when the earliest time becomes later: the wake-up then comes too early, runs nothing and requests another, which
   * costs less than moving a timer for each `reset` of an idle timeout.
   */
  readonly arm: (time: number | undefined) => void;
}

/** The pending timers of one reactor. */
export class DelayedCalls {
  readonly #now: () => number;
  readonly #report: ErrorReporter;
  readonly #arm: (time: number | undefined) => void;
  readonly #heap: EntryHeap<ScheduledCall> = new EntryHeap();
  #size = 0;
  /** Stale entries of the heap. */
  #stale = 0;
  #nextOrder = 0;
  /** The last request to the owner. */
  #armed: number | undefined;
  /** The calls that the innermost `runDue` runs, and the index of the next; undefined when none is in progress. */
  #due: ScheduledCall[] | undefined;
  #dueIndex = 0;

  constructor(options: DelayedCallsOptions) {
    this.#now = options.now;
    this.#report = options.report;
    this.#arm = options.arm;
  }

  /** The number of pending calls. */
  get size(): number {
    return this.#size;
  }

  /** When the earliest call falls due, or undefined when none is pending. */
  get nextTime(): number | undefined {
    const filed = this.#settleTop() ? this.#heap.topTime : undefined;
    const due = this.#nextDue()?.time;
    // Inside a due call, one that was moved into the past precedes the remaining due calls.
    return filed === undefined || due === undefined ? (filed ?? due) : Math.min(filed, due);
  }

  /** Moves of entries within the heap, over all operations: tests compare them with O(log n). */
  get steps(): number {
    return this.#heap.steps;
  }

  /** All entries, stale ones included: at most twice `size`, or 50 more than `size`. */
  get entries(): number {
    return this.#heap.size;
  }

  /** The pending calls, in no particular order. */
  getDelayedCalls(): DelayedCall[] {
    return this.#pending();
  }

  /**
   * {@link Clock.callLater}, with the arguments as an array, which is kept.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  callLater<Args extends unknown[]>(
    delayMs: number,
    callback: (...args: Args) => void,
    args: Args,
  ): DelayedCall {
    requireDelay(delayMs);
    checkFunction('callback', callback);
    const time = this.#now() + delayMs;
    const order = this.#nextOrder++;
    const kept = args.length === 0 ? NO_ARGS : args;
    const call = new ScheduledCall(this, time, order, callback as Callback, kept);
    this.#size++;
    this.#heap.push(time, order, call);
    this.#armAt(time);
    return call;
  }

  /**
   * Runs the calls that are due, in the order of their times, equal times in the order they were set. Calls made or moved
   * meanwhile wait for the next `runDue`. Errors of calls are reported. Inside a due call this runs all that are due by
   * then, and leaves nothing to the outer `runDue`.
   */
  runDue(): void {
    const nested = this.#due !== undefined;
    this.#fileRest();
    const due = this.#takeDue(this.#now());
    this.#due = due;
    try {
      for (this.#dueIndex = 0; this.#due === due && this.#dueIndex < due.length; ) {
        // Typed as possibly undefined; a call that is no longer DUE was cancelled or moved by an earlier one.
        const call = due[this.#dueIndex++];
        if (call?.entry === DUE) this.#run(call);
      }
    } finally {
      // None are left, unless the reporter threw.
      this.#fileRest();
      this.#due = nested ? NO_CALLS : undefined;
      // The owner's timer has fired, perhaps a little early: request it again even for the same time.
      const armed = this.#armed;
      this.#armed = this.nextTime;
      if (this.#armed !== undefined || armed !== undefined) this.#arm(this.#armed);
    }
  }

  /** Drops every pending call, then calls the callbacks of `whenDropped`. Calls that these make are kept. */
  drop(): void {
    this.#notifyDropped(this.#takeDropped());
  }

  /**
   * Drops every pending call and those that callbacks of `whenDropped` make. A callback that makes a call each time ends after
   * {@link MAX_DROPS} rounds: the last calls are dropped silently.
   */
  dropAll(): void {
    for (let round = 0; round < MAX_DROPS && this.#size > 0; round += 1) this.drop();
    this.#takeDropped();
  }

  /** Drops every pending call. Returns the callbacks of `whenDropped`, in the order of the times. */
  #takeDropped(): (() => void)[] {
    const dropped = this.#pending();
    this.#heap.clear();
    this.#size = 0;
    this.#stale = 0;
    this.#disarm();
    const notified = dropped.filter(({ onDropped }) => onDropped !== undefined).sort(byTime);
    const callbacks = notified.flatMap(({ onDropped }) => onDropped ?? []);
    for (const call of dropped) call.finish(DROPPED);
    return callbacks;
  }

  #notifyDropped(callbacks: readonly (() => void)[]): void {
    for (const callback of callbacks) {
      try {
        const result: unknown = callback();
        if (result !== undefined)
          onRejection(result, (error) => this.#report(error, 'whenDropped'));
      } catch (error) {
        this.#report(error, 'whenDropped');
      }
    }
  }

  /** @internal */
  cancelCall(call: ScheduledCall): void {
    const filed = call.entry !== DUE;
    call.finish(CANCELLED);
    this.#size--;
    if (filed) this.#leaveEntry();
    if (this.#size === 0) this.#disarm();
  }

  /** @internal */
  resetCall(call: ScheduledCall, delayMs: number): void {
    requireDelay(delayMs);
    this.#moveCall(call, this.#now() + delayMs);
  }

  /** @internal */
  delayCall(call: ScheduledCall, ms: number): void {
    requireFinite('ms', ms);
    this.#moveCall(call, call.time + ms);
  }

  #moveCall(call: ScheduledCall, time: number): void {
    const hasEntry = call.entry !== DUE;
    const later = time >= call.time;
    call.time = time;
    call.order = this.#nextOrder++;
    // The entry is never later than the call's time: it will reach the top, and be filed again, in time.
    if (hasEntry && later) return;
    this.#file(call);
    if (hasEntry) this.#leaveEntry();
    this.#armAt(time);
  }

  #file(call: ScheduledCall): void {
    call.entry = call.order;
    this.#heap.push(call.time, call.order, call);
  }

  /** An entry becomes stale. */
  #leaveEntry(): void {
    this.#stale++;
    if (this.#stale <= MAX_STALE || this.#stale * 2 <= this.#heap.size) return;
    this.#heap.rebuild();
    this.#stale = 0;
  }

  /** Brings a valid entry with its call's time to the top. False if there is none. */
  #settleTop(): boolean {
    const heap = this.#heap;
    for (let call = heap.top; call !== undefined; call = heap.top) {
      const order = heap.topOrder;
      if (call.entry !== order) {
        heap.pop();
        this.#stale--;
      } else if (call.order !== order) {
        call.entry = call.order;
        heap.replaceTop(call.time, call.order);
      } else {
        return true;
      }
    }
    return false;
  }

  #takeDue(now: number): ScheduledCall[] {
    const heap = this.#heap;
    const due: ScheduledCall[] = [];
    while (this.#settleTop() && heap.topTime <= now) {
      const call = heap.pop();
      call.entry = DUE;
      due.push(call);
    }
    return due;
  }

  /** Returns the calls that the current `runDue` has not run to the heap. */
  #fileRest(): void {
    if (this.#due === undefined) return;
    for (let i = this.#dueIndex; i < this.#due.length; i++) {
      const call = this.#due[i];
      if (call?.entry === DUE) this.#file(call);
    }
  }

  #pending(): ScheduledCall[] {
    const calls = this.#heap.liveCalls();
    if (this.#due === undefined) return calls;
    return calls.concat(this.#due.slice(this.#dueIndex).filter((call) => call.entry === DUE));
  }

  #nextDue(): ScheduledCall | undefined {
    return this.#due?.find((call, index) => index >= this.#dueIndex && call.entry === DUE);
  }

  #run(call: ScheduledCall): void {
    const { callback, args } = call;
    call.finish(CALLED);
    this.#size--;
    try {
      const result = callback(...args);
      if (result !== undefined) onRejection(result, (error) => this.#report(error, 'delayed call'));
    } catch (error) {
      this.#report(error, 'delayed call');
    }
  }

  #armAt(time: number): void {
    if (this.#due !== undefined || (this.#armed !== undefined && this.#armed <= time)) return;
    this.#armed = time;
    this.#arm(time);
  }

  #disarm(): void {
    if (this.#due !== undefined || this.#armed === undefined) return;
    this.#armed = undefined;
    this.#arm(undefined);
  }
}

type Callback = (...args: unknown[]) => unknown;

const NO_ARGS: readonly unknown[] = Object.freeze([]);
const NO_CALLBACK: Callback = () => {};
const NO_CALLS: ScheduledCall[] = [];

/** How often `dropAll` drops the calls that its own callbacks made. */
const MAX_DROPS = 100;

/** Stale entries are kept while they are this few, or no more than half. */
const MAX_STALE = 50;

/** Values of `ScheduledCall.entry` that are not orders. One number holds the state too: there may be a million of these. */
const DUE = -1;
const CALLED = -2;
const CANCELLED = -3;
const DROPPED = -4;

/** One `callLater`. Its state and times are changed by {@link DelayedCalls} only. */
class ScheduledCall implements DelayedCall, HeapCall {
  readonly #owner: DelayedCalls;
  /** When it falls due, and the rank of this time among all that were set. */
  time: number;
  order: number;
  /** The order of the heap's valid entry; DUE while `runDue` is to run it; CALLED, CANCELLED or DROPPED at its end. */
  entry: number;
  callback: Callback;
  args: readonly unknown[];
  onDropped: (() => void) | undefined;

  constructor(
    owner: DelayedCalls,
    time: number,
    order: number,
    callback: Callback,
    args: readonly unknown[],
  ) {
    this.#owner = owner;
    this.time = time;
    this.order = order;
    this.entry = order;
    this.callback = callback;
    this.args = args;
    this.onDropped = undefined;
  }

  getTime(): number {
    return this.time;
  }

  toString(): string {
    const state = this.active()
      ? 'pending'
      : this.entry === CALLED
        ? 'called'
        : this.entry === DROPPED
          ? 'dropped'
          : 'cancelled';
    // The callback is forgotten once it has run.
    const of = state === 'pending' && this.callback.name ? ` of ${this.callback.name}` : '';
    return `<delayed call${of}, due at ${this.time.toFixed(1)} ms, ${state}>`;
  }

  active(): boolean {
    return this.entry >= DUE;
  }

  whenDropped(callback: () => void): void {
    checkFunction('callback', callback);
    if (this.active()) this.onDropped = inContextOf(this.callback, callback);
  }

  cancel(): void {
    if (this.entry === DROPPED) return;
    requireActive(this);
    this.#owner.cancelCall(this);
  }

  reset(delayMs: number): void {
    requireActive(this);
    this.#owner.resetCall(this, delayMs);
  }

  delay(ms: number): void {
    requireActive(this);
    this.#owner.delayCall(this, ms);
  }

  /** Ends it, and releases the callback and its arguments. */
  finish(state: typeof CALLED | typeof CANCELLED | typeof DROPPED): void {
    this.entry = state;
    this.callback = NO_CALLBACK;
    this.args = NO_ARGS;
    this.onDropped = undefined;
  }
}

showAsText(ScheduledCall);

const MAX_DELAY_MS = 2 ** 53;

function requireActive(call: ScheduledCall): void {
  if (call.entry === CALLED) throw new AlreadyCalledError();
  if (call.entry === CANCELLED) throw new AlreadyCancelledError();
  if (call.entry === DROPPED) {
    throw new AlreadyCancelledError('the delayed call was dropped: its reactor was stopped');
  }
}

function byTime(a: ScheduledCall, b: ScheduledCall): number {
  return a.time - b.time || a.order - b.order;
}

function requireDelay(delayMs: number): void {
  requireFinite('delayMs', delayMs);
  if (delayMs < 0 || delayMs > MAX_DELAY_MS) {
    throw new InvalidArgumentValueError('delayMs', 'between 0 and 2^53', delayMs);
  }
}

function requireFinite(what: string, value: number): void {
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  if (!Number.isFinite(value)) throw new InvalidArgumentValueError(what, 'finite', value);
}

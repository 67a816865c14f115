/** Sizes of terminals, which peers announce: of any value, and as often as they like. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { checkClock, checkFunction, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';

/** In characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The size of a terminal that does not say another one. */
export const DEFAULT_TERMINAL_SIZE: ScreenSize = Object.freeze({ columns: 80, rows: 24 });
/** The greatest number of columns, and of rows. */
export const MAX_TERMINAL_SIDE = 1000;

/** The nearest size that is supported: 1 to {@link MAX_TERMINAL_SIDE} each. 0, which means unknown, gives the default. */
export function clampTerminalSize(size: ScreenSize): ScreenSize {
  return {
    columns: clamp(size.columns, DEFAULT_TERMINAL_SIZE.columns),
    rows: clamp(size.rows, DEFAULT_TERMINAL_SIZE.rows),
  };
}

function clamp(value: number, unknown: number): number {
  return value >= 1 ? Math.min(Math.trunc(value), MAX_TERMINAL_SIDE) : unknown;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkTerminalSize(size: ScreenSize): ScreenSize {
  const { columns, rows } = size;
  checkInteger('columns', columns, 1, MAX_TERMINAL_SIDE);
  checkInteger('rows', rows, 1, MAX_TERMINAL_SIDE);
  return { columns, rows };
}

export interface ResizeLimiterOptions {
  /** Least time between two changes, in milliseconds. Default 50. */
  readonly intervalMs?: number;
}

const OPTIONS: OptionNames<ResizeLimiterOptions> = { intervalMs: true };
const DEFAULT_INTERVAL_MS = 50;

/**
 * Passes on changes of a terminal's size, clamped, and at most one per interval: the first one immediately, of those that follow
 * within the interval only the last. A peer that resizes its window without end would otherwise make a child process draw its
 * screen each time.
 */
export class ResizeLimiter {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #resized: (size: ScreenSize) => void;
  #size: ScreenSize | undefined;
  #next: ScreenSize | undefined;
  #call: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(
    clock: Clock,
    resized: (size: ScreenSize) => void,
    options: ResizeLimiterOptions = {},
  ) {
    checkClock('clock', clock);
    checkFunction('resized', resized);
    checkOptions('ResizeLimiter', options, OPTIONS);
    const { intervalMs = DEFAULT_INTERVAL_MS } = options;
    this.#intervalMs = checkMilliseconds('intervalMs', intervalMs);
    this.#clock = clock;
    this.#resized = resized;
  }

  /** A size that the peer announced. */
  resize(size: ScreenSize): void {
    this.#next = clampTerminalSize(size);
    if (this.#call === undefined) this.#apply();
  }

  /** Drops a change that was not passed on yet. */
  stop(): void {
    this.#next = undefined;
    if (this.#call?.active()) this.#call.cancel();
    this.#call = undefined;
  }

  #apply(): void {
    this.#call = undefined;
    const size = this.#next;
    this.#next = undefined;
    if (size === undefined) return;
    if (this.#size?.columns === size.columns && this.#size.rows === size.rows) return;
    this.#size = size;
    this.#call = this.#clock.callLater(this.#intervalMs, () => this.#apply());
    this.#resized(size);
  }
}

/** The one time that a foreign loop without the addon waits for, and whether that keeps the process alive. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';

export interface WaitTimer {
  /** Calls `callback` at that time of the reactor's clock, in place of what was waited for. */
  set(until: number, callback: () => void): void;
  cancel(): void;
  /** Whether the process stays alive while the loop is attached. */
  keepAlive(wanted: boolean): void;
}

/** By delayed calls of the reactor. For reactors that keep no process alive, such as simulated ones. */
export class ReactorTimer implements WaitTimer {
  readonly #clock: Clock;
  #call: DelayedCall | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(until: number, callback: () => void): void {
    this.cancel();
    const delayMs = Math.max(0, until - this.#clock.now());
    this.#call = ROOT_CONTEXT.runInAsyncScope(() => this.#clock.callLater(delayMs, callback));
  }

  cancel(): void {
    if (this.#call?.active() === true) this.#call.cancel();
    this.#call = undefined;
  }

  keepAlive(): void {}
}

/** Node's timers cannot wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** By Node's timers, for reactors hosted in its loop, whose delayed calls would always keep the process alive. */
export class NodeTimer implements WaitTimer {
  readonly #clock: Clock;
  #immediate: NodeJS.Immediate | undefined;
  #timeout: NodeJS.Timeout | undefined;
  #alive: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(until: number, callback: () => void): void {
    this.cancel();
    ROOT_CONTEXT.runInAsyncScope(() => this.#wait(until, callback));
  }

  /**
   * Node's timers may be early: it measures in whole milliseconds. An immediate that does not keep the process alive would wait until
   * something else wakes up the loop, so a timer replaces it.
   */
  #wait(until: number, callback: () => void): void {
    const delayMs = Math.ceil(until - this.#clock.now());
    if (delayMs <= 0 && this.#alive !== undefined) {
      this.#immediate = setImmediate(callback);
      return;
    }
    const look = (): void => {
      if (this.#clock.now() < until) this.#wait(until, callback);
      else callback();
    };
    this.#timeout = setTimeout(look, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS)).unref();
  }

  cancel(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timeout);
  }

  keepAlive(wanted: boolean): void {
    clearInterval(this.#alive);
    this.#alive = wanted ? setInterval(() => {}, MAX_TIMER_MS) : undefined;
  }
}

/** Work in steps, in slices of a few milliseconds, so that a large tree does not block the reactor. */
import type { Clock, DelayedCall } from '../core/clock.js';

const SLICE_MS = 2;
/** Steps between looks at the clock. */
const STEPS = 16;

/** A step ends at each `yield`. */
export type Steps = Generator<undefined, void, undefined>;

export class SlicedWork {
  readonly #clock: Clock;
  readonly #next: () => Steps | boolean;
  readonly #failed: (error: unknown) => void;
  #state: 'ready' | 'paused' | 'ended' = 'ready';
  #stepping = false;
  #steps: Steps | undefined = undefined;
  #call: DelayedCall | undefined = undefined;

  /**
   * @param next Begins the next piece of work. True if it was done at once; false if there is none.
   * @param failed Receives what a step has thrown.
   */
  constructor(clock: Clock, next: () => Steps | boolean, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#next = next;
    this.#failed = failed;
  }

  /** Works for one slice, unless it is paused or working already. */
  wake(): void {
    if (this.#state !== 'ready' || this.#stepping) return;
    this.#stepping = true;
    try {
      if (this.#slice()) this.schedule();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#stepping = false;
      if (this.#ended()) this.#leave();
    }
  }

  /** Works in a later turn. */
  schedule(): void {
    if (this.#state !== 'ready' || this.#call !== undefined) return;
    this.#call = this.#clock.callLater(0, () => {
      this.#call = undefined;
      this.wake();
    });
  }

  pause(): void {
    if (this.#state === 'ready') this.#state = 'paused';
    this.#cancel();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'ready';
    this.schedule();
  }

  end(): void {
    this.#state = 'ended';
    this.#cancel();
    if (!this.#stepping) this.#leave();
  }

  /** @returns Whether there is more to do. */
  #slice(): boolean {
    const end = performance.now() + SLICE_MS;
    for (let step = 1; this.#state === 'ready'; step++) {
      if (!this.#step()) return false;
      if (step % STEPS === 0 && performance.now() > end) return true;
    }
    return false;
  }

  #step(): boolean {
    if (this.#steps === undefined) {
      const next = this.#next();
      if (typeof next === 'boolean') return next;
      this.#steps = next;
    }
    if (this.#steps.next().done === true) this.#steps = undefined;
    return true;
  }

  #ended(): boolean {
    return this.#state === 'ended';
  }

  #cancel(): void {
    if (this.#call?.active() === true) this.#call.cancel();
    this.#call = undefined;
  }

  /** Lets a step in progress close what it has open. */
  #leave(): void {
    this.#steps?.return();
    this.#steps = undefined;
  }
}

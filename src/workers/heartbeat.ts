/**
 * Finds out that a worker hangs: it is asked for a sign of life now and then, and has hung when it has said nothing for a
 * number of beats. Beats are counted instead of time: while this process stood still, suspended or busy, its workers may
 * have been as well, or have answered what it has not read. However long that took, it is one beat.
 */
import type { Clock, DelayedCall } from '../core/clock.js';

/** Beats in the time that a worker may be silent. */
const BEATS = 10;

/** What a heart-beat needs of its worker. */
export interface BeatingWorker {
  /** Asks for a sign of life. */
  ping(): void;
  /** Whether a debugger may be what holds it up. */
  debugged(): boolean;
  /** It has been silent for too long: called once, last. */
  hung(silentMs: number): void;
}

/** One lives for each worker. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #worker: BeatingWorker;
  #call: DelayedCall | undefined;
  /** Beats since it was heard last. */
  #silent = 0;
  /** It was asked and has not answered: it is not asked again, since nobody may be there who reads it. */
  #asked = false;

  /** @param timeoutMs How long it may be silent; 0: for ever. */
  constructor(clock: Clock, timeoutMs: number, worker: BeatingWorker) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#worker = worker;
  }

  start(): void {
    if (this.#timeoutMs > 0) this.#arm();
  }

  stop(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  /** The worker said something. */
  heard(): void {
    this.#silent = 0;
  }

  /** The worker answered. */
  answered(): void {
    this.#asked = false;
  }

  #arm(): void {
    this.#call = this.#clock.callLater(this.#timeoutMs / BEATS, () => this.#beat());
  }

  #beat(): void {
    this.#call = undefined;
    if (this.#silent >= BEATS) {
      this.#worker.hung(this.#timeoutMs);
      return;
    }
    this.#arm();
    if (!this.#asked) {
      this.#asked = true;
      this.#worker.ping();
    }
    if (this.#asked && !this.#worker.debugged()) this.#silent++;
  }
}

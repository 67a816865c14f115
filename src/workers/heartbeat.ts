/**
 * Detects workers that hang: a worker is pinged regularly, and hangs if it has sent nothing for a number of beats. Beats are
 * counted instead of time: while this process was suspended or busy, its workers may have been suspended too, or may have sent
 * answers that were not read yet. Such a period counts as one beat, whatever its length.
 */
import type { Clock, DelayedCall } from '../core/clock.js';

/** The number of beats in the time that a worker may be silent. */
const BEATS = 10;

/** The worker as a heartbeat sees it. */
export interface BeatingWorker {
  /** Pings the worker. */
  ping(): void;
  /** Whether a debugger may be stopping the worker. */
  debugged(): boolean;
  /** The worker has been silent for too long. The last call, made once. */
  hung(silentMs: number): void;
}

/** Each worker has one. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #worker: BeatingWorker;
  #call: DelayedCall | undefined;
  /** The number of beats since the last message. */
  #silent = 0;
  /** The worker was pinged and has not answered. It is not pinged again, because it may not be reading. */
  #asked = false;

  /** @param timeoutMs The time that the worker may be silent; 0: no limit. */
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

  /** The worker sent a message. */
  heard(): void {
    this.#silent = 0;
  }

  /** The worker answered a ping. */
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

/**
 * The limits of closing connections that discard the peer's input until it ends, so that the input is not answered by a reset:
 * native/reactor/lingering.cc explains why. The native core has the same limits.
 */
import type { Clock, DelayedCall } from '../../core/clock.js';

/** Longest time in all. */
export const LINGER_MS: number = 30_000;
/** Longest time without input. */
export const LINGER_QUIET_MS: number = 5_000;
/** Most bytes of input. */
export const LINGER_BYTES: number = 64 * 1024 * 1024;

/** One closing connection of a layer above a transport. It calls `end` once, when a limit is reached. */
export class Lingering {
  readonly #clock: Clock;
  readonly #end: () => void;
  #bytesLeft = LINGER_BYTES;
  #total: DelayedCall | undefined = undefined;
  #quiet: DelayedCall | undefined = undefined;

  constructor(clock: Clock, end: () => void) {
    this.#clock = clock;
    this.#end = end;
  }

  /** Whether everything is sent, the end too. */
  get begun(): boolean {
    return this.#total !== undefined;
  }

  /** Everything is sent, the end too. */
  begin(): void {
    this.#total = this.#clock.callLater(LINGER_MS, () => this.#expire());
    this.#quiet = this.#clock.callLater(LINGER_QUIET_MS, () => this.#expire());
  }

  discard(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft <= 0) this.#expire();
    else if (this.#quiet?.active()) this.#quiet.reset(LINGER_QUIET_MS);
  }

  /** The connection is gone. */
  stop(): void {
    for (const call of [this.#total, this.#quiet]) if (call?.active()) call.cancel();
  }

  #expire(): void {
    this.stop();
    this.#end();
  }
}

/**
 * Tries the candidates of a destination until one connects: RFC 8305 section 5, "Happy Eyeballs". An attempt begins when the
 * one before it has failed, or has had its time (the Connection Attempt Delay) and continues beside it. The first success cancels
 * all others.
 *
 *                     begin next: the latest failed, or the delay has passed
 *                        +----+
 *     new --start--> running <+ --success--> over (won)
 *                        |------all failed--> over (lost)
 *                        +------cancel------> over
 */
import type { Address } from '../../core/address.js';
import type { Clock, DelayedCall } from '../../core/clock.js';
import type { Destination } from '../../core/destination.js';
import type { AddressAttempt } from '../../core/errors/connecting.js';
import type { Dial, DialListener } from './dial.js';
import type { Candidate } from './route.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamTransport } from './stream-transport.js';

/** One of these is called, once, in a later turn than `start`, unless the race is cancelled. */
export interface RaceListener {
  raceWon(transport: StreamTransport, peer: Address): void;
  raceLost(): void;
}

export class ConnectionRace {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #owner: StreamOwner;
  readonly #listener: RaceListener;
  readonly #candidates: readonly Candidate[];
  /** In the order of the candidates: attempts that have begun. */
  readonly #attempts: Attempt[] = [];
  #pending = 0;
  #over = false;
  #timer: DelayedCall | undefined;

  /** @param candidates At least one. */
  constructor(
    clock: Clock,
    candidates: readonly Candidate[],
    delayMs: number,
    owner: StreamOwner,
    listener: RaceListener,
  ) {
    this.#clock = clock;
    this.#candidates = candidates;
    this.#delayMs = delayMs;
    this.#owner = owner;
    this.#listener = listener;
  }

  /** The attempts that have begun, in order. */
  get attempts(): readonly AddressAttempt[] {
    return this.#attempts;
  }

  start(): void {
    this.#beginNext();
  }

  /** Cancels all pending attempts: no callback follows. */
  cancel(): void {
    this.#over = true;
    if (this.#timer?.active()) this.#timer.cancel();
    this.#timer = undefined;
    for (const attempt of this.#attempts) attempt.cancel();
  }

  /** @internal */
  succeeded(transport: StreamTransport, peer: Address): void {
    if (this.#over) return;
    this.cancel();
    this.#listener.raceWon(transport, peer);
  }

  /** @internal */
  failed(attempt: Attempt): void {
    if (this.#over) return;
    this.#pending -= 1;
    const isLatest = attempt === this.#attempts.at(-1);
    if (this.#attempts.length < this.#candidates.length) {
      if (isLatest) this.#beginNext();
    } else if (this.#pending === 0) {
      this.#over = true;
      this.#listener.raceLost();
    }
  }

  #beginNext(): void {
    if (this.#timer?.active()) this.#timer.cancel();
    const attempt = new Attempt(this, this.#candidates[this.#attempts.length] as Candidate);
    this.#attempts.push(attempt);
    this.#pending += 1;
    attempt.begin(this.#owner);
    const isLast = this.#attempts.length === this.#candidates.length;
    this.#timer = isLast
      ? undefined
      : this.#clock.callLater(this.#delayMs, () => this.#beginNext());
  }
}

class Attempt implements DialListener, AddressAttempt {
  failure: Error | undefined;
  readonly #race: ConnectionRace;
  readonly #candidate: Candidate;
  /** Undefined after the answer. */
  #dial: Dial | undefined;

  constructor(race: ConnectionRace, candidate: Candidate) {
    this.#race = race;
    this.#candidate = candidate;
  }

  get destination(): Destination {
    return this.#candidate.destination;
  }

  begin(owner: StreamOwner): void {
    this.#dial = this.#candidate.dial(owner, this);
  }

  cancel(): void {
    const dial = this.#dial;
    this.#dial = undefined;
    dial?.cancel();
  }

  dialSucceeded(transport: StreamTransport, peer: Address): void {
    this.#dial = undefined;
    this.#race.succeeded(transport, peer);
  }

  dialFailed(cause: Error): void {
    this.#dial = undefined;
    this.failure = cause;
    this.#race.failed(this);
  }
}

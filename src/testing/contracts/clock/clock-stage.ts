/** The stage of one case of the clock contract. */
import assert from 'node:assert/strict';

import type { Clock, DelayedCall } from '../../../core/clock.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../logged-errors.js';

/** A clock of its own for one case, with no call pending. */
export interface ClockStage {
  readonly clock: Clock;
  /**
   * Lets `ms` or more pass. What falls due within `ms`, calls made meanwhile included, has run when it settles; what falls
   * due a minute later has not.
   */
  advance(ms: number): void | PromiseLike<void>;
  /**
   * Makes the clock drop its pending calls: a reactor is run and stopped. Leave it out for a clock that never drops calls;
   * the cases about dropped calls then pass without doing anything.
   */
  drop?(): void | PromiseLike<void>;
  /** Puts the clock away. Called once, after the case. */
  dispose?(): void | PromiseLike<void>;
}

export type MakeClock = () => ClockStage | PromiseLike<ClockStage>;

/** What a case is given. */
export interface ClockScene extends ClockStage {
  readonly errors: LoggedErrorCapture;
}

export type AddCase = (name: string, body: (scene: ClockScene) => Promise<void> | void) => void;

export const MINUTE_MS = 60_000;

/** As they will be called. A real clock goes on between one callLater and the next, so delays alone do not tell. */
export function inOrderOfTime(calls: readonly DelayedCall[]): DelayedCall[] {
  return calls.toSorted((a, b) => a.getTime() - b.getTime());
}

/** Runs one case on a clock of its own, and puts that away. */
export async function runOnClock(
  makeClock: MakeClock,
  body: (scene: ClockScene) => Promise<void> | void,
): Promise<void> {
  const errors = captureLoggedErrors();
  try {
    const stage = await makeClock();
    try {
      const { clock, drop } = stage;
      const dropping = drop === undefined ? {} : { drop: () => drop.call(stage) };
      await body({ clock, advance: (ms) => stage.advance(ms), ...dropping, errors });
    } finally {
      await stage.dispose?.();
    }
    assert.deepEqual(errors.flush(), [], 'no error is reported that the case did not expect');
  } finally {
    errors[Symbol.dispose]();
  }
}

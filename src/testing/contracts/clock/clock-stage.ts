/** The stage of one case of the clock contract. */
import assert from 'node:assert/strict';

import type { Clock, DelayedCall } from '../../../core/clock.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../logged-errors.js';

/** A clock of its own for one case, with no call pending. */
export interface ClockStage {
  readonly clock: Clock;
  /**
   * Advances by `ms` or more. Calls due within `ms`, including those made meanwhile, have run when it settles; calls
   * due a minute later have not.
   */
  advance(ms: number): void | PromiseLike<void>;
  /**
   * Makes the clock drop its pending calls: a reactor is run and stopped. Leave it out for a clock that never drops calls;
   * the cases about dropped calls then pass without doing anything.
   */
  drop?(): void | PromiseLike<void>;
  /** Disposes of the clock. Called once, after the case. */
  dispose?(): void | PromiseLike<void>;
}

export type MakeClock = () => ClockStage | PromiseLike<ClockStage>;

/** The argument of a case. */
export interface ClockScene extends ClockStage {
  readonly errors: LoggedErrorCapture;
}

export type AddCase = (name: string, body: (scene: ClockScene) => Promise<void> | void) => void;

export const MINUTE_MS = 60_000;

/** In the order in which they will run. A real clock advances between two callLater calls, so delays alone do not decide. */
export function inOrderOfTime(calls: readonly DelayedCall[]): DelayedCall[] {
  return calls.toSorted((a, b) => a.getTime() - b.getTime());
}

/** Runs one case on a clock of its own, and disposes of it. */
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

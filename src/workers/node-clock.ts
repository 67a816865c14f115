/** A clock based on Node's own timers: a group outlives any reactor of its thread. */
import type { Clock } from '../core/clock.js';
import { reportError } from '../internal/error-report.js';
import { DelayedCalls } from '../reactor/time/delayed-calls.js';
import { NODE_LOOP } from '../reactor/time/loop-host.js';

export function nodeClock(): Clock {
  let cancelTimer: (() => void) | undefined;
  const calls: DelayedCalls = new DelayedCalls({
    now: NODE_LOOP.now,
    report: reportError,
    arm: (time) => {
      cancelTimer?.();
      const wait = time === undefined ? undefined : Math.max(0, time - NODE_LOOP.now());
      cancelTimer = wait === undefined ? undefined : NODE_LOOP.setTimer(wait, () => calls.runDue());
    },
  });
  return {
    now: NODE_LOOP.now,
    callLater: (delayMs, callback, ...args) => calls.callLater(delayMs, callback, args),
    getDelayedCalls: () => calls.getDelayedCalls(),
  };
}

/** Events of the whole reactor: `startup`, `shutdown`, and those that an application defines. */
import type { Deferred } from '../defer/deferred.js';

/**
 * `before` triggers may return a Deferred or a promise: `during` waits for all of them. `during` and `after` triggers run in
 * order, and their results are ignored.
 */
export type SystemEventPhase = 'before' | 'during' | 'after';

/** The result of `addSystemEventTrigger`, to be passed to `removeSystemEventTrigger`. */
export interface SystemEventTrigger {
  readonly phase: SystemEventPhase;
  readonly event: string;
}

export interface SystemEvents {
  /** Calls `callback` once, the next time that the event is fired. */
  addSystemEventTrigger<Args extends unknown[]>(
    phase: SystemEventPhase,
    event: string,
    callback: (...args: Args) => unknown,
    ...args: Args
  ): SystemEventTrigger;
  /** @throws InvalidArgumentValueError the trigger is not, or no longer, registered. */
  removeSystemEventTrigger(trigger: SystemEventTrigger): void;
  /**
   * Runs the event's triggers; fires after the last phase. Triggers that throw are reported and stop no others. Firing
   * `shutdown` while the reactor runs stops it.
   */
  fireSystemEvent(event: string): Deferred<void>;
}

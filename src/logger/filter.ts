/** Observers that pass some events on. */
import { checkFunction } from '../internal/check.js';
import type { LogEvent, LogObserver } from './event.js';
import { SEVERITY } from './level.js';
import { LogLevels } from './log-levels.js';

/** Whether an event passes. */
export type LogPredicate = (event: LogEvent) => boolean;

/**
 * Passes on the events of sufficient level, or those that a predicate selects. To save work, set the thresholds of loggers instead: this
 * filters events that were already made, for one of several observers.
 *
 * @param rejected Receives the other events.
 * @throws InvalidArgumentTypeError
 * @example publisher.addObserver(filterEvents(new LogLevels('warn'), textObserver(process.stderr)));
 */
export function filterEvents(
  passes: LogLevels | LogPredicate,
  observer: LogObserver,
  rejected?: LogObserver,
): LogObserver {
  const predicate = passes instanceof LogLevels ? reaches(passes) : passes;
  checkFunction('passes', predicate);
  checkFunction('observer', observer);
  if (rejected !== undefined) checkFunction('rejected', rejected);
  return (event) => (predicate(event) ? observer : rejected)?.(event);
}

function reaches(levels: LogLevels): LogPredicate {
  return ({ level, namespace }) => SEVERITY[level] >= SEVERITY[levels.get(namespace)];
}

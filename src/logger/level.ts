/** The levels of events. */
import { checkChoice } from '../internal/check.js';

/** How severe an event is, in ascending order. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** The lowest level of the events that pass; `off`: none does. */
export type LogThreshold = LogLevel | 'off';

/** Of levels, and of the threshold `off`. The numbers are those of pino, bunyan and the lines of JSON. */
export const SEVERITY: Readonly<Record<LogThreshold, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  critical: 60,
  off: 100,
};

/** All levels, ascending. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'critical'];

const THRESHOLDS: readonly LogThreshold[] = [...LOG_LEVELS, 'off'];

/** The highest level that is not above a severity; `debug` for those below all levels. */
export function levelOfSeverity(severity: number): LogLevel {
  return LOG_LEVELS.findLast((level) => SEVERITY[level] <= severity) ?? 'debug';
}

export function checkLevel(what: string, level: unknown): LogLevel {
  return checkChoice(what, level, LOG_LEVELS);
}

export function checkThreshold(what: string, level: unknown): LogThreshold {
  return checkChoice(what, level, THRESHOLDS);
}

/** Events and their receivers. */
import type { LogLevel } from './level.js';

/** The values of an event, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One call of a logger. Observers share it: they do not change it. */
export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  /** The part of the program, such as `chat.rooms`. */
  readonly namespace: string;
  /** The message, with the names of fields in braces: see `formatEvent`. */
  readonly format: string;
  /** The objects that the caller passed: an observer that keeps events may see later states of them. */
  readonly fields: LogFields;
  /** The error that the event is about. */
  readonly error: Error | undefined;
}

/**
 * Receives events. Exceptions and rejections are reported to the other observers of the publisher, never to the caller of the
 * logger; nothing waits for a promise.
 */
export type LogObserver = (event: LogEvent) => unknown;

export const NO_FIELDS: LogFields = Object.freeze({});

/** Ignores all events. */
export const ignoreEvents: LogObserver = () => {};

/** The entry point `ropewalk/logger`: structured events, observers, files, syslog and journald. */
export { type BeginLoggingOptions, LogBeginner, type LogBeginnerOptions } from './beginner.js';
export { type CaptureStreamsOptions, captureStreams } from './captured-streams.js';
export { logChannel } from './channel.js';
export { LogEventsDroppedError, LogLoopError, LogNotWrittenError } from './errors.js';
export { ignoreEvents, type LogEvent, type LogFields, type LogObserver } from './event.js';
export { filterEvents, type LogPredicate } from './filter.js';
export { formatEvent } from './format.js';
export { globalLogBeginner, globalLogPublisher } from './global.js';
export { Journal, type JournalOptions } from './journald.js';
export { eventAsJson, type JSONLinesOptions, jsonLinesObserver } from './json-lines.js';
export {
  eventFromJson,
  eventsFromJsonLines,
  JSONLinesDecoder,
  type JSONLinesReadOptions,
} from './json-reader.js';
export { LOG_LEVELS, type LogLevel, type LogThreshold } from './level.js';
export { LimitedHistory } from './limited-history.js';
export { LogFile, type LogFileOptions } from './log-file.js';
export { LogLevels } from './log-levels.js';
export { type LoggedOperation, Logger, type LoggerOptions } from './logger.js';
export {
  type PinoDestinationOptions,
  type PinoLogger,
  type PinoObserverOptions,
  pinoDestination,
  pinoObserver,
} from './pino.js';
export { LogPublisher, type LogPublisherOptions } from './publisher.js';
export { REDACTED, Redaction, SECRET_FIELDS } from './redaction.js';
export { type LogReportedErrorsOptions, logReportedErrors } from './reported-errors.js';
export type { LogSink } from './sink.js';
export { Syslog, type SyslogOptions, type SyslogReactor } from './syslog.js';
export type { SyslogFacility } from './syslog-format.js';
export { classicLogText, type EventTextOptions, eventAsText } from './text.js';
export { type TextObserverOptions, textObserver } from './text-observer.js';

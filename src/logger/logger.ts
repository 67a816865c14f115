/** The calls that make events. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { Failure } from '../defer/failure.js';
import { checkFunction, checkPlainObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { logChannel } from './channel.js';
import { type LogEvent, type LogFields, type LogObserver, NO_FIELDS } from './event.js';
import { globalLogPublisher } from './global.js';
import { checkLevel, checkThreshold, type LogLevel, type LogThreshold, SEVERITY } from './level.js';
import { LogLevels } from './log-levels.js';
import { LogPublisher } from './publisher.js';
import { DEFAULT_REDACTION } from './redaction.js';
import { valueText } from './value-text.js';

export interface LoggerOptions {
  /** The part of the program, such as `chat.rooms`: thresholds are set by it. */
  readonly namespace: string;
  /** The receiver of the events. Default {@link globalLogPublisher}, if `observer` is not given either. */
  readonly publisher?: LogPublisher;
  /** Receives the events instead of a publisher; what it throws is reported as errors of callbacks are. */
  readonly observer?: LogObserver;
  /** The lowest level of events. Default: `levels` of the publisher, which may change; `info` with an observer. */
  readonly level?: LogThreshold | LogLevels;
  /** Fields of all events. Those of a call replace those of the same names. */
  readonly fields?: LogFields;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number;
}

const NAMES: OptionNames<LoggerOptions> = {
  namespace: true,
  publisher: true,
  observer: true,
  level: true,
  fields: true,
  wallClock: true,
};

/** The result of `failuresHandled`. */
export type LoggedOperation<T> =
  | { readonly succeeded: true; readonly value: T }
  | { readonly succeeded: false; readonly failure: Failure };

const { debug, info, warn, error, critical } = SEVERITY;

/**
 * Logs events of one part of a program. `format` is text with names of fields in braces, which are only looked up if an observer
 * writes the message: pass values as fields rather than building text.
 *
 * @example
 * const log = new Logger({ namespace: 'chat' });
 * log.info('{user} joined {room}', { user, room });
 */
export class Logger {
  readonly namespace: string;
  readonly #options: LoggerOptions;
  readonly #publisher: LogPublisher;
  readonly #levels: LogLevels;
  readonly #fields: LogFields | undefined;
  readonly #wallClock: () => number;
  #version: number;
  #threshold: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: LoggerOptions) {
    if (typeof options === 'string') {
      const hint = '{ namespace } names the part of the program';
      throw new InvalidArgumentTypeError('options of Logger', 'a plain object', options, hint);
    }
    checkOptions('Logger', options, NAMES);
    const { namespace, publisher, observer, level, fields, wallClock = Date.now } = options;
    this.namespace = checkString('namespace', namespace);
    if (fields !== undefined) checkPlainObject('fields', fields);
    checkFunction('wallClock', wallClock);
    this.#options = options;
    this.#publisher =
      publisher ??
      (observer === undefined ? globalLogPublisher : new LogPublisher({ observers: [observer] }));
    this.#levels = levelsOf(level) ?? this.#publisher.levels;
    this.#fields = fields;
    this.#wallClock = wallClock;
    this.#version = this.#levels.version;
    this.#threshold = SEVERITY[this.#levels.get(namespace)];
  }

  /** Whether events of this level are logged: to skip work that only they need. */
  isEnabled(level: LogLevel): boolean {
    return !this.#isOff(SEVERITY[checkLevel('level', level)]);
  }

  /** A logger whose events have these fields too. */
  with(fields: LogFields): Logger {
    checkPlainObject('fields', fields);
    const publisher = this.#publisher;
    const { observer: _, ...options } = this.#options;
    return new Logger({
      ...options,
      publisher,
      level: this.#levels,
      fields: { ...this.#fields, ...fields },
    });
  }

  debug(format: string, fields?: LogFields): void {
    if (debug < this.#threshold && this.#version === this.#levels.version) return;
    this.#log('debug', debug, format, fields, undefined);
  }

  info(format: string, fields?: LogFields): void {
    if (info < this.#threshold && this.#version === this.#levels.version) return;
    this.#log('info', info, format, fields, undefined);
  }

  warn(format: string, fields?: LogFields): void {
    if (warn < this.#threshold && this.#version === this.#levels.version) return;
    this.#log('warn', warn, format, fields, undefined);
  }

  error(format: string, fields?: LogFields): void {
    if (error < this.#threshold && this.#version === this.#levels.version) return;
    this.#log('error', error, format, fields, undefined);
  }

  critical(format: string, fields?: LogFields): void {
    if (critical < this.#threshold && this.#version === this.#levels.version) return;
    this.#log('critical', critical, format, fields, undefined);
  }

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError `level` is not a level. */
  emit(level: LogLevel, format: string, fields?: LogFields): void {
    this.#log(level, SEVERITY[checkLevel('level', level)], format, fields, undefined);
  }

  /**
   * Logs an error with its stack and its causes.
   * @param thrown An error, a Failure, or any value that was thrown.
   */
  failure(format: string, thrown: unknown, fields?: LogFields, level: LogLevel = 'critical'): void {
    const severity = SEVERITY[checkLevel('level', level)];
    if (this.#isOff(severity)) return;
    this.#log(level, severity, format, fields, Failure.from(thrown).value);
  }

  /**
   * Calls a function and logs its exception, which goes no further.
   * @example const { succeeded } = log.failuresHandled('while saving {file}', () => save(file), { file });
   */
  failuresHandled<T>(
    format: string,
    operation: () => T,
    fields?: LogFields,
    level?: LogLevel,
  ): LoggedOperation<T> {
    try {
      return { succeeded: true, value: operation() };
    } catch (thrown) {
      this.failure(format, thrown, fields, level);
      return { succeeded: false, failure: Failure.from(thrown) };
    }
  }

  #isOff(severity: number): boolean {
    if (this.#version !== this.#levels.version) {
      this.#version = this.#levels.version;
      this.#threshold = SEVERITY[this.#levels.get(this.namespace)];
    }
    return severity < this.#threshold;
  }

  #log(
    level: LogLevel,
    severity: number,
    format: string,
    fields: LogFields | undefined,
    error: Error | undefined,
  ): void {
    if (this.#isOff(severity)) return;
    if (typeof format !== 'string' || fields instanceof Error) {
      const sorted = sortedArguments([format, fields]);
      this.#log(level, severity, sorted.format, sorted.fields, error ?? sorted.error);
      return;
    }
    const event: LogEvent = {
      time: this.#wallClock(),
      level,
      namespace: this.namespace,
      format,
      fields: this.#fieldsOf(fields),
      error,
    };
    if (logChannel.hasSubscribers) logChannel.publish(event);
    this.#publisher.publish(event);
  }

  #fieldsOf(fields: LogFields | undefined): LogFields {
    if (this.#fields === undefined) return fields ?? NO_FIELDS;
    return fields === undefined ? this.#fields : { ...this.#fields, ...fields };
  }
}

/**
 * Sorts the arguments of a call that the compiler would refuse: errors and objects come first in other loggers, or an error comes
 * instead of fields. No error gets lost that way.
 */
function sortedArguments(values: readonly unknown[]): Pick<LogEvent, 'format' | 'error'> & {
  readonly fields: LogFields | undefined;
} {
  const text = values.find((value) => typeof value === 'string');
  const error = values.find((value) => value instanceof Error);
  const fields = values.find((value) => typeof value === 'object' && value !== error);
  const message = error?.message ?? valueText(values[0], DEFAULT_REDACTION);
  return {
    format: text ?? message.replaceAll('{', '{{').replaceAll('}', '}}'),
    fields: (fields ?? undefined) as LogFields | undefined,
    error,
  };
}

function levelsOf(level: LogThreshold | LogLevels | undefined): LogLevels | undefined {
  if (level === undefined || level instanceof LogLevels) return level;
  return new LogLevels(checkThreshold('level', level));
}

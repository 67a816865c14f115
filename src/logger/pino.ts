/** Bridges to and from pino, which is no dependency: its loggers are arguments, and it is given a destination. */
import { checkObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogObserver } from './event.js';
import { formatEvent } from './format.js';
import { globalLogPublisher } from './global.js';
import { JSONLinesDecoder } from './json-reader.js';
import { jsonText } from './json-text.js';
import type { LogLevel } from './level.js';
import type { LogPublisher } from './publisher.js';
import { DEFAULT_REDACTION, type Redaction } from './redaction.js';

type PinoMethod = (fields: object, message: string) => void;

/** The part of a pino logger that is used. */
export interface PinoLogger {
  debug: PinoMethod;
  info: PinoMethod;
  warn: PinoMethod;
  error: PinoMethod;
  fatal: PinoMethod;
}

const METHODS = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'fatal',
} as const satisfies Record<LogLevel, keyof PinoLogger>;

export interface PinoObserverOptions {
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const OBSERVER_NAMES: OptionNames<PinoObserverOptions> = { redaction: true };

/**
 * Logs events with a pino logger: the namespace is the field `namespace`, the error `err`, and `critical` becomes `fatal`. pino adds its own
 * time, and its own level counts too. Secret fields are redacted.
 *
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function pinoObserver(logger: PinoLogger, options: PinoObserverOptions = {}): LogObserver {
  checkObject('logger', logger);
  checkOptions('pinoObserver', options, OBSERVER_NAMES);
  const { redaction = DEFAULT_REDACTION } = options;
  return function logWithPino(event) {
    const { level, namespace, fields, error } = event;
    // As JSON and back: no secret, and no object that pino cannot write.
    const shown = JSON.parse(jsonText({ ...fields }, redaction) ?? '{}') as Record<string, unknown>;
    const err = error === undefined ? {} : { err: shownError(error, redaction) };
    logger[METHODS[level]]({ ...shown, namespace, ...err }, formatEvent(event, redaction));
  };
}

/** A copy without secrets. pino reads the class from the prototype. */
function shownError(error: Error, redaction: Redaction): object {
  const shown = JSON.parse(jsonText(error, redaction) ?? '{}') as object;
  return Object.assign(Object.create(Object.getPrototypeOf(error)), shown) as object;
}

export interface PinoDestinationOptions {
  /** The receiver of the events. Default: the global one. */
  readonly publisher?: LogPublisher;
}

const DESTINATION_NAMES: OptionNames<PinoDestinationOptions> = { publisher: true };

/**
 * A destination for pino, so that libraries that log with it reach our observers: `pino({}, pinoDestination())`. The name of the pino logger, or its field
 * `namespace`, becomes the namespace. The thresholds of pino count.
 *
 * @throws UnknownOptionError
 */
export function pinoDestination(options: PinoDestinationOptions = {}): {
  write(line: string): void;
} {
  checkOptions('pinoDestination', options, DESTINATION_NAMES);
  const { publisher = globalLogPublisher } = options;
  const decoder = new JSONLinesDecoder();
  return {
    write(line) {
      for (const event of decoder.receive(line)) publisher.publish(event);
    },
  };
}

/** Reads lines of JSON that `jsonLinesObserver`, pino or Twisted's `jsonFileLogObserver` wrote. */
import { StringDecoder } from 'node:string_decoder';

import { checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent } from './event.js';
import { LOG_LEVELS, type LogLevel, levelOfSeverity } from './level.js';
import { isReserved } from './redaction.js';
import { escapeBraces, eventFromTwisted, isObject } from './twisted-line.js';

export interface JSONLinesReadOptions {
  /** The most characters of a line; longer ones are skipped. Default 1,048,576. */
  readonly maxLength?: number;
}

const NAMES: OptionNames<JSONLinesReadOptions> = { maxLength: true };

const RECORD_SEPARATOR = '\x1e';

/** Decodes events from bytes. Lines that are no events are counted and skipped, such as the last line of a program that was killed. */
export class JSONLinesDecoder {
  readonly #decoder = new StringDecoder('utf8');
  readonly #maxLength: number;
  #pending = '';
  /** The present line is too long. */
  #overlong = false;
  #skipped = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: JSONLinesReadOptions = {}) {
    checkOptions('JSONLinesDecoder', options, NAMES);
    const { maxLength = 1_048_576 } = options;
    this.#maxLength = checkInteger('maxLength', maxLength, 1, 2 ** 28);
  }

  /** The number of lines that were skipped. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The events that end in these bytes. */
  receive(bytes: Uint8Array | string): LogEvent[] {
    const text = typeof bytes === 'string' ? bytes : this.#decoder.write(Buffer.from(bytes));
    const lines = text.split('\n');
    const events: LogEvent[] = [];
    for (let i = 0; i < lines.length - 1; i++) {
      this.#append(lines[i] ?? '');
      this.#take(events);
    }
    this.#append(lines.at(-1) ?? '');
    return events;
  }

  /** The event of a last line without a line end, if it is complete. */
  end(): LogEvent[] {
    const events: LogEvent[] = [];
    this.#append(this.#decoder.end());
    if (this.#overlong || this.#pending !== '') this.#take(events);
    return events;
  }

  #append(text: string): void {
    this.#overlong ||= this.#pending.length + text.length > this.#maxLength;
    this.#pending = this.#overlong ? '' : this.#pending + text;
  }

  #take(events: LogEvent[]): void {
    const line = this.#pending.slice(this.#pending.startsWith(RECORD_SEPARATOR) ? 1 : 0);
    const overlong = this.#overlong;
    this.#pending = '';
    this.#overlong = false;
    if (line.trim() === '' && !overlong) return;
    const event = overlong ? undefined : eventFromJson(line);
    if (event === undefined) this.#skipped += 1;
    else events.push(event);
  }
}

/**
 * The events of a log, from text or bytes in pieces of any size, such as `createReadStream(path)`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, and the errors of `source`.
 */
export async function* eventsFromJsonLines(
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  options: JSONLinesReadOptions = {},
): AsyncGenerator<LogEvent, void, undefined> {
  const decoder = new JSONLinesDecoder(options);
  for await (const bytes of source) yield* decoder.receive(bytes);
  yield* decoder.end();
}

/** The event of a line; undefined if it is none. Errors become errors with the same name, message, stack and causes. */
export function eventFromJson(line: string): LogEvent | undefined {
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(object)) return undefined;
  if ('log_time' in object || 'log_level' in object) return eventFromTwisted(object, errorFrom);
  const { level, time, namespace, name, msg, format, err } = object;
  const message = typeof msg === 'string' ? msg : '';
  return {
    time: timeOf(time),
    level: levelOf(level),
    namespace: typeof namespace === 'string' ? namespace : typeof name === 'string' ? name : '',
    format: typeof format === 'string' ? format : escapeBraces(message),
    fields: fieldsOf(object),
    error: isObject(err) ? errorFrom(err) : undefined,
  };
}

/** pino can write text of ISO 8601 too. */
function timeOf(time: unknown): number {
  if (typeof time === 'string') return Date.parse(time);
  return typeof time === 'number' ? time : Number.NaN;
}

function levelOf(level: unknown): LogLevel {
  if (typeof level === 'number') return levelOfSeverity(level);
  return LOG_LEVELS.find((name) => name === level) ?? 'info';
}

function fieldsOf(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    if (!isReserved(name)) set(fields, name, value);
    else if (name.endsWith('_')) set(fields, name.slice(0, -1), value);
  }
  return fields;
}

/** An own property, even if the name is `__proto__`. */
function set(fields: object, name: string, value: unknown): void {
  Object.defineProperty(fields, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function errorFrom(object: Readonly<Record<string, unknown>>): Error {
  const { type, message, stack, cause, ...rest } = object;
  const error = new Error(typeof message === 'string' ? message : '');
  define(error, 'stack', typeof stack === 'string' ? stack : undefined);
  define(error, 'name', typeof type === 'string' ? type : 'Error');
  if (cause !== undefined) define(error, 'cause', isObject(cause) ? errorFrom(cause) : cause);
  for (const [name, value] of Object.entries(rest)) {
    if (name !== 'name') set(error, name, value);
  }
  return error;
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true });
}

/**
 * An observer that writes each event as a line of JSON (RFC 8259), in the form of pino or of twisted.logger.
 *
 * pino's: `{"level":30,"time":1531171074631,"namespace":"chat","msg":"ann joined","format":"{user} joined","user":"ann"}`. `level` is a
 * number from 20, debug, to 60, critical; `time` is in milliseconds since 1970. `format` is left out if the message is the same; an
 * error is `err`. A field with the name of one of these gets an underscore at the end.
 */
import { checkBoolean, checkChoice, checkPlainObject } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { type LogEvent, type LogFields, type LogObserver, NO_FIELDS } from './event.js';
import { formatEvent, quotedFormat } from './format.js';
import { quoted } from './json-string.js';
import { jsonText } from './json-text.js';
import { SEVERITY } from './level.js';
import { DEFAULT_REDACTION, REDACTED, type Redaction } from './redaction.js';
import { type LogSink, writerOf } from './sink.js';
import { twistedLine } from './twisted-line.js';

export interface JSONLinesOptions {
  /** The names of an event's properties. Default `pino`, which its tools and most log collectors read. */
  readonly dialect?: 'pino' | 'twisted';
  /** Whether a RECORD SEPARATOR character precedes each line (RFC 7464), as Twisted writes by default. Default false. */
  readonly recordSeparator?: boolean;
  /** Fields of each line, such as the name of the host. */
  readonly base?: LogFields;
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const NAMES: OptionNames<JSONLinesOptions> = {
  dialect: true,
  recordSeparator: true,
  base: true,
  redaction: true,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function jsonLinesObserver(sink: LogSink, options: JSONLinesOptions = {}): LogObserver {
  checkOptions('jsonLinesObserver', options, NAMES);
  const { dialect = 'pino', recordSeparator = false, base = NO_FIELDS } = options;
  const { redaction = DEFAULT_REDACTION } = options;
  checkChoice('dialect', dialect, ['pino', 'twisted']);
  checkPlainObject('base', base);
  const separator = checkBoolean('recordSeparator', recordSeparator) ? '\x1e' : '';
  const write = writerOf(sink);
  if (dialect === 'twisted') {
    return function writeTwistedLine(event) {
      write(`${separator}${twistedLine(event, base, redaction)}\n`);
    };
  }
  const baseText = fieldsText(base, redaction);
  return function writeJsonLine(event) {
    write(`${separator}${pinoLine(event, baseText, redaction)}\n`);
  };
}

/** The JSON of an event in the form of pino, without a line end. */
export function eventAsJson(event: LogEvent, redaction: Redaction = DEFAULT_REDACTION): string {
  return pinoLine(event, '', redaction);
}

function pinoLine(event: LogEvent, baseText: string, redaction: Redaction): string {
  const { time, level, namespace, format, fields, error } = event;
  const message = formatEvent(event, redaction);
  let text = `${HEADS[level]}${Number.isFinite(time) ? time : null}${namespaceText(namespace)}${quoted(message)}`;
  if (message !== format) text += `,"format":${quotedFormat(format)}`;
  text += baseText;
  if (fields !== NO_FIELDS) text += fieldsText(fields, redaction);
  if (error !== undefined) text += `,"err":${jsonText(error, redaction)}`;
  return `${text}}`;
}

const HEADS: Readonly<Record<LogEvent['level'], string>> = {
  debug: head('debug'),
  info: head('info'),
  warn: head('warn'),
  error: head('error'),
  critical: head('critical'),
};

function head(level: LogEvent['level']): string {
  return `{"level":${SEVERITY[level]},"time":`;
}

const MAX_CACHED = 500;
const namespaces = new Map<string, string>();

function namespaceText(namespace: string): string {
  const known = namespaces.get(namespace);
  if (known !== undefined) return known;
  const text = `,"namespace":${quoted(namespace)},"msg":`;
  if (namespaces.size >= MAX_CACHED) namespaces.clear();
  namespaces.set(namespace, text);
  return text;
}

function fieldsText(fields: LogFields, redaction: Redaction): string {
  let text = '';
  try {
    for (const name in fields) text += fieldText(fields, name, redaction);
  } catch {
    // A proxy without names that can be read.
  }
  return text;
}

function fieldText(fields: LogFields, name: string, redaction: Redaction): string {
  let value: unknown;
  try {
    value = fields[name];
  } catch {
    value = '[unreadable]';
  }
  if (value === undefined) return '';
  const { member, secret } = redaction.known(name);
  const shown = secret && value !== null ? REDACTED : value;
  const json = typeof shown === 'string' ? quoted(shown) : jsonText(shown, redaction);
  return json === undefined ? '' : `,${member}:${json}`;
}

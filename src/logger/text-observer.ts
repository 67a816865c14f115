/** An observer that writes events as text. */
import { checkBoolean } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent, LogObserver } from './event.js';
import type { LogLevel } from './level.js';
import { DEFAULT_REDACTION, type Redaction } from './redaction.js';
import { type LogSink, writerOf } from './sink.js';
import { classicLogText, eventAsText, formatTime, indented, systemOf } from './text.js';

export interface TextObserverOptions {
  /** Whether lines begin with the local time. Default true. */
  readonly includeTime?: boolean;
  /** Whether levels have colours. Default: if the sink is a terminal with colours and NO_COLOR is not set. */
  readonly colors?: boolean;
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const NAMES: OptionNames<TextObserverOptions> = {
  includeTime: true,
  colors: true,
  redaction: true,
};

/** Grey, green, yellow, red, white on red. */
const COLORS: Readonly<Record<LogLevel, string>> = {
  debug: '\x1b[90m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  critical: '\x1b[97;41m',
};
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

/**
 * Writes each event as in Twisted's log files: `2026-11-30T09:05:57+0100 [chat#info] ann joined`. Further lines begin with a tab.
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function textObserver(sink: LogSink, options: TextObserverOptions = {}): LogObserver {
  checkOptions('textObserver', options, NAMES);
  const { includeTime = true, redaction = DEFAULT_REDACTION, colors = hasColors(sink) } = options;
  checkBoolean('includeTime', includeTime);
  checkBoolean('colors', colors);
  const write = writerOf(sink);
  const text = { includeTime, redaction };
  return function writeText(event) {
    write(colors ? coloredText(event, text) : classicLogText(event, text));
  };
}

function coloredText(
  event: LogEvent,
  options: { includeTime: boolean; redaction: Redaction },
): string {
  const { includeTime, redaction } = options;
  const time = includeTime ? `${DIM}${formatTime(event.time)}${RESET} ` : '';
  const message = eventAsText(event, { includeTime: false, includeSystem: false, redaction });
  return `${time}${COLORS[event.level]}[${systemOf(event)}]${RESET} ${indented(message)}\n`;
}

/** https://no-color.org: any value but the empty one counts. */
function hasColors(sink: LogSink): boolean {
  if ((process.env.NO_COLOR ?? '') !== '') return false;
  const { isTTY, hasColors } = sink as { isTTY?: boolean; hasColors?: () => boolean };
  return isTTY === true && hasColors?.call(sink) !== false;
}

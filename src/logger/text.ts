/** Events as text for people. */
import { messageOf } from '../core/text-of.js';
import { checkBoolean } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { printable } from '../internal/printable.js';
import type { LogEvent } from './event.js';
import { formatEvent } from './format.js';
import { DEFAULT_REDACTION, type Redaction } from './redaction.js';

export interface EventTextOptions {
  /** Whether the text begins with the local time, `2026-11-30T09:05:57+0100`. Default true. */
  readonly includeTime?: boolean;
  /** Whether `[namespace#level]` precedes the message. Default true. */
  readonly includeSystem?: boolean;
  /** Whether the stack of an error and those of its causes follow. Default true. */
  readonly includeStack?: boolean;
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const NAMES: OptionNames<EventTextOptions> = {
  includeTime: true,
  includeSystem: true,
  includeStack: true,
  redaction: true,
};

/** The most errors that are shown for one event: causes, and members of an `AggregateError`. */
const MAX_ERRORS = 16;

/**
 * The text of an event, without a line end: `2026-11-30T09:05:57+0100 [chat#info] ann joined`. It has several lines if the format has, or
 * if the event is about an error.
 */
export function eventAsText(event: LogEvent, options: EventTextOptions = {}): string {
  checkOptions('eventAsText', options, NAMES);
  const { includeTime = true, includeSystem = true, includeStack = true } = options;
  const { redaction = DEFAULT_REDACTION } = options;
  const message = printable(formatEvent(event, redaction));
  const stack =
    checkBoolean('includeStack', includeStack) && event.error !== undefined
      ? `\n${printable(errorText(event.error))}`
      : '';
  const time = checkBoolean('includeTime', includeTime) ? `${formatTime(event.time)} ` : '';
  const system = checkBoolean('includeSystem', includeSystem) ? `[${systemOf(event)}] ` : '';
  return `${time}${system}${message}${stack}`;
}

/** The line of the classic log: like {@link eventAsText}, with a line end; further lines begin with a tab. */
export function classicLogText(event: LogEvent, options: EventTextOptions = {}): string {
  return `${indented(eventAsText(event, options))}\n`;
}

export function systemOf({ namespace, level }: LogEvent): string {
  return `${printable(namespace).replaceAll('\n', '\\n') || '-'}#${level}`;
}

/** No text of a peer can begin a line and so pass for an event. */
export function indented(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\n\t') : text;
}

/** ISO 8601 in local time, `2026-11-30T09:05:57+0100`; `-` for a time that is none. */
export function formatTime(timeMs: number): string {
  // Lines of the same second are common.
  const second = Math.floor(timeMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = localTime(second * 1000);
  }
  return lastText;
}

let lastSecond = Number.NaN;
let lastText = '';

function localTime(timeMs: number): string {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return '-';
  const minutes = -time.getTimezoneOffset();
  const local = new Date(timeMs + minutes * 60_000).toISOString().slice(0, 19);
  const offset = Math.abs(minutes);
  const hhmm = `${twoDigits(Math.floor(offset / 60))}${twoDigits(offset % 60)}`;
  return `${local}${minutes < 0 ? '-' : '+'}${hhmm}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** The stack of an error, and those of its causes. */
export function errorText(error: Error): string {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const add = (thrown: unknown, title: string): void => {
    if (seen.has(thrown) || seen.size >= MAX_ERRORS) return;
    seen.add(thrown);
    texts.push(title + stackOf(thrown));
    const { cause, errors } = partsOf(thrown);
    for (const member of errors) add(member, 'including: ');
    if (cause !== undefined) add(cause, 'caused by: ');
  };
  add(error, '');
  return texts.join('\n');
}

function stackOf(thrown: unknown): string {
  try {
    const { stack } = thrown as Error;
    if (typeof stack === 'string' && stack !== '') return stack;
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : messageOf(thrown);
  } catch {
    return messageOf(thrown);
  }
}

function partsOf(thrown: unknown): { cause: unknown; errors: readonly unknown[] } {
  try {
    const { cause, errors } = thrown as { cause?: unknown; errors?: unknown };
    return { cause, errors: Array.isArray(errors) ? errors : [] };
  } catch {
    return { cause: undefined, errors: [] };
  }
}

/** Messages of syslog: RFC 5424 and RFC 3164. */
import type { LogEvent } from './event.js';
import { formatEvent } from './format.js';
import { jsonText } from './json-text.js';
import type { LogLevel } from './level.js';
import { REDACTED, type Redaction } from './redaction.js';
import { errorText } from './text.js';
import { oneLine, valueText } from './value-text.js';

/** RFC 5424 section 6.2.1. */
export const FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type SyslogFacility = keyof typeof FACILITIES;

/** RFC 5424 section 6.2.1; journald's PRIORITY is the same. */
export const SYSLOG_SEVERITY: Readonly<Record<LogLevel, number>> = {
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  critical: 2,
};

/** The parts of a message that are the same for all events of a program. */
export interface SyslogIdentity {
  readonly facility: SyslogFacility;
  readonly appName: string;
  /** Undefined: messages to the daemon of this host need none. */
  readonly hostname: string | undefined;
  readonly processId: number;
  /** The private enterprise number of the structured data; undefined: there is none. */
  readonly enterpriseNumber: number | undefined;
}

/** `<14>1 2026-11-30T09:05:57.000Z host app 123 namespace - message`, and a field of each value if there is an enterprise number. */
export function rfc5424(event: LogEvent, identity: SyslogIdentity, redaction: Redaction): string {
  const { hostname, appName, processId, enterpriseNumber } = identity;
  const head = [
    `<${priority(event, identity)}>1`,
    Number.isFinite(event.time) ? new Date(event.time).toISOString() : '-',
    headerText(hostname ?? '', 255),
    headerText(appName, 48),
    processId,
    headerText(event.namespace, 32),
    enterpriseNumber === undefined ? '-' : structuredData(event, enterpriseNumber, redaction),
  ];
  return `${head.join(' ')} ${messageText(event, redaction)}`;
}

/** `<14>Nov 30 09:05:57 host app[123]: message`, in local time. */
export function rfc3164(event: LogEvent, identity: SyslogIdentity, redaction: Redaction): string {
  const { hostname, appName, processId } = identity;
  const host = hostname === undefined ? '' : `${headerText(hostname, 255)} `;
  const tag = headerText(appName, 32).replaceAll(/[[\]:]/g, '_');
  const time = traditionalTime(event.time);
  return `<${priority(event, identity)}>${time} ${host}${tag}[${processId}]: ${messageText(event, redaction)}`;
}

function priority(event: LogEvent, { facility }: SyslogIdentity): number {
  return FACILITIES[facility] * 8 + SYSLOG_SEVERITY[event.level];
}

/** One line: receivers take a newline for the end of a message, or escape it. */
function messageText(event: LogEvent, redaction: Redaction): string {
  const message = oneLine(formatEvent(event, redaction));
  return event.error === undefined ? message : `${message}: ${oneLine(errorText(event.error))}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function traditionalTime(timeMs: number): string {
  const time = new Date(Number.isFinite(timeMs) ? timeMs : 0);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
  const hhmmss = clock.map((part) => String(part).padStart(2, '0')).join(':');
  return `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2, ' ')} ${hhmmss}`;
}

/** PRINTUSASCII of the header; `-` if nothing is left. */
function headerText(text: string, maxLength: number): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, maxLength) || '-';
}

/** RFC 5424 section 6.3. */
function structuredData(event: LogEvent, enterpriseNumber: number, redaction: Redaction): string {
  const params = Object.entries(event.fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const shown = redaction.isSecret(name) ? REDACTED : fieldValue(value, redaction);
      const escaped = shown.replaceAll(/["\\\]]/g, '\\$&');
      return ` ${headerText(name, 32).replaceAll(/[=\]"]/g, '_')}="${escaped}"`;
    });
  return params.length === 0 ? '-' : `[fields@${enterpriseNumber}${params.join('')}]`;
}

function fieldValue(value: unknown, redaction: Redaction): string {
  const isPlain = typeof value === 'object' && value !== null;
  return isPlain ? (jsonText(value, redaction) ?? '') : valueText(value, redaction);
}

/** Cuts text so that its UTF-8 has at most `maxBytes`, between two characters. */
export function limitedBytes(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  // Continuation bytes are 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

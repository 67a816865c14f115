/** Lines of access logs. No I/O: the caller writes the lines. */
import { formatHttpDate } from './dates.js';

/** One answered request. Text is as the peer sent it; undefined if it sent none. */
export interface AccessRecord {
  /** The address of the peer. */
  readonly remoteAddress: string;
  /** The authenticated user: `request.user` at the end of the response. Undefined if no handler has set it. */
  readonly user: string | undefined;
  /** When the request arrived, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Undefined, as target and version are, for a request that could not be read. */
  readonly method: string | undefined;
  readonly target: string | undefined;
  /** Such as `1.1`. */
  readonly version: string | undefined;
  /** Undefined if the connection ended before a status was sent. */
  readonly status: number | undefined;
  /** Bytes of content that were written to the connection, compressed if they were. */
  readonly bytes: number;
  /** Whether the connection ended before the answer was complete. */
  readonly aborted: boolean;
  /** The Host field. */
  readonly host: string | undefined;
  /** The Referer field. */
  readonly referer: string | undefined;
  /** The User-Agent field. */
  readonly userAgent: string | undefined;
  /** From the arrival of the request to the end of the answer. */
  readonly durationMs: number | undefined;
}

/** A text of the peer is cut in the log after this many characters, and marked with an ellipsis: `...`. */
const MAX_LOGGED_CHARACTERS = 2048;

// All but the visible characters of ASCII.
const ESCAPED = /[^\x20-\x7e]|["\\]/g;
// Characters that JSON leaves as they are, and that terminals interpret.
const ESCAPED_IN_JSON = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * The Common Log Format without a line end: address, identity (always `-`), user, time, request line, status and bytes.
 * `127.0.0.1 - frank [10/Oct/2000:13:55:36 +0000] "GET /a.gif HTTP/1.0" 200 2326`
 *
 * Quotes, backslashes and all characters other than the visible ones of ASCII are escaped as `\"`, `\\`, `\xhh` and `\uhhhh`, so
 * no peer can end a line or a quoted text, or send commands to a terminal.
 */
export function commonLogLine(record: AccessRecord): string {
  const { remoteAddress, user, timeMs, method, target, version, status, bytes } = record;
  const request =
    method === undefined
      ? '-'
      : `${escaped(method)} ${escaped(target ?? '')} HTTP/${escaped(version ?? '')}`;
  const client = `${word(remoteAddress)} - ${word(user)}`;
  return `${client} [${logTime(timeMs)}] "${request}" ${status ?? '-'} ${bytes === 0 ? '-' : bytes}`;
}

/** The Combined Log Format: the common one, the Referer and the User-Agent. */
export function combinedLogLine(record: AccessRecord): string {
  const { referer, userAgent } = record;
  return `${commonLogLine(record)} "${escaped(referer || '-')}" "${escaped(userAgent || '-')}"`;
}

/** A line of JSON without a line end: the record, with its time as `time` in the form of ISO 8601. */
export function jsonLogLine(record: AccessRecord): string {
  const { timeMs, durationMs, ...rest } = record;
  const shown: Record<string, unknown> = { time: new Date(timeMs).toISOString() };
  for (const [name, value] of Object.entries(rest)) {
    shown[name] = typeof value === 'string' ? shortened(value) : value;
  }
  // To the microsecond.
  if (durationMs !== undefined) shown.durationMs = Math.round(durationMs * 1_000) / 1_000;
  return JSON.stringify(shown).replace(ESCAPED_IN_JSON, unicodeEscape);
}

/** In UTC: `10/Oct/2000:13:55:36 +0000`. */
function logTime(timeMs: number): string {
  const [, day, month, year, time] = formatHttpDate(timeMs).split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Text outside quotes: a space would end it. */
function word(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : escaped(text).replaceAll(' ', '\\x20');
}

function escaped(text: string): string {
  return shortened(text).replace(ESCAPED, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.charCodeAt(0);
    return code > 0xff ? unicodeEscape(character) : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function shortened(text: string): string {
  return text.length > MAX_LOGGED_CHARACTERS ? `${text.slice(0, MAX_LOGGED_CHARACTERS)}...` : text;
}

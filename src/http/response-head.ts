/** Text of the heads of responses, as HTTP/1 sends them. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkInteger } from '../internal/check.js';
import { isASCIIText } from '../protocols/http/octets.js';
import type { Framing } from '../protocols/http/response-framing.js';
import { statusLine } from '../protocols/http/status.js';
import {
  addLines,
  type FieldLine,
  type FieldValue,
  hasField,
  linesText,
  without,
} from './field-lines.js';
import { checkInformational } from './field-names.js';
import type { ReadyHead } from './response-connection.js';

export const CRLF = '\r\n';
/** The length of content that is not known when the head is written. */
export const UNKNOWN = -1;

/**
 * The fields of content whose length was not announced by the handler.
 * @param trailers The trailer fields that are set so far.
 */
export function contentFields(
  framing: Framing,
  length: number,
  version: string,
  trailers: readonly FieldLine[] | undefined,
): string {
  if (length !== UNKNOWN) return `Content-Length: ${length}\r\n`;
  if (framing === 'close' || version !== '1.1') return '';
  return `Transfer-Encoding: chunked\r\n${trailers === undefined ? '' : trailerField(trailers)}`;
}

/** Announces trailer fields (RFC 9110 section 6.6.2). */
function trailerField(trailers: readonly FieldLine[]): string {
  return `Trailer: ${[...new Set(trailers.map(({ lower }) => lower))].join(', ')}\r\n`;
}

export function connectionField(closes: boolean, version: string): string {
  if (closes) return 'Connection: close\r\n';
  return version === '1.0' ? 'Connection: keep-alive\r\n' : '';
}

/** With 304, Content-Length is that of the answer to a GET (RFC 9110 section 8.6); without content otherwise, it is forbidden. */
export function withoutLength(lines: readonly FieldLine[], status: number): readonly FieldLine[] {
  return status === 304 ? lines : without(lines, 'content-length');
}

/** The fields of the content of another server's response. */
export function relayedContentFields(framing: Framing, length: number, status: number): string {
  if (framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  return length === UNKNOWN || status === 204 ? '' : `Content-Length: ${length}\r\n`;
}

/** The head of a response. @param length Of the content, or {@link UNKNOWN}. @param dateLine The Date field line. */
export function headText(head: ReadyHead, length: number, dateLine: string): string {
  const { lines, request, code, framing, closes } = head;
  let text = statusLine(code);
  if (lines === undefined || !hasField(lines, 'date')) text += dateLine;
  if (lines !== undefined) {
    text += linesText(framing === 'none' ? withoutLength(lines, code) : lines);
  }
  if (framing === 'none') {
    if (head.isEmpty) text += 'Content-Length: 0\r\n';
  } else if (!head.isAnnounced) {
    text += contentFields(framing, length, request.version, head.trailerLines);
  }
  if (code === 426) text += 'Connection: Upgrade\r\n';
  return text + connectionField(closes, request.version) + CRLF;
}

/**
 * @param status 102 to 199.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, InvalidHTTPOutputError
 */
export function informationalLines(
  status: number,
  fields: Readonly<Record<string, FieldValue>>,
): FieldLine[] {
  checkInteger('status', status, 102, 199);
  const lines: FieldLine[] = [];
  for (const [name, value] of Object.entries(fields)) addLines(lines, name, value);
  checkInformational(lines);
  return lines;
}

/** @throws InvalidArgumentTypeError */
export function checkLinks(links: readonly unknown[]): void {
  for (const link of links) {
    if (typeof link === 'string') continue;
    const expected = 'a string such as "</style.css>; rel=preload", as an argument of its own';
    throw new InvalidArgumentTypeError('each link', expected, link);
  }
}

/** The end of chunked content. */
export const LAST_CHUNK = '0\r\n\r\n';

/** The end of chunked content with trailer fields. */
export function lastChunk(trailers: readonly FieldLine[]): Buffer | string {
  return encodedHead(`0\r\n${linesText(trailers)}${CRLF}`);
}

/** Text of ASCII is written faster as such; values of fields are Latin-1. */
export function encodedHead(head: string): Buffer | string {
  return isASCIIText(head) ? head : Buffer.from(head, 'latin1');
}

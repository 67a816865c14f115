/** Status lines of HTTP/1.1 responses (RFC 9112 section 4), each made once. */
import { STATUS_CODES } from 'node:http';

const lines: (string | undefined)[] = [];

/** The reason phrase of a status of the IANA registry; empty for others. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** The status line with its CRLF. @param status 100 to 999. */
export function statusLine(status: number): string {
  let line = lines[status];
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
    lines[status] = line;
  }
  return line;
}

/** Whether responses with this status never have content (RFC 9112 section 6.3). */
export function hasNoContent(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** The fields of responses over HTTP/2. */
import { isConnectionField } from '../../protocols/http2/field-rules.js';
import { CheckedFields } from '../../protocols/http2/output-fields.js';
import type { FieldLine } from '../field-lines.js';
import type { ReadyHead, RelayedHead } from '../response-connection.js';
import { UNKNOWN } from '../response-head.js';

export type FieldPair = readonly [name: string, value: string];

const NONE: readonly FieldLine[] = [];

/** The last Date line, and its value: all responses of a second have the same. */
let lastLine = '';
let lastDate = '';

function dateOf(dateLine: string): string {
  if (dateLine !== lastLine) {
    lastLine = dateLine;
    lastDate = dateLine.slice('Date: '.length, -'\r\n'.length);
  }
  return lastDate;
}

/** The field of a Date line of HTTP/1. */
export function dateField(dateLine: string): FieldPair {
  return ['date', dateOf(dateLine)];
}

/**
 * The fields of a head. HTTP/2 has none for the connection (RFC 9113 section 8.2.2), and needs none for framing.
 * @param length Of the content, or UNKNOWN.
 */
export function headFields(head: ReadyHead, length: number, dateLine: string): CheckedFields {
  const { lines = NONE, code, framing, trailerLines } = head;
  const fields = new CheckedFields();
  let hasDate = false;
  // RFC 9110 section 8.6: with 304 it is that of the answer to a GET; without content otherwise, it is forbidden.
  const omitsLength = framing === 'none' && code !== 304;
  for (let i = 0; i < lines.length; i++) {
    const { lower, value } = lines[i] as FieldLine;
    if (lower === 'date') hasDate = true;
    if (isConnectionField(lower) || (omitsLength && lower === 'content-length')) continue;
    fields.add(lower, value);
  }
  if (!hasDate) fields.add('date', dateOf(dateLine));
  if (framing === 'none') {
    if (head.isEmpty) fields.add('content-length', '0');
  } else if (!head.isAnnounced) {
    if (length !== UNKNOWN) fields.add('content-length', String(length));
    else if (trailerLines !== undefined) fields.add('trailer', namesOf(trailerLines));
  }
  return fields;
}

/** The fields of another server's response, and those that were set here. @param length Of the content, or UNKNOWN. */
export function relayedFields(head: RelayedHead, length: number, dateLine: string): FieldPair[] {
  const fields = pairsOf(head.relayed);
  for (const { lower, value } of head.lines ?? []) {
    if (lower !== 'content-length' && !isConnectionField(lower)) fields.push([lower, value]);
  }
  if (!head.hasDate) fields.push(dateField(dateLine));
  if (length !== UNKNOWN && head.code !== 204) fields.push(['content-length', String(length)]);
  return fields;
}

/** Fields of lines, each with its CRLF. */
export function pairsOf(lines: string): FieldPair[] {
  return lines
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
}

/** The fields of lines that were checked. */
export function linePairs(lines: readonly FieldLine[]): FieldPair[] {
  return lines.map(({ lower, value }) => [lower, value]);
}

function namesOf(lines: readonly FieldLine[]): string {
  return [...new Set(lines.map(({ lower }) => lower))].join(', ');
}

/** Names of fields of responses that the server treats specially, in lower case. */

import { SENDERS_FIELDS } from '../protocols/http/connection-fields.js';
import { InvalidHTTPOutputError } from '../protocols/http/errors.js';
import type { FieldLine } from './field-lines.js';

/** The server sets them. */
const SERVERS_FIELDS: ReadonlySet<string> = new Set([
  ...SENDERS_FIELDS,
  'content-length',
  'trailer',
]);

/** They decide about framing, the connection and 304. */
export const NOTED_FIELDS: ReadonlySet<string> = new Set([
  ...SERVERS_FIELDS,
  'etag',
  'last-modified',
]);

/** They describe the content, which 304 and 412 do not have (RFC 9110 section 15.4.5). */
export const CONTENT_FIELDS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'last-modified',
]);

/** They are not trailer fields (RFC 9110 section 6.5.1). */
export const HEAD_FIELDS: ReadonlySet<string> = new Set([
  ...SERVERS_FIELDS,
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'host',
  'set-cookie',
]);

/** @throws InvalidHTTPOutputError a line is of a field for framing or the connection. */
export function checkInformational(lines: readonly FieldLine[]): void {
  for (const { lower } of lines) {
    if (SERVERS_FIELDS.has(lower)) {
      throw new InvalidHTTPOutputError(`field ${lower}`, 'does not belong in this response');
    }
  }
}

/** Heads of the parts of multipart/form-data (RFC 7578 section 4). */

import { UTF8_WITH_BOM } from '../internal/utf8.js';
import { isToken } from '../protocols/http/octets.js';
import { InvalidFormError } from './errors.js';
import { splitOutsideQuotes, trimOWS } from './field-values.js';

/** A part of a form. Its content follows as data. */
export interface FormPart {
  readonly name: string;
  /**
   * Only of a file: its name without folders, as the peer sent it; empty if no file was chosen. It is not a safe name for a file of
   * the server: it may be `..` or the name of another file.
   */
  readonly filename: string | undefined;
  /** As the peer claims it. `text/plain` if it is missing. */
  readonly contentType: string;
}

const EXTENDED = /^utf-8'[^']*'((?:[\w!#$&+.^`|~-]|%[0-9a-f]{2})*)$/i;
/** How browsers encode these characters in names (https://html.spec.whatwg.org/#multipart-form-data). */
const ENCODED_IN_NAMES: Readonly<Record<string, string>> = { '%0A': '\n', '%0D': '\r', '%22': '"' };

/**
 * @param bytes Field lines with CRLF between them.
 * @throws InvalidFormError
 */
export function parsePartHead(bytes: Uint8Array): FormPart {
  const fields = fieldsOf(textOf(bytes));
  const disposition = fields.get('content-disposition');
  if (disposition === undefined) throw new InvalidFormError('a part without Content-Disposition');
  const encoding = fields.get('content-transfer-encoding') ?? 'binary';
  // RFC 7578 section 4.7: deprecated; these change nothing.
  if (!/^(?:7bit|8bit|binary)$/i.test(encoding)) {
    throw new InvalidFormError('a part with a Content-Transfer-Encoding');
  }
  const contentType = fields.get('content-type') ?? 'text/plain';
  return { ...parseDisposition(disposition), contentType };
}

function textOf(bytes: Uint8Array): string {
  try {
    return UTF8_WITH_BOM.decode(bytes);
  } catch {
    throw new InvalidFormError('the head of a part is not UTF-8');
  }
}

function fieldsOf(head: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!isToken(name) || /[\r\n\0]/.test(line)) {
      throw new InvalidFormError('a malformed line in the head of a part');
    }
    if (fields.has(name)) throw new InvalidFormError(`a part with two ${name} fields`);
    fields.set(name, trimOWS(line.slice(colon + 1)));
  }
  return fields;
}

function parseDisposition(disposition: string): Pick<FormPart, 'name' | 'filename'> {
  const [type = '', ...texts] = splitOutsideQuotes(disposition, ';');
  if (type.toLowerCase() !== 'form-data') throw malformedDisposition();
  const parameters = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    const name = text.slice(0, Math.max(0, equals)).toLowerCase();
    if (!isToken(name) || parameters.has(name)) throw malformedDisposition();
    parameters.set(name, text.slice(equals + 1));
  }
  const name = parameters.get('name');
  if (name === undefined) throw new InvalidFormError('a part without a name');
  return { name: nameText(name), filename: filenameOf(parameters) };
}

function filenameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const plain = parameters.get('filename');
  const extended = parameters.get('filename*');
  if (plain === undefined && extended === undefined) return undefined;
  // RFC 7578 section 4.2 forbids the extended form, which some clients send alone. Both could differ.
  if (plain !== undefined && extended !== undefined) throw malformedDisposition();
  const path = plain === undefined ? extendedText(extended ?? '') : nameText(plain);
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/**
 * A token or quoted string. A backslash escapes only quotes and backslashes, as curl sends them: browsers send other backslashes
 * unescaped.
 */
function nameText(text: string): string {
  if (isToken(text)) return text;
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) throw malformedDisposition();
  const content = text.slice(1, -1).replace(/\\(["\\])/g, '$1');
  return content.replace(/%0A|%0D|%22/g, (encoded) => ENCODED_IN_NAMES[encoded] ?? encoded);
}

/** RFC 8187 section 3.2. */
function extendedText(text: string): string {
  const encoded = EXTENDED.exec(text)?.[1];
  if (encoded === undefined) throw malformedDisposition();
  try {
    const decoded = decodeURIComponent(encoded);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Not UTF-8.
  }
  throw malformedDisposition();
}

function malformedDisposition(): InvalidFormError {
  return new InvalidFormError('a part with a malformed Content-Disposition');
}

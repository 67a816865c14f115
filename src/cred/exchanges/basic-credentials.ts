/** Names and passwords in fields with the scheme Basic (RFC 7617). */
import { hasControls } from '../../internal/network-text.js';
import { UTF8_WITH_BOM } from '../../internal/utf8.js';
import { MAX_FIELD_LENGTH } from './auth-params.js';

/**
 * Decodes the value of an Authorization or Proxy-Authorization field.
 * @returns Undefined if it is too long, malformed or of another scheme. The text is UTF-8 without control characters; the padding of its
 * base64 may be missing.
 */
export function basicCredentials(
  field: string,
): readonly [username: string, password: string] | undefined {
  if (field.length > MAX_FIELD_LENGTH) return undefined;
  const [, encoded] = /^basic +([a-z0-9+/]+={0,2})$/i.exec(field) ?? [];
  const text = encoded === undefined ? undefined : decodedBase64(encoded);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon === -1 || hasControls(text)) return undefined;
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** Undefined if it is not the base64 of UTF-8. */
function decodedBase64(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) return undefined;
  try {
    return UTF8_WITH_BOM.decode(bytes);
  } catch {
    return undefined;
  }
}

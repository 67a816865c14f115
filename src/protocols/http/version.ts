/** `HTTP-version` (RFC 9112 section 2.3). */
import { type HTTPRole, invalidMessage } from './errors.js';
import { MORE } from './field-scanner.js';
import { isDigit } from './octets.js';

/** The length of `HTTP/1.1`. */
export const VERSION_BYTES = 8;
const PATTERN = 'HTTP/0.0';

/**
 * @returns The minor version 0 or 1, or `MORE`.
 * @throws InvalidHTTPMessageError at the first octet that no version has there.
 */
export function readVersion(bytes: Buffer, from: number, stop: number, role: HTTPRole): number {
  for (let i = 0; i < VERSION_BYTES; i++) {
    if (from + i === stop) return MORE;
    const octet = bytes[from + i] as number;
    const isValid = i === 5 || i === 7 ? isDigit(octet) : octet === PATTERN.charCodeAt(i);
    if (!isValid) throw invalidMessage(role, 'version');
  }
  const minor = (bytes[from + 7] as number) - 0x30;
  if (bytes[from + 5] !== 0x31 || minor > 1) throw invalidMessage(role, 'version-unsupported');
  return minor;
}

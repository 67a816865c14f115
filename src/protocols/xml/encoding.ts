/** Decodes whole documents in the encodings that XML processors read (XML 1.0 appendix F). */
import { Buffer } from 'node:buffer';
import { InvalidXMLError } from './errors.js';

const DECLARED =
  /^<\?xml[^>]*?[\t\n\r ]encoding[\t\n\r ]*=[\t\n\r ]*["']([A-Za-z][-.\w]{0,39})["']/;
/** The longest declaration that is searched, in bytes. */
const MAX_DECLARATION_BYTES = 256;

/**
 * The text of a document in UTF-8, US-ASCII, ISO-8859-1 or, with a byte order mark, UTF-16. A byte order mark takes precedence over
 * `charset`, and that over the XML declaration (RFC 7303 section 3).
 * @param charset That of the Content-Type field, if it has one.
 * @throws InvalidXMLError the encoding is another, or the bytes are not text in it.
 */
export function decodeXML(bytes: Uint8Array, charset?: string): string {
  const encoding = (markedEncoding(bytes) ?? charset ?? declaredEncoding(bytes)).toLowerCase();
  if (encoding === 'iso-8859-1' || encoding === 'latin1') {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
  const label = /^(?:us-)?ascii$/.test(encoding) ? 'utf-8' : encoding;
  if (!/^utf-(?:8|16(?:le|be)?)$|^utf8$/.test(label)) {
    throw new InvalidXMLError('the encoding is not supported', 0);
  }
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidXMLError(`the text is not ${encoding}`, 0, { cause });
  }
}

function markedEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8' : undefined;
}

function declaredEncoding(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, MAX_DECLARATION_BYTES)).toString('latin1');
  return DECLARED.exec(start)?.[1] ?? 'utf-8';
}

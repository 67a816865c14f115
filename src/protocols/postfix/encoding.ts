/** The encoding of parameters in tcp_table(5): `%XX` in place of `%`, white space, and octets that are not printable ASCII. */
import { isUtf8 } from 'node:buffer';
import { InvalidTableMessageError } from './errors.js';

const SAFE = /^[!-$&-~]$/;
const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet);
  return SAFE.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** @param text Is encoded as UTF-8. */
export function quoteTableText(text: string): string {
  let quoted = '';
  for (const octet of Buffer.from(text)) quoted += ESCAPED[octet];
  return quoted;
}

/** @throws InvalidTableMessageError an escape is incomplete, or the octets are not UTF-8. */
export function unquoteTableText(quoted: string): string {
  if (/%(?![\dA-Fa-f]{2})/.test(quoted)) throw new InvalidTableMessageError('an incomplete escape');
  const bytes = Buffer.from(
    quoted.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  if (!isUtf8(bytes)) throw new InvalidTableMessageError('it is not UTF-8');
  return bytes.toString();
}

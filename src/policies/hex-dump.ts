/** Shows bytes in hexadecimal. */

const COLUMNS = 16;

/**
 * The classic dump: offset, 16 bytes in hexadecimal, and the same in ASCII with a dot for bytes that are not printable. Lines
 * are joined by `\n`, without one at the end; no bytes give an empty text.
 *
 * @example
 * hexDump(Buffer.from('hello\r\n'));
 * // 00000000  68 65 6c 6c 6f 0d 0a                              |hello..|
 */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += COLUMNS) {
    lines.push(dumpLine(bytes.subarray(at, at + COLUMNS), at));
  }
  return lines.join('\n');
}

function dumpLine(row: Uint8Array, offset: number): string {
  let hex = '';
  let text = '';
  for (let i = 0; i < COLUMNS; i++) {
    const byte = row[i];
    hex += byte === undefined ? '   ' : ` ${byte.toString(16).padStart(2, '0')}`;
    if (i === COLUMNS / 2 - 1) hex += ' ';
    if (byte !== undefined) text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.';
  }
  return `${offset.toString(16).padStart(8, '0')} ${hex}  |${text}|`;
}

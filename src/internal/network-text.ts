/** Text of network protocols of lines: CRLF between lines, and no control characters. */
import { printable } from './printable.js';

/** Control characters, which no single line of text may contain. */
const CONTROLS = /\p{Cc}/u;

/** As bytes in UTF-8: lines end with CRLF, and other control characters are visible escapes such as `\x1b`. */
export function toNetworkText(text: string): Buffer {
  const lines = printable(text.replace(/\r\n?/g, '\n'));
  return Buffer.from(lines.replaceAll('\n', '\r\n'));
}

/** Received text: lines end with LF; other control characters, and bytes that are not UTF-8, are visible. */
export function fromNetworkText(bytes: Buffer): string {
  return printable(bytes.toString('utf8').replace(/\r\n?/g, '\n'));
}

export function hasControls(text: string): boolean {
  return CONTROLS.test(text);
}

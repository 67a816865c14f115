/**
 * Makes received bytes safe to print on a terminal, which takes control characters for commands: a peer could otherwise
 * overwrite what is on the screen, set the title, or make the terminal type an answer.
 */
import { StringDecoder } from 'node:string_decoder';

/** All control characters but tab and newline, and those that change the order of the text (UAX #9, section 2). */
const UNSAFE = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Decodes a stream of UTF-8. Line ends become `\n`; other unsafe characters become visible escapes, `\x1b`. */
export class PrintableText {
  readonly #decoder = new StringDecoder('utf8');
  /** A carriage return came last: the newline that makes it a line end may follow. */
  #returned = false;

  receive(bytes: Buffer): string {
    const text = (this.#returned ? '\r' : '') + this.#decoder.write(bytes);
    this.#returned = text.endsWith('\r');
    const known = this.#returned ? text.slice(0, -1) : text;
    return printable(known.replaceAll('\r\n', '\n'));
  }
}

/** A text with visible escapes in place of unsafe characters. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

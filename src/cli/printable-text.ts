/**
 * Makes received bytes safe to print on a terminal, which takes control characters for commands: a peer could otherwise
 * overwrite what is on the screen, set the title, or make the terminal type an answer.
 */
import { StringDecoder } from 'node:string_decoder';

import { printable } from '../internal/printable.js';

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

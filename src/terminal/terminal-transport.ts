/** The terminal at the other end of a connection, as an application uses it. */
import type { Transport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { checkString } from '../internal/check.js';
import type { KeyParser } from './key-parser.js';
import type { CursorPosition } from './screen-editing.js';
import type { ScreenSize } from './terminal-size.js';
import { TerminalWriter } from './terminal-writer.js';

/** The operations of a terminal, and of the connection to it. Made by a {@link TerminalServerProtocol}. */
export class TerminalTransport extends TerminalWriter {
  /** The connection: for its addresses, producers and unsent bytes. */
  readonly connection: Transport;
  readonly #parser: KeyParser;
  readonly #positions: Deferred<CursorPosition>[] = [];
  #size: ScreenSize;

  /** @internal */
  constructor(connection: Transport, parser: KeyParser, size: ScreenSize) {
    super((text) => connection.write(text));
    this.connection = connection;
    this.#parser = parser;
    this.#size = size;
  }

  /** The size that was announced last; the initial one if none was. */
  get size(): ScreenSize {
    return this.#size;
  }

  /**
   * Sends text as it is, sequences included, with CRLF for newlines. Use `print` for text of others.
   * @throws InvalidArgumentTypeError
   */
  write(text: string): void {
    this.connection.write(checkString('text', text).replace(/\r?\n/g, '\r\n'));
  }

  /**
   * Asks for the position of the cursor. Terminals answer in order. A terminal that never answers never fires it: see
   * `addTimeout`. Fails when the connection is gone.
   */
  queryCursorPosition(): Deferred<CursorPosition> {
    const answer = new Deferred<CursorPosition>();
    this.#positions.push(answer);
    this.#parser.expectPosition();
    this.reportCursorPosition();
    return answer;
  }

  /** Closes cleanly after everything is sent. The terminal keeps its modes: reset those that you have set. */
  loseConnection(): void {
    this.connection.loseConnection();
  }

  abortConnection(): void {
    this.connection.abortConnection();
  }

  /** @internal The size from now on. */
  resized(size: ScreenSize): void {
    this.#size = size;
  }

  /** @internal An answer arrived. */
  positionReceived(position: CursorPosition): void {
    this.#positions.shift()?.callback(position);
  }

  /** @internal There will be no more answers. */
  connectionLost(reason: Error): void {
    for (const waiting of this.#positions.splice(0)) waiting.errback(reason);
  }
}

/** The transport of standard input and output. */
import type { TerminalSize } from '../core/terminal-size.js';
import type { Transport } from '../core/transport.js';

/**
 * Receives standard input, sends to standard output. The end of the input ends the connection when everything written is sent, unless
 * the protocol has `readConnectionLost`. `loseWriteConnection` ends the output only.
 */
export interface StdioTransport extends Transport {
  /** Whether standard input is a terminal. */
  readonly isTerminal: boolean;
  /** The window of the terminal; undefined if neither input nor output is one. */
  getTerminalSize(): TerminalSize | undefined;
  /** See `setRawMode` of pipes. @throws UnsupportedError standard input is not a terminal. */
  setRawMode(enabled: boolean): void;
}

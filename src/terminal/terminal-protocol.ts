/** The base of applications that use a terminal. */
import { NotConnectedError } from '../core/errors/connection.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import type { Key } from './key.js';
import type { ScreenSize } from './terminal-size.js';
import type { TerminalTransport } from './terminal-transport.js';

/**
 * Override what you need. A {@link TerminalServerProtocol} calls the methods as a transport calls those of a protocol: an error out of
 * any of them ends the connection.
 */
export class TerminalProtocol {
  #terminal: TerminalTransport | undefined;

  /** @throws NotConnectedError before `connectionMade`. */
  get terminal(): TerminalTransport {
    if (this.#terminal === undefined) throw new NotConnectedError('terminal', 'connectionMade');
    return this.#terminal;
  }

  makeConnection(terminal: TerminalTransport): MaybeAsync {
    this.#terminal = terminal;
    return this.connectionMade();
  }

  /** Called once. */
  connectionMade(): MaybeAsync {}

  keyReceived(_key: Key): MaybeAsync {}

  /**
   * Text was pasted, of any content; a long one arrives in parts. Only if the terminal was asked to mark it:
   * `setPrivateModes([PrivateMode.bracketedPaste])`. Otherwise it arrives as keys.
   */
  pasteReceived(_text: string): MaybeAsync {}

  /** The terminal announced its size, which is in `terminal.size` too. */
  terminalSize(_size: ScreenSize): MaybeAsync {}

  /** @param _sequence A sequence without meaning for this package, of at most 70 characters. */
  unhandledControlSequence(_sequence: string): MaybeAsync {}

  /** All received keys were passed on: the time to send what they changed. */
  inputProcessed(): MaybeAsync {}

  /** Called once. */
  connectionLost(_reason: Error): MaybeAsync {}
}

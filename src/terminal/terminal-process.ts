/** Runs a child process with a pseudo-terminal on a screen in memory. */

import type { ProcessClosed } from '../core/errors/processes.js';
import type { MaybeAsync } from '../core/maybe-async.js';
import { ProcessProtocol } from '../core/process.js';
import type { ScreenBuffer } from './screen-buffer.js';
import { type TerminalClientOptions, TerminalClientProtocol } from './terminal-client-protocol.js';
import { checkTerminalSize, type ScreenSize } from './terminal-size.js';

/**
 * The protocol of a process that was started with `pty`, of the same size as the screen.
 *
 * @example
 * const editor = new TerminalProcess({ columns: 80, rows: 24 });
 * reactor.spawnProcess(editor, 'vim', { env: { TERM: 'xterm-256color' }, pty: { columns: 80, rows: 24 } });
 * await editor.client.expect('VIM - Vi IMproved');
 * editor.client.sendKey(keyOf('i'));
 */
export class TerminalProcess extends ProcessProtocol {
  override readonly acceptsLentBytes = true;
  /** The terminal: its keyboard, and `expect`. */
  readonly client: TerminalClientProtocol;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: TerminalClientOptions = {}) {
    super();
    this.client = new TerminalClientProtocol(options);
  }

  get screen(): ScreenBuffer {
    return this.client.screen;
  }

  /**
   * Changes the size of the screen and of the terminal: the program receives SIGWINCH.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  resize(size: ScreenSize): void {
    const { columns, rows } = checkTerminalSize(size);
    this.screen.resize(columns, rows);
    this.transport.setTerminalSize({ columns, rows });
  }

  override connectionMade(): MaybeAsync {
    // Throws if the process has no terminal, whose size would not be that of the screen either.
    const { columns, rows } = this.screen;
    this.transport.setTerminalSize({ columns, rows });
    const terminal = this.transport.pipe(1);
    if (terminal !== undefined) return this.client.makeConnection(terminal);
  }

  override outReceived(data: Buffer): MaybeAsync {
    return this.client.dataReceived(data);
  }

  override processEnded(reason: ProcessClosed): MaybeAsync {
    return this.client.connectionLost(reason);
  }
}

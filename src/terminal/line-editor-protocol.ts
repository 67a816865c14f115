/** An application that reads lines, with editing, history and completion. */
import type { MaybeAsync } from '../core/maybe-async.js';
import { failConnection, failOnRejection, onRejection } from '../defer/callback-result.js';
import { isThenable } from '../defer/thenable.js';
import type { Key } from './key.js';
import {
  type Completion,
  LineEditor,
  type LineEditorOptions,
  type LineEvent,
} from './line-editor.js';
import { PrivateMode } from './terminal.js';
import { TerminalProtocol } from './terminal-protocol.js';
import type { ScreenSize } from './terminal-size.js';

/** Override {@link lineReceived}, and set {@link prompt}. */
export abstract class LineEditorProtocol extends TerminalProtocol {
  readonly editor: LineEditor;
  /** Drawn before each line. May contain SGR sequences. */
  prompt = '> ';
  /** Work on a line is in progress. */
  #isBusy = false;
  #isRunning = false;

  /**
   * @param options The columns are those of the terminal.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: LineEditorOptions = {}) {
    super();
    this.editor = new LineEditor(options);
  }

  /**
   * A line was entered. If it returns a promise, the next prompt is shown when that is fulfilled; keys are kept until then, except
   * Ctrl-C. A rejection ends the connection.
   */
  abstract lineReceived(line: string): MaybeAsync;

  /** Tab was pressed. @returns Texts that can stand before the cursor; undefined if there are none. */
  complete(
    _text: string,
    _cursor: number,
  ): Completion | undefined | PromiseLike<Completion | undefined> {
    return undefined;
  }

  /** Ctrl-C. The line was dropped; work on the last line continues, unless this method ends it. */
  interruptReceived(): MaybeAsync {}

  /** Ctrl-D on an empty line. By default closes the connection. */
  endReceived(): MaybeAsync {
    this.loseConnection();
  }

  /** Ctrl-Z. */
  suspendReceived(): MaybeAsync {}

  /** Shows text above the prompt, or behind the output of the last line. Control characters are sent as they are. */
  print(text: string): void {
    this.editor.print(text);
    this.#flush();
  }

  /** Closes the connection after it has restored the modes of the terminal. */
  loseConnection(): void {
    if (!this.#isOpen) return;
    this.terminal.resetPrivateModes([PrivateMode.bracketedPaste]);
    this.terminal.loseConnection();
  }

  override connectionMade(): MaybeAsync {
    this.editor.resize(this.terminal.size.columns);
    this.terminal.setPrivateModes([PrivateMode.bracketedPaste]);
    this.#run();
    this.#flush();
  }

  override keyReceived(key: Key): MaybeAsync {
    this.editor.receiveKey(key);
    this.#run();
  }

  override pasteReceived(text: string): MaybeAsync {
    this.editor.receivePaste(text);
    this.#run();
  }

  override terminalSize(size: ScreenSize): MaybeAsync {
    this.editor.resize(size.columns);
  }

  override inputProcessed(): MaybeAsync {
    this.#flush();
  }

  /** Handles keys, and begins a line whenever there is none and nothing is in progress. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isOpen) {
        const event = this.editor.next();
        if (event !== undefined) this.#handle(event);
        else if (this.editor.editing || this.#isBusy) break;
        else this.editor.start(this.prompt);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #handle(event: LineEvent): void {
    this.#flush();
    switch (event) {
      case 'line':
        this.#waitFor(this.lineReceived(this.editor.line), 'lineReceived');
        break;
      case 'interrupt':
        this.#watch(this.interruptReceived(), 'interruptReceived');
        break;
      case 'end':
        this.#waitFor(this.endReceived(), 'endReceived');
        break;
      case 'suspend':
        this.#watch(this.suspendReceived(), 'suspendReceived');
        break;
      case 'complete':
        this.#complete();
        break;
    }
  }

  #complete(): void {
    const { text, cursor } = this.editor;
    const none: Completion = { from: cursor, candidates: [] };
    const found = this.complete(text, cursor);
    if (isThenable(found)) {
      this.#settle(found, 'complete', (completion) => {
        // After an interrupt the editor may be completing another line.
        if (this.editor.text === text) this.editor.complete(completion ?? none);
      });
    } else this.editor.complete(found ?? none);
  }

  /** No line is begun until `result` is settled. */
  #waitFor(result: unknown, where: string): void {
    if (!isThenable(result)) return;
    this.#isBusy = true;
    this.#settle(result, where, () => {
      this.#isBusy = false;
    });
  }

  #settle<T>(result: PromiseLike<T>, where: string, fulfilled: (value: T) => void): void {
    const connection = this.terminal.connection;
    const continues = (value: unknown): void => {
      try {
        fulfilled(value as T);
        this.#run();
        this.#flush();
      } catch (error) {
        failConnection(connection, error, where);
      }
    };
    onRejection(result, (error) => failConnection(connection, error, where), continues);
  }

  #watch(result: unknown, where: string): void {
    if (result !== undefined) failOnRejection(result, this.terminal.connection, where);
  }

  #flush(): void {
    if (!this.#isOpen) return;
    const output = this.editor.takeOutput();
    if (output !== '') this.terminal.connection.write(output);
  }

  get #isOpen(): boolean {
    const { connected, disconnecting } = this.terminal.connection;
    return connected && !disconnecting;
  }
}

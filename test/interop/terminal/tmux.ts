/** A tmux server of the test's own, whose panes are terminals to compare with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ScreenBuffer } from '../../../src/terminal/index.js';
import { DEADLINE_MS } from '../../support/deadline.js';
import { PeerFiles } from '../peer-files.js';

const run = promisify(execFile);

export interface TmuxPane {
  /** Rows as text with SGR, without trailing blanks. */
  readonly styled: string;
  readonly column: number;
  readonly row: number;
}

export class Tmux implements AsyncDisposable {
  readonly files: PeerFiles = new PeerFiles();
  readonly columns: number;
  readonly rows: number;

  private constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** @param command Runs in the pane, under `sh`. */
  static async start(columns: number, rows: number, command: string): Promise<Tmux> {
    const tmux = new Tmux(columns, rows);
    const config = tmux.files.write(
      'tmux.conf',
      [
        'set -g default-terminal screen-256color',
        'set -g status off',
        'set -g remain-on-exit on',
        'set -g history-limit 1000',
        'set -s escape-time 0',
      ].join('\n'),
    );
    await tmux.command(
      '-f',
      config,
      'new-session',
      '-d',
      '-x',
      `${columns}`,
      '-y',
      `${rows}`,
      command,
    );
    return tmux;
  }

  async command(...args: string[]): Promise<string> {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', TMUX: undefined };
    const all = ['-u', '-S', this.files.path('socket'), ...args];
    const { stdout } = await run('tmux', all, { env, timeout: 10_000 });
    return stdout;
  }

  async pane(): Promise<TmuxPane> {
    const position = await this.command('display-message', '-p', '#{cursor_x} #{cursor_y}');
    const [column = -1, row = -1] = position.trim().split(' ').map(Number);
    const styled = await this.command('capture-pane', '-p', '-e', '-N');
    return { styled, column, row };
  }

  async title(): Promise<string> {
    return (await this.command('display-message', '-p', '#{pane_title}')).trim();
  }

  /** Sends bytes as if they were typed. */
  async type(text: string): Promise<void> {
    const bytes = Array.from(Buffer.from(text), (byte) => byte.toString(16));
    await this.command('send-keys', '-H', ...bytes);
  }

  /** Asks until the condition holds: tmux does not report changes. */
  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (performance.now() < deadline) continue;
      throw new Error(`waited ${DEADLINE_MS} ms for tmux ${what}: ${(await this.pane()).styled}`);
    }
  }

  /** The pane as a screen of its own, drawn from the rows that tmux prints. */
  async screen(): Promise<ScreenBuffer> {
    const { styled, column, row } = await this.pane();
    const screen = new ScreenBuffer({ columns: this.columns, rows: this.rows });
    // tmux prints characters of the drawing set between SO and SI.
    screen.selectCharacterSet('drawing', 1);
    for (const [index, line] of styled.split('\n').slice(0, this.rows).entries()) {
      screen.cursorPosition(0, index);
      screen.write(line);
    }
    screen.cursorPosition(column, row);
    return screen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.command('kill-server').catch(() => {});
    this.files.remove();
  }
}

/**
 * The rows, each with the text and style of its cells up to the last one that is not blank (tmux does not print the style of erased
 * cells), and the cursor, which tmux leaves behind the last column where xterm moves it away.
 */
export function looks(screen: ScreenBuffer): unknown {
  const rows = Array.from({ length: screen.rows }, (_, row) => {
    let end = screen.columns;
    while (end > 0 && screen.cell(end - 1, row).text === ' ') end -= 1;
    return Array.from({ length: end }, (_, column) => {
      const { text, style } = screen.cell(column, row);
      return Object.keys(style).length === 0 ? text : [text, style];
    });
  });
  const { column, row } = screen.cursor;
  return { rows, column: Math.min(column, screen.columns - 1), row };
}

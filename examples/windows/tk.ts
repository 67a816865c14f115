/** A window made with Tk: its scripts are run by Tcl, whose event loop {@link TkWindow.loop} is. */
import type { Clock } from 'ropewalk';
import { COLUMNS, type ConnectionsWindow, type WindowContent } from './connections-window.js';
import { openTk, type TkLoop } from './tk-loop.js';

const FRAME_MS = 16;

/** Opens the only window of the process. @throws MissingToolkitError */
export async function openTkWindow(clock: Clock, title: string): Promise<TkWindow> {
  return new TkWindow(clock, await openTk(() => clock.now()), title);
}

export class TkWindow implements ConnectionsWindow {
  readonly toolkit: string;
  readonly loop: TkLoop;
  onPressed: () => unknown = () => {};
  onClosing: () => unknown = () => {};
  #onFrame: (timeMs: number) => void = () => {};
  #destroyed = false;

  constructor(clock: Clock, loop: TkLoop, title: string) {
    this.loop = loop;
    this.toolkit = `Tk ${loop.eval('info patchlevel')}`;
    loop.command('pressed', () => void clock.callLater(0, () => this.onPressed()));
    loop.command('closing', () => void clock.callLater(0, () => this.onClosing()));
    loop.command('destroyed', () => {
      this.#destroyed = true;
      clock.callLater(0, () => this.onClosing());
    });
    loop.command('drawn', () => this.#onFrame(clock.now()));
    loop.eval(`
      wm title . ${word(title)}
      wm geometry . 560x300
      wm protocol . WM_DELETE_WINDOW closing
      bind . <Destroy> {if {"%W" eq "."} destroyed}
      ttk::label .status -anchor center
      ttk::button .button -command pressed
      ttk::treeview .table -columns {${COLUMNS.map(word).join(' ')}} -show headings
      foreach column [.table cget -columns] {
        .table heading $column -text $column
        .table column $column -width 100
      }
      ttk::progressbar .progress -maximum 1000
      grid .status -sticky ew
      grid .button -sticky ew
      grid .table -sticky nsew
      grid .progress -sticky ew
      grid columnconfigure . 0 -weight 1
      grid rowconfigure . 2 -weight 1
      proc frame {} {
        .progress configure -value [expr {[clock milliseconds] % 1000}]
        drawn
        after ${FRAME_MS} frame
      }`);
  }

  show({ status, button, rows }: WindowContent): void {
    if (this.#destroyed) return;
    const inserts = rows.map((row) => `.table insert {} end -values {${row.map(word).join(' ')}}`);
    this.loop.eval(`
      .status configure -text ${word(status)}
      .button configure -text ${word(button)}
      .table delete [.table children {}]
      ${inserts.join('\n')}`);
  }

  animate(onFrame?: (timeMs: number) => void): void {
    if (this.#destroyed) return;
    this.#onFrame = onFrame ?? (() => {});
    this.loop.eval(onFrame === undefined ? 'after cancel frame' : 'after cancel frame; frame');
  }

  close(): void {
    this.onClosing = () => {};
    if (!this.#destroyed) this.loop.eval('destroy .; update');
  }
}

/** A text as one word of a script. */
function word(text: string): string {
  const quoted = text.replaceAll(/[^\w.:/-]/gu, (character) => `\\${character}`);
  return quoted === '' ? '{}' : quoted.replaceAll('\n', 'n');
}

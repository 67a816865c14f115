/**
 * A window made with Qt 6 or Qt 5. Qt has no C interface, so qt-window.cpp makes one, which is compiled at its first use. Debian's Qt
 * waits in GLib's main context, so that an attached `GLibLoop` dispatches its events.
 */
import type { Clock } from 'ropewalk';
import { COLUMNS, type ConnectionsWindow, type WindowContent } from './connections-window.js';
import { checkDisplay, type Koffi, type Library, loadKoffi } from './load-koffi.js';
import { compileQtWindow } from './qt-compile.js';

/**
 * Opens a window. The first call on a machine compiles for some seconds.
 * @param version `6` or `5`. By default Qt 6, or Qt 5 if the former is not installed.
 * @throws MissingToolkitError
 */
export async function openQtWindow(
  clock: Clock,
  title: string,
  version?: string,
): Promise<QtWindow> {
  const koffi = await loadKoffi();
  checkDisplay();
  return new QtWindow(clock, koffi, koffi.load(await compileQtWindow(version)), title);
}

export class QtWindow implements ConnectionsWindow {
  readonly toolkit: string;
  onPressed: () => unknown = () => {};
  onClosing: () => unknown = () => {};
  readonly #koffi: Koffi;
  readonly #window: bigint;
  readonly #callbacks: bigint[] = [];
  readonly #setTexts: (window: bigint, status: string, button: string) => void;
  readonly #setRows: (window: bigint, cells: string[], rows: number) => void;
  readonly #animate: (window: bigint, onFrame: bigint | null) => void;
  readonly #close: (window: bigint) => void;

  constructor(clock: Clock, koffi: Koffi, library: Library, title: string) {
    this.#koffi = koffi;
    this.toolkit = `Qt ${library.func('str window_qt_version()')()}`;
    this.#setTexts = library.func('void window_set_texts(void *window, str status, str button)');
    this.#setRows = library.func('void window_set_rows(void *window, str *cells, int rows)');
    this.#animate = library.func('void window_animate(void *window, void *onFrame)');
    this.#close = library.func('void window_close(void *window)');
    const open = library.func(
      'void *window_open(str title, str *columns, int count, void *pressed, void *closing)',
    );
    const pressed = this.#register([], () => void clock.callLater(0, () => this.onPressed()));
    const closing = this.#register([], () => void clock.callLater(0, () => this.onClosing()));
    this.#window = open(title, [...COLUMNS], COLUMNS.length, pressed, closing);
  }

  show({ status, button, rows }: WindowContent): void {
    this.#setTexts(this.#window, status, button);
    this.#setRows(this.#window, rows.flat(), rows.length);
  }

  animate(onFrame?: (timeMs: number) => void): void {
    const frame = onFrame === undefined ? null : this.#register(['double'], onFrame);
    this.#animate(this.#window, frame);
  }

  close(): void {
    this.#close(this.#window);
    for (const callback of this.#callbacks.splice(0)) this.#koffi.unregister(callback);
  }

  #register(parameters: string[], callback: (timeMs: number) => void): bigint {
    const type = this.#koffi.proto('void', parameters);
    const pointer = this.#koffi.register(callback, this.#koffi.pointer(type));
    this.#callbacks.push(pointer);
    return pointer;
  }
}

/**
 * A window made with GTK 4 or GTK 3, called through koffi. Only one of the two can be loaded in a process. The events of the
 * window arrive while GLib's main context is dispatched, which an attached `GLibLoop` does.
 */
import type { Clock } from 'ropewalk';
import {
  COLUMNS,
  type ConnectionsWindow,
  MissingToolkitError,
  type WindowContent,
} from './connections-window.js';
import { type CallbackType, type Gtk, loadGtk } from './gtk-library.js';

const VERTICAL = 1;
const SPACING = 8;
const COLUMN_WIDTH = 100;
const FIXED = 2; // GTK_TREE_VIEW_COLUMN_FIXED
const ITER_BYTES = 32;
const STRING = 64; // G_TYPE_STRING
const END = ['int', -1] as const;
const NO_MORE = ['void *', null] as const;

/**
 * Opens a window.
 * @param version `4` or `3`. By default GTK 4, or GTK 3 if the former is not installed.
 * @throws MissingToolkitError
 */
export async function openGtkWindow(
  clock: Clock,
  title: string,
  version?: string,
): Promise<GtkWindow> {
  const gtk = await loadGtk(version);
  if (!gtk.init()) throw new MissingToolkitError('GTK cannot open the display in DISPLAY');
  return new GtkWindow(clock, gtk, title);
}

export class GtkWindow implements ConnectionsWindow {
  readonly toolkit: string;
  onPressed: () => unknown = () => {};
  onClosing: () => unknown = () => {};
  readonly #gtk: Gtk;
  readonly #window: bigint;
  readonly #status: bigint;
  readonly #button: bigint;
  readonly #progress: bigint;
  readonly #store: bigint;
  readonly #callbacks: bigint[] = [];
  #rows = 0;
  #destroyed = false;
  #tick = 0;

  constructor(clock: Clock, gtk: Gtk, title: string) {
    this.#gtk = gtk;
    this.toolkit = gtk.name;
    this.#window = gtk.newWindow();
    this.#status = gtk.gtk_label_new('');
    this.#button = gtk.gtk_button_new_with_label('');
    this.#progress = gtk.gtk_progress_bar_new();
    this.#store = gtk.gtk_list_store_newv(
      COLUMNS.length,
      COLUMNS.map(() => STRING),
    );
    gtk.gtk_window_set_title(this.#window, title);
    gtk.gtk_window_set_default_size(this.#window, 560, 300);
    this.#connect(this.#button, 'clicked', gtk.clickedCallback, () => {
      clock.callLater(0, () => this.onPressed());
    });
    this.#connect(this.#window, 'destroy', gtk.clickedCallback, () => {
      this.#destroyed = true;
      clock.callLater(0, () => this.onClosing());
    });
    this.#connect(this.#window, gtk.closeSignal, gtk.closeCallback, () => {
      clock.callLater(0, () => this.onClosing());
      return true; // GTK does not destroy the window
    });
    gtk.setChild(this.#window, this.#layOut());
    gtk.present(this.#window);
  }

  show({ status, button, rows }: WindowContent): void {
    if (this.#destroyed) return;
    const gtk = this.#gtk;
    gtk.gtk_label_set_text(this.#status, status);
    gtk.gtk_button_set_label(this.#button, button);
    const iter = Buffer.alloc(ITER_BYTES);
    for (const [index, row] of rows.entries()) {
      if (index >= this.#rows) gtk.gtk_list_store_append(this.#store, iter);
      else gtk.gtk_tree_model_iter_nth_child(this.#store, iter, null, index);
      const values = row.flatMap((text, column) => ['int', column, 'str', text]);
      gtk.gtk_list_store_set(this.#store, iter, ...values, ...END);
    }
    for (let index = this.#rows; index > rows.length; index -= 1) {
      gtk.gtk_tree_model_iter_nth_child(this.#store, iter, null, index - 1);
      gtk.gtk_list_store_remove(this.#store, iter);
    }
    this.#rows = rows.length;
  }

  animate(onFrame?: (timeMs: number) => void): void {
    if (this.#destroyed) return;
    const gtk = this.#gtk;
    if (this.#tick !== 0) gtk.gtk_widget_remove_tick_callback(this.#progress, this.#tick);
    this.#tick = 0;
    if (onFrame === undefined) return;
    const frame = (_widget: bigint, clock: bigint): boolean => {
      const timeMs = Number(gtk.gdk_frame_clock_get_frame_time(clock)) / 1000;
      gtk.gtk_progress_bar_set_fraction(this.#progress, (timeMs % 1000) / 1000);
      onFrame(timeMs);
      return true; // again in the next frame
    };
    const callback = gtk.register(frame, gtk.tickCallback);
    this.#callbacks.push(callback);
    this.#tick = gtk.gtk_widget_add_tick_callback(this.#progress, callback, null, null);
  }

  close(): void {
    this.animate();
    this.onClosing = () => {};
    if (!this.#destroyed) this.#gtk.destroy(this.#window);
    this.#gtk.g_object_unref(this.#store);
    // The server of the display learns of it now: the program may end before its loop runs again.
    this.#gtk.gdk_display_sync(this.#gtk.gdk_display_get_default());
    for (const callback of this.#callbacks.splice(0)) this.#gtk.unregister(callback);
  }

  #layOut(): bigint {
    const gtk = this.#gtk;
    const box = gtk.gtk_box_new(VERTICAL, SPACING);
    const scrolled = gtk.newScrolledWindow();
    gtk.gtk_widget_set_vexpand(scrolled, true);
    gtk.setChild(scrolled, this.#newTable());
    for (const widget of [this.#status, this.#button, scrolled, this.#progress]) {
      gtk.append(box, widget);
    }
    return box;
  }

  #newTable(): bigint {
    const gtk = this.#gtk;
    const table = gtk.gtk_tree_view_new_with_model(this.#store);
    for (const [index, name] of COLUMNS.entries()) {
      const cell = gtk.gtk_cell_renderer_text_new();
      const text = ['str', 'text', 'int', index] as const;
      gtk.gtk_tree_view_insert_column_with_attributes(table, -1, name, cell, ...text, ...NO_MORE);
      const column = gtk.gtk_tree_view_get_column(table, index);
      gtk.gtk_tree_view_column_set_sizing(column, FIXED);
      gtk.gtk_tree_view_column_set_fixed_width(column, COLUMN_WIDTH);
      gtk.gtk_tree_view_column_set_expand(column, true);
    }
    return table;
  }

  #connect(object: bigint, signal: string, type: CallbackType, callback: () => unknown): void {
    const pointer = this.#gtk.register(callback, type);
    this.#callbacks.push(pointer);
    this.#gtk.g_signal_connect_data(object, signal, pointer, null, null, 0);
  }
}

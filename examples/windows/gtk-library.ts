/** The functions of GTK that gtk.ts calls, and the few that differ between GTK 3 and GTK 4. */
import { MissingToolkitError } from './connections-window.js';
import { checkDisplay, type Koffi, type Library, loadKoffi } from './load-koffi.js';

/** Any of them: its C prototype says what it takes, and koffi checks that. */
// biome-ignore lint/suspicious/noExplicitAny: koffi types a function that is described at run time like this.
type Call = (...args: readonly any[]) => any;

const PROTOTYPES = {
  g_signal_connect_data:
    'ulong g_signal_connect_data(void *instance, str signal, void *callback, void *data, void *destroy, int flags)',
  g_object_unref: 'void g_object_unref(void *object)',
  gdk_display_get_default: 'void *gdk_display_get_default()',
  gdk_display_sync: 'void gdk_display_sync(void *display)',
  gdk_frame_clock_get_frame_time: 'int64 gdk_frame_clock_get_frame_time(void *clock)',
  gtk_box_new: 'void *gtk_box_new(int orientation, int spacing)',
  gtk_button_new_with_label: 'void *gtk_button_new_with_label(str label)',
  gtk_button_set_label: 'void gtk_button_set_label(void *button, str label)',
  gtk_cell_renderer_text_new: 'void *gtk_cell_renderer_text_new()',
  gtk_label_new: 'void *gtk_label_new(str text)',
  gtk_label_set_text: 'void gtk_label_set_text(void *label, str text)',
  gtk_list_store_append: 'void gtk_list_store_append(void *store, void *iter)',
  gtk_list_store_newv: 'void *gtk_list_store_newv(int count, size_t *types)',
  gtk_list_store_remove: 'bool gtk_list_store_remove(void *store, void *iter)',
  gtk_list_store_set: 'void gtk_list_store_set(void *store, void *iter, ...)',
  gtk_progress_bar_new: 'void *gtk_progress_bar_new()',
  gtk_progress_bar_set_fraction: 'void gtk_progress_bar_set_fraction(void *bar, double fraction)',
  gtk_tree_model_iter_nth_child:
    'bool gtk_tree_model_iter_nth_child(void *model, void *iter, void *parent, int n)',
  gtk_tree_view_column_set_expand:
    'void gtk_tree_view_column_set_expand(void *column, bool expand)',
  gtk_tree_view_column_set_fixed_width:
    'void gtk_tree_view_column_set_fixed_width(void *column, int width)',
  gtk_tree_view_column_set_sizing: 'void gtk_tree_view_column_set_sizing(void *column, int sizing)',
  gtk_tree_view_get_column: 'void *gtk_tree_view_get_column(void *view, int n)',
  gtk_tree_view_insert_column_with_attributes:
    'int gtk_tree_view_insert_column_with_attributes(void *view, int position, str title, void *cell, ...)',
  gtk_tree_view_new_with_model: 'void *gtk_tree_view_new_with_model(void *model)',
  gtk_widget_add_tick_callback:
    'uint gtk_widget_add_tick_callback(void *widget, void *callback, void *data, void *destroy)',
  gtk_widget_remove_tick_callback: 'void gtk_widget_remove_tick_callback(void *widget, uint id)',
  gtk_widget_set_vexpand: 'void gtk_widget_set_vexpand(void *widget, bool expand)',
  gtk_window_set_default_size:
    'void gtk_window_set_default_size(void *window, int width, int height)',
  gtk_window_set_title: 'void gtk_window_set_title(void *window, str title)',
} as const;

type Functions = Readonly<Record<keyof typeof PROTOTYPES, Call>>;

/** Functions that GTK 3 and GTK 4 have differently. */
interface Differences {
  init(): boolean;
  newWindow(): bigint;
  newScrolledWindow(): bigint;
  setChild(parent: bigint, child: bigint): void;
  append(box: bigint, child: bigint): void;
  present(window: bigint): void;
  destroy(window: bigint): void;
  /** The signal of a window that the user wants to close, and the number of its arguments. */
  readonly closeSignal: string;
}

/** The C prototype of a callback. */
export type CallbackType = ReturnType<Koffi['pointer']>;

export interface Gtk extends Functions, Differences {
  readonly name: string;
  readonly clickedCallback: CallbackType;
  readonly closeCallback: CallbackType;
  readonly tickCallback: CallbackType;
  register(callback: (...args: bigint[]) => unknown, type: CallbackType): bigint;
  unregister(callback: bigint): void;
}

const PACKAGES = new Map([
  ['4', 'libgtk-4-1'],
  ['3', 'libgtk-3-0'],
]);

/** Loads GTK 4, or GTK 3 if the former is not installed, or the version that is named. @throws MissingToolkitError */
export async function loadGtk(wanted?: string): Promise<Gtk> {
  const versions = wanted === undefined ? [...PACKAGES.keys()] : [wanted];
  if (!versions.every((version) => PACKAGES.has(version))) {
    throw new MissingToolkitError(`there is no binding to GTK ${wanted}, only to 4 and 3`);
  }
  const koffi = await loadKoffi();
  checkDisplay();
  process.env.GSK_RENDERER ??= 'cairo'; // the graphics card would only make this small window start later
  for (const version of versions) {
    const library = tryToLoad(koffi, version);
    if (library !== undefined) return describe(koffi, library, version);
  }
  const names = versions.map((version) => PACKAGES.get(version)).join(' or ');
  throw new MissingToolkitError(`GTK is not installed: apt-get install ${names}`);
}

function tryToLoad(koffi: Koffi, version: string): Library | undefined {
  try {
    // Lazily: the functions of GTK refer to many other libraries.
    return koffi.load(version === '4' ? 'libgtk-4.so.1' : 'libgtk-3.so.0', {
      lazy: true,
      global: true,
    });
  } catch {
    return undefined;
  }
}

function describe(koffi: Koffi, library: Library, version: string): Gtk {
  const functions: Record<string, Call> = Object.fromEntries(
    Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]),
  );
  const callback = (result: string, ...parameters: string[]): CallbackType =>
    koffi.pointer(koffi.proto(result, parameters));
  const [micro, minor] = ['micro', 'minor'].map((part) =>
    library.func(`uint gtk_get_${part}_version()`)(),
  );
  return {
    ...(functions as Functions),
    ...(version === '4' ? gtk4(library) : gtk3(library)),
    name: `GTK ${version}.${minor}.${micro}`,
    clickedCallback: callback('void', 'void *', 'void *'),
    closeCallback:
      version === '4'
        ? callback('bool', 'void *', 'void *')
        : callback('bool', 'void *', 'void *', 'void *'),
    tickCallback: callback('bool', 'void *', 'void *', 'void *'),
    register: (function_, type) => koffi.register(function_, type),
    unregister: (pointer) => koffi.unregister(pointer),
  };
}

function gtk4(library: Library): Differences {
  const setWindowChild = library.func('void gtk_window_set_child(void *window, void *child)');
  const setScrolledChild = library.func(
    'void gtk_scrolled_window_set_child(void *window, void *child)',
  );
  let window = 0n;
  const newWindow = library.func('void *gtk_window_new()');
  return {
    init: library.func('bool gtk_init_check()'),
    newWindow: () => (window = newWindow()),
    newScrolledWindow: library.func('void *gtk_scrolled_window_new()'),
    setChild: (parent, child) =>
      (parent === window ? setWindowChild : setScrolledChild)(parent, child),
    append: library.func('void gtk_box_append(void *box, void *child)'),
    present: library.func('void gtk_window_present(void *window)'),
    destroy: library.func('void gtk_window_destroy(void *window)'),
    closeSignal: 'close-request',
  };
}

function gtk3(library: Library): Differences {
  const init = library.func('bool gtk_init_check(void *argc, void *argv)');
  const newWindow = library.func('void *gtk_window_new(int type)');
  const newScrolledWindow = library.func('void *gtk_scrolled_window_new(void *across, void *down)');
  return {
    init: () => init(null, null),
    newWindow: () => newWindow(0),
    newScrolledWindow: () => newScrolledWindow(null, null),
    setChild: library.func('void gtk_container_add(void *container, void *child)'),
    append: library.func('void gtk_container_add(void *container, void *child)'),
    present: library.func('void gtk_widget_show_all(void *window)'),
    destroy: library.func('void gtk_widget_destroy(void *window)'),
    closeSignal: 'delete-event',
  };
}

/** Functions of GLib that the tests call. */
import koffi from 'koffi';

const library = koffi.load('libglib-2.0.so.0');
const SourceFunc = koffi.pointer(koffi.proto('int EmbeddingSourceFunc(void *data)'));

const timeoutAdd = library.func('g_timeout_add_full', 'uint', [
  'int',
  'uint',
  SourceFunc,
  'void *',
  'void *',
]);
const sourceRemove = library.func('int g_source_remove(uint id)');

export const HIGH_IDLE = 100;
export const DEFAULT_PRIORITY = 0;

/** A callback of GLib's default context, called every `ms` until it returns false or is removed. */
export class GLibTimeout implements Disposable {
  readonly #id: number;
  readonly #callback: unknown;
  #ended = false;

  constructor(ms: number, callback: () => unknown, priority: number = DEFAULT_PRIORITY) {
    this.#callback = koffi.register(() => {
      this.#ended = callback() === false || this.#ended;
      return this.#ended ? 0 : 1;
    }, SourceFunc);
    this.#id = timeoutAdd(priority, ms, this.#callback, null, null) as number;
  }

  /** GLib may be calling the callback. */
  end(): void {
    if (!this.#ended) sourceRemove(this.#id);
    this.#ended = true;
  }

  [Symbol.dispose](): void {
    this.end();
    koffi.unregister(this.#callback as never);
  }
}

/** GLib's main loop as the application makes and runs it, through the FFI. */
export const mainLoop = {
  new: library.func('void *g_main_loop_new(void *context, int running)'),
  run: library.func('void g_main_loop_run(void *loop)'),
  quit: library.func('void g_main_loop_quit(void *loop)'),
  unref: library.func('void g_main_loop_unref(void *loop)'),
} as const;

const Relay = koffi.pointer(koffi.proto('void EmbeddingRelay(int work)'));

/** The option `relay`: koffi goes back to the stack of the thread to call JavaScript. */
export function relayTo(relay: (work: number) => void): bigint {
  return koffi.address(koffi.register(relay, Relay)) as bigint;
}

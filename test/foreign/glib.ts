/** GLib's functions for tests, called by koffi; undefined if either is missing. */
import { createRequire } from 'node:module';
import { DEADLINE_MS } from '../support/deadline.js';

type Callback = (data: unknown) => boolean | number;

export interface GLib {
  timeoutAdd(ms: number, callback: Callback): number;
  idleAdd(callback: Callback): number;
  /** Calls when `fd` has the condition (1 in, 4 out, 16 hang-up). */
  fdAdd(
    fd: number,
    condition: number,
    callback: (fd: number, condition: number) => boolean,
  ): number;
  /** Calls in a context. */
  timeoutAddTo(context: bigint, ms: number, callback: Callback): void;
  remove(source: number): void;
  /**
   * Runs a main loop of the default context inside a callback, without JavaScript between. It ends at the latest soon after the deadline of
   * tests, or when the test is over.
   */
  runInside(loop: unknown): void;
  newLoop(context: bigint | null): unknown;
  run(loop: unknown): void;
  quit(loop: unknown): void;
  threadDefault(): bigint | null;
  iterate(context: bigint | null, block: boolean): boolean;
  /** A call without effect, which throws what a callback has thrown. */
  flush(): void;
  /** Releases the callbacks of a test, and ends the loops that it has left running. */
  release(): void;
}

const MISSING = 'needs libglib2.0-0 and the npm package koffi';

/** Undefined, and why. */
export function loadGLib(): { glib: GLib } | { glib: undefined; why: string } {
  if (process.platform === 'win32') return { glib: undefined, why: 'Windows' };
  try {
    return { glib: makeGLib() };
  } catch (error) {
    return { glib: undefined, why: `${MISSING}: ${String(error)}` };
  }
}

function makeGLib(): GLib {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const g = koffi.load('libglib-2.0.so.0');
  const sourceFunc = koffi.proto('int (void *data)');
  const fdFunc = koffi.proto('int (int fd, uint condition, void *data)');
  const callbacks: unknown[] = [];
  const onSource = (callback: Callback): unknown => {
    const registered = koffi.register(
      (data: unknown) => Number(callback(data)),
      koffi.pointer(sourceFunc),
    );
    callbacks.push(registered);
    return registered;
  };
  const idle = g.func('uint g_idle_add(void *callback, void *data)');
  const once = g.func('uint g_idle_add_once(void *callback, void *data)');
  const timeout = g.func('uint g_timeout_add(uint ms, void *callback, void *data)');
  const unixFd = g.func('uint g_unix_fd_add(int fd, uint condition, void *callback, void *data)');
  const find = g.func('void *g_main_context_find_source_by_id(void *context, uint id)');
  const destroy = g.func('void g_source_destroy(void *source)');
  const sources: number[] = [];
  const added = (id: number): number => {
    sources.push(id);
    return id;
  };
  const remove = (id: number): void => {
    const source = find(null, id);
    if (source !== null) destroy(source);
  };
  const timeoutSource = g.func('void *g_timeout_source_new(uint ms)');
  const setCallback = g.func(
    'void g_source_set_callback(void *source, void *callback, void *data, void *notify)',
  );
  const attach = g.func('uint g_source_attach(void *source, void *context)');
  const unref = g.func('void g_source_unref(void *source)');
  const runLoop = g.func('void g_main_loop_run(void *loop)');
  const newLoop = g.func('void *g_main_loop_new(void *context, int running)');
  const quit = g.func('void g_main_loop_quit(void *loop)') as (loop: unknown) => void;
  const nested: unknown[] = [];
  /** By GLib alone, because a loop that does not serve Node would never end otherwise. */
  const endInTime = (loop: unknown): void => {
    nested.push(loop);
    added(timeout(1.25 * DEADLINE_MS, g.symbol('g_main_loop_quit'), loop));
  };
  const iteration = g.func('int g_main_context_iteration(void *context, int block)');
  const defaultOfThread = g.func('void *g_main_context_get_thread_default()');
  return {
    timeoutAdd: (ms, callback) => added(timeout(ms, onSource(callback), null)),
    idleAdd: (callback) => added(idle(onSource(callback), null)),
    fdAdd: (fd, condition, callback) => {
      const registered = koffi.register(
        (number: number, got: number) => Number(callback(number, got)),
        koffi.pointer(fdFunc),
      );
      callbacks.push(registered);
      return added(unixFd(fd, condition, registered, null));
    },
    timeoutAddTo: (context, ms, callback) => {
      const source = timeoutSource(ms);
      setCallback(source, onSource(callback), null, null);
      attach(source, context);
      unref(source);
    },
    remove,
    runInside: (loop) => {
      endInTime(loop);
      once(g.symbol('g_main_loop_run'), loop);
    },
    newLoop: (context) => newLoop(context, 0),
    run: (loop) => runLoop(loop),
    quit,
    threadDefault: () => defaultOfThread() as bigint | null,
    iterate: (context, block) => iteration(context, Number(block)) !== 0,
    flush: () => koffi.sizeof('int'),
    release: () => {
      for (const loop of nested.splice(0)) quit(loop);
      for (const source of sources.splice(0)) remove(source);
      for (const callback of callbacks.splice(0)) koffi.unregister(callback as never);
    },
  };
}

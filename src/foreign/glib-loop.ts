/** The main context of GLib, which GTK uses, and Qt if it was built with GLib. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { UnsupportedError } from '../core/errors/reactor.js';
import { checkBoolean, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { WINDOWS } from '../internal/platform.js';
import { systemError } from '../internal/system-error.js';
import type { NativeForeignHost, NativeGLibContext, Unwatched } from '../native.js';
import { ForeignLibraryError, ForeignLoopBusyError } from './errors.js';
import { foreignAddon } from './foreign-addon.js';
import type { NativelyHosted } from './loop-host.js';

export interface GLibLoopOptions {
  /**
   * `default` is the process's default context, which GTK uses; `new` makes one, for a loop in a worker thread. Or the address of a
   * `GMainContext`, which must be one: anything else ends the process. Default `default`.
   */
  readonly context?: 'default' | 'new' | bigint;
  /**
   * Whether the context is the thread's default one (`g_main_context_push_thread_default`) while it is attached: asynchronous
   * functions of GIO then deliver their results to it. Default: true for all but the default context.
   */
  readonly threadDefault?: boolean;
  /** The file of the library, as the system's loader takes it. Default: that of the platform, such as `libglib-2.0.so.0`. */
  readonly library?: string;
}

const OPTIONS: OptionNames<GLibLoopOptions> = {
  context: true,
  threadDefault: true,
  library: true,
};

const MAX_ADDRESS = BigInt(Number.MAX_SAFE_INTEGER);
const ADVICE = 'Install GLib (Debian: libglib2.0-0), or set the option library to its file';

/**
 * A main context of GLib. Attach it with `attachForeignLoop`: no `GMainLoop`, `gtk_main` or `g_application_run` is needed then.
 *
 * While it is attached, this thread owns the context: other threads can add sources, but cannot run it.
 *
 * Loops that run inside a callback, such as those of modal dialogs, serve Node's loop and thus the reactor, unless the call that
 * runs them was made through a foreign function interface that makes calls on a stack of its own (koffi does).
 */
export class GLibLoop implements NativelyHosted {
  readonly name = 'GLib';
  readonly #threadDefault: boolean;
  readonly #context: NativeGLibContext;

  /**
   * @throws ForeignLibraryError GLib could not be loaded.
   * @throws UnsupportedError on Windows, where its sources have no descriptors.
   * @throws AddonNotLoadedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(options: GLibLoopOptions = {}) {
    checkOptions('GLibLoop', options, OPTIONS);
    const { context = 'default', library = '' } = options;
    const address = addressOf(context);
    checkString('library', library);
    this.#threadDefault = checkBoolean(
      'threadDefault',
      options.threadDefault ?? context !== 'default',
    );
    if (WINDOWS) throw new UnsupportedError('GLib', 'its sources have no descriptors on Windows');
    this.#context = openContext(library, context === 'new', address);
  }

  /** The address of the `GMainContext`, for calls of GLib's functions. Valid as long as this object is reachable. */
  get address(): bigint {
    return BigInt(this.#context.address);
  }

  /** Wakes the thread that runs the context (`g_main_context_wakeup`), so that it looks for new sources. */
  wakeUp(): void {
    foreignAddon('GLibLoop').wakeUpGlib(this.#context);
  }

  /** @internal */
  hostNatively(
    settings: Int32Array,
    dispatched: (error: unknown) => void,
    unwatched: Unwatched,
  ): NativeForeignHost {
    const addon = foreignAddon('GLibLoop');
    try {
      return addon.hostGlib(this.#context, this.#threadDefault, settings, dispatched, unwatched);
    } catch (error) {
      throw contextError(error);
    }
  }
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
function addressOf(context: unknown): number {
  if (context === 'default' || context === 'new') return 0;
  const expected = "'default', 'new' or the address of a GMainContext";
  if (typeof context !== 'bigint') {
    throw new InvalidArgumentTypeError('context', expected, context);
  }
  if (context <= 0n || context > MAX_ADDRESS) {
    throw new InvalidArgumentValueError('context', expected, context);
  }
  return Number(context);
}

function openContext(library: string, make: boolean, address: number): NativeGLibContext {
  const addon = foreignAddon('GLibLoop');
  try {
    return addon.glibContext(library, make, address);
  } catch (error) {
    throw new ForeignLibraryError(library || 'GLib', ADVICE, error as Error);
  }
}

/** @internal The error of the addon, which could not use a context. */
export function contextError(error: unknown): Error {
  const { errno, syscall } = error as { errno: number; syscall: string };
  const cause = systemError(syscall, errno);
  if (cause.code === 'EALREADY') return new ForeignLoopBusyError('GLib', 'attachment');
  if (cause.code === 'EBUSY') return new ForeignLoopBusyError('GLib', 'thread');
  return cause;
}

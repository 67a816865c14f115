/** The run loop of CoreFoundation, on macOS. */
import { UnsupportedError } from '../core/errors/reactor.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { systemError } from '../internal/system-error.js';
import type { NativeForeignHost } from '../native.js';
import { ForeignLibraryError } from './errors.js';
import { foreignAddon } from './foreign-addon.js';
import type { NativelyHosted } from './loop-host.js';

export interface CoreFoundationLoopOptions {
  /** The file of the library. Default: the system's framework; elsewhere than on macOS there is none. */
  readonly library?: string;
}

const OPTIONS: OptionNames<CoreFoundationLoopOptions> = { library: true };
const ADVICE = 'It is part of macOS';

/**
 * The `CFRunLoop` of this thread. It cannot say what it waits for, so it sleeps in place of Node's loop, in the default mode, until it
 * has an event or Node has one.
 *
 * It serves sources and timers of run loops, such as those of CFSocket, of Bonjour and of IOKit. AppKit's event queue is not part of
 * it: a program with windows has to take its events from there.
 */
export class CoreFoundationLoop implements NativelyHosted {
  readonly name = 'CoreFoundation';
  /** @internal */
  readonly sleepsItself = true;
  readonly #library: string;

  /**
   * @throws UnsupportedError this is not macOS, and `library` is not given.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  constructor(options: CoreFoundationLoopOptions = {}) {
    checkOptions('CoreFoundationLoop', options, OPTIONS);
    const { library = '' } = options;
    this.#library = checkString('library', library);
    if (this.#library === '' && process.platform !== 'darwin') {
      throw new UnsupportedError('CoreFoundation', 'only macOS has it');
    }
  }

  /** @internal */
  hostNatively(settings: Int32Array, dispatched: (error: unknown) => void): NativeForeignHost {
    const addon = foreignAddon('CoreFoundationLoop');
    try {
      return addon.hostCoreFoundation(this.#library, settings, dispatched);
    } catch (error) {
      const { code, errno, syscall } = error as { code?: string; errno: number; syscall: string };
      if (code === 'ENOENT') {
        throw new ForeignLibraryError(this.#library || 'CoreFoundation', ADVICE, error as Error);
      }
      throw systemError(syscall, errno);
    }
  }
}

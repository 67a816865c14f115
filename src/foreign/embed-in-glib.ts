/** Reactors in GLib's main loop, which then owns the thread: GTK, and Qt where it uses GLib's loop. */
import { UnsupportedError } from '../core/errors/reactor.js';
import type { Deferred } from '../defer/deferred.js';
import { checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { loadAddon } from '../native.js';
import type { BlockingCall, EmbeddedReactor } from './embedded-reactor.js';
import { contextError } from './glib-loop.js';
import { toWord, toWords } from './native-function.js';

export interface EmbedInGLibOptions {
  /** The address of the `GMainContext`. Default: 0, the default context of the process. */
  readonly context?: bigint;
  /** From -2,147,483,647; a lower number is dispatched first. Default: 0, `G_PRIORITY_DEFAULT`, as events of GTK have. */
  readonly priority?: number;
  /** After turns that took so long, sources of lower priority get an iteration. 0 to 1,000,000 ms. Default: 10 */
  readonly yieldAfterMs?: number;
  /**
   * The address of a C function that calls {@link GLibEmbedding.relay} with its only argument, an `int`, on the thread's own stack.
   * Needed if an FFI runs the context on a stack of its own, as koffi does when JavaScript calls `g_main_loop_run` or `gtk_dialog_run`
   * with it: `koffi.address(koffi.register((work) => glib.relay(work), relayType))`, where `relayType` is a pointer to
   * `void Relay(int)`. Default: 0, none.
   */
  readonly relay?: bigint;
}

const OPTIONS: OptionNames<EmbedInGLibOptions> = {
  context: true,
  priority: true,
  yieldAfterMs: true,
  relay: true,
};

const NOTHING = new BigUint64Array(0);
/** What a relay is to do. */
const DRAIN = 0;
const MAX_YIELD_AFTER_MS = 1_000_000;

/**
 * Makes GLib's loop serve a reactor, by a `GSource` of the context, until `detach`. Run the loop by {@link GLibEmbedding.run}, or by
 * `embedded.block(...)` with a function of the toolkit that runs this context, such as `gtk_main`.
 *
 * @throws UnsupportedError There is no libglib-2.0 here.
 * @throws ForeignLoopBusyError Another thread runs the context, or it is attached to a reactor.
 * @throws EmbeddingClosedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function embedInGLib(
  embedded: EmbeddedReactor,
  options: EmbedInGLibOptions = {},
): GLibEmbedding {
  checkOptions('embedInGLib', options, OPTIONS);
  const { context = 0n, priority = 0, yieldAfterMs = 10, relay = 0n } = options;
  const words = BigUint64Array.of(toWord('context', context));
  checkInteger('priority', priority, -(2 ** 31) + 1, 2 ** 31 - 1);
  checkMilliseconds('yieldAfterMs', yieldAfterMs);
  embedded.checkOpen();
  if (!loadAddon().glibFound()) {
    throw new UnsupportedError('embedInGLib', 'libglib-2.0 was not found: install it');
  }
  const micros = Math.round(Math.min(yieldAfterMs, MAX_YIELD_AFTER_MS) * 1000);
  const relayWords = relay === 0n ? NOTHING : toWords('relay', { address: relay, args: [] });
  try {
    const id = embedded.guest.attachGlib(words, priority, micros, relayWords);
    return new GLibEmbedding(embedded, words, id);
  } catch (error) {
    throw contextError(error);
  }
}

/** Made by {@link embedInGLib}. */
export class GLibEmbedding {
  readonly #embedded: EmbeddedReactor;
  readonly #context: BigUint64Array;
  readonly #runs: BlockingCall<void>[] = [];
  #id: number | undefined;

  /** @internal */
  constructor(embedded: EmbeddedReactor, context: BigUint64Array, id: number) {
    this.#embedded = embedded;
    this.#context = context;
    this.#id = id;
  }

  /**
   * Runs a main loop of the context, which owns the thread until `quit`, or until the reactor's run ends. A loop that is run
   * meanwhile is nested in it.
   *
   * @returns Fires when the loop has returned, also if it was to quit before it began. Cancelling it quits.
   * @throws EmbeddingClosedError, UnsupportedError
   */
  run(): Deferred<void> {
    const run = this.#embedded.blockInGLib(this.#context);
    this.#runs.push(run);
    return run.result.addBoth((result) => {
      this.#runs.splice(this.#runs.indexOf(run), 1);
      return result;
    });
  }

  /** Quits the innermost loop that `run` began. Does nothing if there is none. */
  quit(): void {
    this.#runs.at(-1)?.quit();
  }

  /**
   * Does what the context wants done on the thread's own stack: see the option `relay`. It never throws, and does nothing inside a turn.
   * @param work The argument of the C function.
   */
  relay(work: number): void {
    const { guest } = this.#embedded;
    if (!guest.serving()) return;
    if (work === DRAIN) guest.drain();
    else guest.turn();
  }

  /** Ends the service in this context; a loop in it may go on. Does nothing if it has ended. */
  detach(): void {
    if (this.#id !== undefined) this.#embedded.guest.detachGlib(this.#id);
    this.#id = undefined;
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}

/**
 * A reactor in a thread that another loop owns: a toolkit's, whose function for its main loop returns when the program ends.
 *
 * The other loop gives Node's loop its turns, and the reactor lives in Node's loop, so promises, timers, files, workers and
 * `node:net` go on as well. See docs/howto/embedding.md.
 */
import { UnsupportedError } from '../core/errors/reactor.js';
import type { Reactor } from '../core/reactor.js';
import { toError } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { checkFunction, checkReactor } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { RunEnds } from '../internal/run-ends.js';
import type { BlockingDone, NativeGuest } from '../native.js';
import { EmbeddingClosedError, ThreadEndingError } from './errors.js';
import { checkNobodySleeps, countBlocked, interleave, refusal, threadGuest } from './guest.js';
import { type NativeFunction, toWords } from './native-function.js';

export interface BlockOptions {
  /**
   * Makes the call return. Called when the reactor's run has ended, by `stop`, `crash` or disposal, and when the Deferred is cancelled;
   * not before the call has begun, which is then not made. Without it the call must return by itself. A native function is also called if the thread is terminated; otherwise termination waits for the call.
   */
  readonly quit?: (() => void) | NativeFunction;
}

const OPTIONS: OptionNames<BlockOptions> = { quit: true };
/** A reactor that lives in Node's loop. */
type HostedReactor = Reactor & { readonly runEnds: RunEnds };
/** Their pollers. */
const HOSTED: readonly string[] = ['epoll', 'kqueue', 'iocp', 'poll', 'libuv'];
const NOTHING = new BigUint64Array(0);
const ENDING = 2;

/**
 * Makes a reactor that runs in a loop of another library, which owns the thread. One reactor may be embedded several times.
 *
 * @example
 * const embedded = embedReactor(reactor);
 * await embedded.block(() => toolkit.mainLoop()); // which waits for `descriptor` and `deadline()`, and calls `turn()`
 *
 * @throws UnsupportedError Node's loop has no descriptor (Windows), or it is a simulated reactor.
 * @throws AddonNotLoadedError Both kinds of reactors need the addon for this.
 */
export function embedReactor(reactor: Reactor): EmbeddedReactor {
  checkReactor('reactor', reactor);
  if (!HOSTED.includes(reactor.poller)) {
    throw new UnsupportedError('embedReactor', `a reactor of ${reactor.poller} waits for nothing`);
  }
  return new EmbeddedReactor(reactor, threadGuest());
}

/** Made by {@link embedReactor}. */
export class EmbeddedReactor {
  readonly reactor: Reactor;
  /** @internal */
  readonly guest: NativeGuest;
  readonly #calls = new Set<{ quit(): void }>();
  #closed = false;

  /** @internal */
  constructor(reactor: Reactor, guest: NativeGuest) {
    this.reactor = reactor;
    this.guest = guest;
  }

  /** Readable when a turn is due. It can be polled, but belongs to Node: neither read nor close it. It never changes. */
  get descriptor(): number {
    return this.guest.descriptor;
  }

  /**
   * Milliseconds until a turn is due although the descriptor is not readable: 0 if one is due now, Infinity if only the
   * descriptor can make one due. Ask again whenever JavaScript has run; this also runs the reactions of its promises.
   *
   * @throws TurnRefusedError
   */
  deadline(): number {
    this.#checkServing();
    const milliseconds = this.guest.deadline();
    return milliseconds < 0 ? Number.POSITIVE_INFINITY : milliseconds;
  }

  /**
   * Runs one pass of Node's loop, without waiting: everything that is ready, at most one batch per reactor. Exceptions of callbacks
   * are not thrown here, but handled as in Node's loop.
   *
   * @throws TurnRefusedError It was called inside a turn, or outside `block`.
   * @throws ThreadEndingError The thread was terminated: the loop must return.
   */
  turn(): void {
    this.#checkServing();
    if (this.guest.turn() === ENDING) throw new ThreadEndingError();
  }

  /**
   * Makes a call that owns the thread until it returns, such as `g_main_loop_run()`. It is made when this function has returned,
   * where it can be served: never make such a call directly in a callback of Node or of the reactor. Calls made meanwhile are nested:
   * the inner one must return first. A callback of the other loop may make such a call directly. A reactor whose run has ended must be
   * run again first: otherwise the call is not made.
   *
   * @returns Fires with the result, or fails with the exception, or with CancelledError if it was to quit before it was made.
   * Cancelling it quits.
   * @throws EmbeddingClosedError, InvalidArgumentTypeError, UnknownOptionError
   * @throws UnsupportedError A loop is attached that sleeps in place of Node's: CoreFoundationLoop.
   */
  block<T>(call: () => T, options: BlockOptions = {}): Deferred<T> {
    checkFunction('call', call);
    checkOptions('block', options, OPTIONS);
    return this.#block(options, (quit, done) => this.guest.enter(call, quit, done));
  }

  /**
   * Like `block`, for a C function, which then has no JavaScript below it.
   * @returns Fires with the function's result, as an unsigned integer of 64 bits; fails with CancelledError if it was to quit before
   * it was made.
   * @throws EmbeddingClosedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, UnsupportedError
   */
  blockNative(call: NativeFunction, options: BlockOptions = {}): Deferred<bigint> {
    const words = toWords('call', call);
    checkOptions('blockNative', options, OPTIONS);
    return this.#block(options, (quit, done) => this.guest.enterNative(words, quit, done));
  }

  /** @internal A run that is to quit before it has begun is one that has ended: it has no result that could be missing. */
  blockInGLib(context: BigUint64Array): BlockingCall<void> {
    const call = this.#enter<void>(
      () => this.guest.quitGlib(call.id),
      (done) => this.guest.enterGlib(context, done),
      'returned',
    );
    return call;
  }

  /**
   * Makes a callback for the other loop: exceptions are reported instead of thrown into its C code, and the reactions of promises run
   * when it returns rather than before the loop waits again.
   *
   * @param fallback Returned if `callback` throws.
   */
  callback<Args extends unknown[], Result>(
    callback: (...args: Args) => Result,
    fallback?: Result,
  ): (...args: Args) => Result | undefined {
    checkFunction('callback', callback);
    return (...args) => {
      try {
        return callback(...args);
      } catch (error) {
        reportError(error, 'a callback of the loop that owns the thread');
        return fallback;
      } finally {
        if (this.guest.serving()) this.guest.deadline();
      }
    };
  }

  /**
   * For loops without descriptors: a thread waits instead, and calls `wake` there when a turn is due; the loop then calls
   * {@link EmbeddedReactor.turn} in its own thread. `wake` is called once for each turn, perhaps too early. If JavaScript has run
   * outside turns, wrap it with {@link EmbeddedReactor.callback} or ask for `deadline()`, so that the thread learns of new deadlines.
   *
   * @param wake A function that may be called on any thread, such as `sem_post`, `PostMessage` or `g_main_context_wakeup`. Undefined
   * ends the waiting; it is not called afterwards. A new one replaces it, also that of another embedded reactor in this thread.
   * @throws EmbeddingClosedError, InvalidArgumentTypeError, InvalidArgumentValueError
   */
  interleave(wake: NativeFunction | undefined): void {
    const words = wake === undefined ? NOTHING : toWords('wake', wake);
    this.#checkOpen();
    interleave(this, words);
  }

  /** Quits all calls of `block` and ends `interleave`. The reactor goes on in Node's loop when these calls have returned. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    interleave(this, NOTHING);
    for (const call of [...this.#calls].reverse()) call.quit();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal @throws EmbeddingClosedError */
  checkOpen(): void {
    this.#checkOpen();
  }

  #checkOpen(): void {
    if (this.#closed) throw new EmbeddingClosedError();
  }

  #checkServing(): void {
    if (!this.guest.serving()) throw refusal();
  }

  #block<T>(
    options: BlockOptions,
    enter: (quit: BigUint64Array, done: BlockingDone) => number,
  ): Deferred<T> {
    const { quit } = options;
    if (typeof quit === 'object') {
      const words = toWords('quit', quit);
      return this.#enter<T>(
        () => this.guest.call(words),
        (done) => enter(words, done),
      ).result;
    }
    if (quit !== undefined) checkFunction('quit', quit);
    return this.#enter<T>(
      () => quit?.(),
      (done) => enter(NOTHING, done),
    ).result;
  }

  #enter<T>(
    quit: () => void,
    enter: (done: BlockingDone) => number,
    unmade: UnmadeCall = 'cancelled',
  ): BlockingCall<T> {
    this.#checkOpen();
    checkNobodySleeps();
    const call = new BlockingCall<T>(this, quit, unmade);
    this.#calls.add(call);
    call.id = enter((succeeded, result) => {
      this.#calls.delete(call);
      call.returned(succeeded, result);
    });
    return call;
  }
}

/** What a call counts as that is not made, because it was to quit before. */
type UnmadeCall = 'cancelled' | 'returned';

/** @internal A call that owns the thread, or will. */
export class BlockingCall<T> {
  /** Cancelling it quits. */
  readonly result: Deferred<T> = new Deferred<T>(() => this.#cancel());
  /** For the guest. */
  id = 0;
  readonly #embedded: EmbeddedReactor;
  readonly #quit: () => void;
  readonly #unmade: UnmadeCall;
  readonly #ends: RunEnds;
  #quits = false;
  #left = false;
  #cancelled = false;

  constructor(embedded: EmbeddedReactor, quit: () => void, unmade: UnmadeCall) {
    this.#embedded = embedded;
    this.#quit = quit;
    this.#unmade = unmade;
    this.#ends = (embedded.reactor as HostedReactor).runEnds;
    this.#ends.add(this.quit);
    // Nothing else would end it. A run may begin until then.
    if (this.#ends.ended) queueMicrotask(() => this.#ends.ended && this.quit());
    countBlocked(1);
  }

  /** Exceptions are reported. */
  readonly quit = (): void => {
    if (this.#quits) return;
    this.#quits = true;
    this.#left = this.#embedded.guest.leave(this.id);
    if (this.#left) return;
    try {
      this.#quit();
    } catch (error) {
      reportError(error, 'quitting the loop that owns the thread');
    }
  };

  #cancel(): void {
    this.#cancelled = true;
    this.quit();
  }

  returned(succeeded: boolean, result: unknown): void {
    this.#quits = true;
    countBlocked(-1);
    this.#ends.delete(this.quit);
    if (this.#cancelled) return;
    if (this.#left && this.#unmade === 'cancelled') this.result.errback(new CancelledError());
    else if (succeeded) this.result.callback(result as T);
    else this.result.errback(toError(result));
  }
}

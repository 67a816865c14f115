/** A foreign loop that runs on a reactor. */
import type { Owned, Ownership } from '../core/descriptor.js';
import { toError } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { checkFunction } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import type { AttachSettings } from './attach-options.js';
import type { ForeignStatistics, HostOwner, LoopHost } from './loop-host.js';

/** All reactors of this package have this, which is not part of their interface. */
interface OwningReactor {
  own?(owned: Owned): Ownership;
}

/**
 * The result of `attachForeignLoop`. It ends by `detach`, when the reactor is stopped or disposed of, or because the loop itself
 * has failed.
 */
export class ForeignAttachment {
  readonly name: string;
  readonly #settings: AttachSettings;
  readonly #ownership: Ownership | undefined;
  readonly #host: LoopHost;
  readonly #released: () => void;
  readonly #waiting = new Set<Deferred<void>>();
  #state: 'attached' | 'detached' | Error = 'attached';

  /**
   * @internal
   * @throws ReactorStoppingError, ReactorDisposedError, and those of `makeHost`.
   */
  constructor(
    reactor: object,
    name: string,
    settings: AttachSettings,
    makeHost: (owner: HostOwner) => LoopHost,
    released: () => void,
  ) {
    this.name = name;
    this.#settings = settings;
    this.#released = released;
    this.#ownership = (reactor as OwningReactor).own?.({ connectionLost: () => this.detach() });
    try {
      this.#host = makeHost({
        dispatched: (error) => this.#dispatched(error),
        report: (error, where) => this.report(error, where),
        failed: (error, where) => this.#failed(error, where),
      });
      this.#host.keepAlive(settings.keepAlive);
    } catch (error) {
      this.#ownership?.release();
      throw error;
    }
  }

  /** Whether the loop is served. */
  get attached(): boolean {
    return this.#state === 'attached';
  }

  /**
   * Releases the loop: it is not called again, and may be attached anew or run by itself. Inside a dispatch this happens at the
   * end of the dispatch. Does nothing if it is detached.
   */
  detach(): void {
    this.#end('detached');
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** Fires when the loop has been detached; fails if that was because of its own exception, with that. */
  whenDetached(): Deferred<void> {
    if (this.#state === 'detached') return succeed(undefined);
    if (this.#state !== 'attached') return fail(this.#state);
    const detached = new Deferred<void>(() => this.#waiting.delete(detached));
    this.#waiting.add(detached);
    return detached;
  }

  /**
   * Has the loop prepared again before the reactor sleeps. Needed only on reactors that are not hosted in Node's loop (simulated
   * ones), and on the pure-JS reactor without the addon: call it when the loop's sources have changed outside of its `dispatch`.
   */
  changed(): void {
    if (this.attached) this.#host.changed();
  }

  /** The attached loop keeps the process alive: see the option `keepAlive`. */
  ref(): void {
    if (this.attached) this.#host.keepAlive(true);
  }

  /** The attached loop no longer keeps the process alive. */
  unref(): void {
    if (this.attached) this.#host.keepAlive(false);
  }

  /** Reports an exception, as the reactor does with those of protocols. */
  report(error: unknown, where = 'callback of a foreign loop'): void {
    (this.#ownership?.report ?? reportError)(error, where);
  }

  /**
   * A function for the library to call: `callback`, whose exceptions are reported and not passed on. Bindings cannot pass an
   * exception through the frames of C; what they do with one differs.
   * @param fallback Returned after an exception.
   */
  guard<Args extends unknown[], Result>(
    callback: (...args: Args) => Result,
    fallback: Result,
  ): (...args: Args) => Result {
    checkFunction('callback', callback);
    return (...args) => {
      try {
        return callback(...args);
      } catch (error) {
        this.report(error);
        return fallback;
      }
    };
  }

  /** Counters since it was attached; they stay as they are when it is detached. */
  statistics(): ForeignStatistics {
    return this.#host.statistics();
  }

  #dispatched(error: unknown): void {
    if (error !== undefined) this.report(error);
    try {
      this.#settings.afterDispatch?.();
    } catch (secondError) {
      this.report(secondError, 'afterDispatch');
    }
  }

  #failed(error: unknown, where: string): void {
    if (!this.attached) return;
    this.report(error, `${where} of the foreign loop ${this.name}`);
    this.#end(toError(error));
  }

  #end(state: 'detached' | Error): void {
    if (!this.attached) return;
    this.#state = state;
    // A loop may fail while its host is made.
    this.#host?.detach();
    this.#ownership?.release();
    this.#released();
    for (const waiting of [...this.#waiting]) {
      if (state === 'detached') waiting.callback();
      else waiting.errback(state);
    }
    this.#waiting.clear();
  }
}

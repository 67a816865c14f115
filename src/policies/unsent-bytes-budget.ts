/**
 * The limit of unsent bytes for all connections together. Each time a connection writes, its unsent bytes are counted; bytes
 * that were sent meanwhile are noticed only when all connections are counted again, so the running sum is never too low.
 * They are counted again when the sum exceeds the limit.
 *
 * Nothing is sent before the end of a turn, so unsent bytes within a turn say nothing about the peer. Connections are
 * therefore ended by a delayed call, after their bytes were offered to the system.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { TooManyUnsentBytesError } from './errors.js';

export interface UnsentBytesBudgetOptions {
  /** The limit for all connections together. */
  readonly maxBytes: number;
  /** Reports the end of a turn: usually the reactor. */
  readonly clock: Clock;
}

/** A connection that is counted. */
export interface UnsentBytesHolder {
  /** The current number of unsent bytes. */
  readonly bufferedBytes: number;
  /** The number of bytes that the budget has counted for it. Set by the budget only. */
  counted: number;
  /** The limit of this connection, above which it is ended. */
  readonly maxBytes: number;
  /** Undefined if the policy pauses instead. Does not call the protocol. */
  readonly endFor: ((error: TooManyUnsentBytesError) => void) | undefined;
}

/** Connections are counted again after this many bytes were written per connection: the cost per byte is then negligible. */
const RECOUNT_BYTES = 64;

const OPTIONS: OptionNames<UnsentBytesBudgetOptions> = { maxBytes: true, clock: true };

/**
 * A limit that several factories share, for example all factories of a reactor.
 *
 * @example
 * const budget = new UnsentBytesBudget({ clock: reactor, maxBytes: 256 * 1024 * 1024 });
 * reactor.listenTCP(80, new LimitUnsentBytesFactory(Web, { clock: reactor, total: budget }));
 * reactor.listenTCP(25, new LimitUnsentBytesFactory(Mail, { clock: reactor, total: budget }));
 */
export class UnsentBytesBudget {
  readonly maxBytes: number;
  readonly #clock: Clock;
  readonly #members: Set<Iterable<UnsentBytesHolder>> = new Set();
  /** Connections that were over a limit when they last wrote. */
  #suspects: Set<UnsentBytesHolder> = new Set();
  #counted = 0;
  /** The sum at which connections are counted again. */
  #recountAt = 0;
  #judgement: DelayedCall | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(options: UnsentBytesBudgetOptions) {
    checkOptions('UnsentBytesBudget', options, OPTIONS);
    const { clock, maxBytes } = options;
    checkClock('clock', clock);
    this.#clock = clock;
    this.maxBytes = checkInteger('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
  }

  /** The current number of unsent bytes of all connections, which are counted one by one. */
  get unsentBytes(): number {
    this.#recount();
    return this.#counted;
  }

  /** @internal A factory has its first connection. */
  join(connections: Iterable<UnsentBytesHolder>): void {
    this.#members.add(connections);
  }

  /** @internal The factory has no more connections. */
  leave(connections: Iterable<UnsentBytesHolder>): void {
    this.#members.delete(connections);
  }

  /** @internal The connection has written and has `bytes` unsent. @returns Whether all together exceed the limit. */
  wrote(holder: UnsentBytesHolder, bytes: number): boolean {
    this.#counted += bytes - holder.counted;
    holder.counted = bytes;
    if (this.#counted <= this.maxBytes) return false;
    if (this.#counted >= this.#recountAt) this.#recount();
    return this.#counted > this.maxBytes;
  }

  /** @internal A connection that can be ended exceeds its limit, or all together exceed theirs. */
  suspect(holder: UnsentBytesHolder): void {
    this.#suspects.add(holder);
    if (this.#judgement !== undefined) return;
    // The call serves all connections, so it is made in the root context.
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#judgement = this.#clock.callLater(0, this.#judge);
      this.#judgement.whenDropped(() => {
        this.#judgement = undefined;
      });
    });
  }

  /** @internal The connection is gone, or ended. */
  forget(holder: UnsentBytesHolder): void {
    this.#counted -= holder.counted;
    holder.counted = 0;
    this.#suspects.delete(holder);
    if (this.#suspects.size > 0 || this.#judgement === undefined) return;
    this.#judgement.cancel();
    this.#judgement = undefined;
  }

  readonly #judge: () => void = () => {
    this.#judgement = undefined;
    const suspects = this.#suspects;
    this.#suspects = new Set();
    for (const holder of suspects) {
      const { bufferedBytes, maxBytes } = holder;
      if (bufferedBytes > maxBytes) this.#end(holder, bufferedBytes, maxBytes, 'maxBytes');
    }
    if (this.unsentBytes > this.maxBytes) this.#endLargest();
  };

  #endLargest(): void {
    const holders = [...this.#holders()].filter(({ endFor }) => endFor !== undefined);
    holders.sort((a, b) => b.counted - a.counted);
    for (const holder of holders) {
      if (this.#counted <= this.maxBytes || holder.counted === 0) return;
      this.#end(holder, holder.counted, this.maxBytes, 'total');
    }
  }

  #end(
    holder: UnsentBytesHolder,
    unsentBytes: number,
    maxBytes: number,
    option: 'maxBytes' | 'total',
  ): void {
    this.forget(holder);
    try {
      holder.endFor?.(new TooManyUnsentBytesError(unsentBytes, maxBytes, option));
    } catch (error) {
      reportError(error, 'ending a connection whose peer does not read');
    }
  }

  #recount(): void {
    let connections = 0;
    this.#counted = 0;
    for (const holder of this.#holders()) {
      connections++;
      holder.counted = holder.bufferedBytes;
      this.#counted += holder.counted;
    }
    this.#recountAt = this.#counted + connections * RECOUNT_BYTES;
  }

  *#holders(): Generator<UnsentBytesHolder> {
    for (const connections of this.#members) yield* connections;
  }
}

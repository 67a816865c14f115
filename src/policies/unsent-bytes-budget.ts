/**
 * How many bytes may wait to be sent on all connections together. A connection counts what waits on it each time it
 * writes; that bytes were sent is seen only when the connections are counted anew, so the running sum is never too low.
 * They are counted anew when the sum is over the limit.
 *
 * Nothing is sent before the end of a turn, so what waits within one says nothing about the peer. Connections are
 * therefore ended by a delayed call, after the system was offered what they have.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { checkClock, checkInteger } from '../internal/check.js';
import { reportError } from '../internal/error-report.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { TooManyUnsentBytesError } from './errors.js';

export interface UnsentBytesBudgetOptions {
  /** Of all connections together. */
  readonly maxBytes: number;
  /** Tells when a turn is over: the reactor, as a rule. */
  readonly clock: Clock;
}

/** A connection that counts. */
export interface UnsentBytesHolder {
  /** What waits to be sent now. */
  readonly bufferedBytes: number;
  /** What the budget has counted of it. Set by the budget only. */
  counted: number;
  /** What it may have; over that it is ended. */
  readonly maxBytes: number;
  /** Undefined where the policy pauses instead. Does not call back into the protocol. */
  readonly endFor: ((error: TooManyUnsentBytesError) => void) | undefined;
}

/** Connections are counted anew once so many bytes were written for each of them: a byte then costs next to nothing. */
const RECOUNT_BYTES = 64;

const OPTIONS: OptionNames<UnsentBytesBudgetOptions> = { maxBytes: true, clock: true };

/**
 * A limit that several factories share, for instance all of a reactor.
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
  /** Had too much when they last wrote. */
  #suspects: Set<UnsentBytesHolder> = new Set();
  #counted = 0;
  /** The sum at which connections are counted anew. */
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

  /** What waits to be sent on all connections now: they are looked at one by one. */
  get unsentBytes(): number {
    this.#recount();
    return this.#counted;
  }

  /** @internal A factory has its first connection. */
  join(connections: Iterable<UnsentBytesHolder>): void {
    this.#members.add(connections);
  }

  /** @internal It has no more. */
  leave(connections: Iterable<UnsentBytesHolder>): void {
    this.#members.delete(connections);
  }

  /** @internal The connection has written: `bytes` wait. @returns Whether all together have more than they may. */
  wrote(holder: UnsentBytesHolder, bytes: number): boolean {
    this.#counted += bytes - holder.counted;
    holder.counted = bytes;
    if (this.#counted <= this.maxBytes) return false;
    if (this.#counted >= this.#recountAt) this.#recount();
    return this.#counted > this.maxBytes;
  }

  /** @internal A connection that can be ended has more than it may. */
  suspect(holder: UnsentBytesHolder): void {
    this.#suspects.add(holder);
    if (this.#judgement !== undefined) return;
    // The call is for all connections: it is made in nobody's context.
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
      if (bufferedBytes > maxBytes) this.#end(holder, bufferedBytes, maxBytes, 'connection');
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
    limit: 'connection' | 'total',
  ): void {
    this.forget(holder);
    try {
      holder.endFor?.(new TooManyUnsentBytesError(unsentBytes, maxBytes, limit));
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

/** One statement from the call to its outcome: waiting for a connection, running, limited in time, cancelled. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import type { Failure } from '../defer/failure.js';
import type { DriverConnection, StatementCall } from './database-driver.js';
import { StatementTimeoutError } from './errors.js';
import { LaneJob } from './lane-job.js';
import type { StatementOptions } from './statements.js';

/** Time in which a statement has to stop on request; then its caller receives the error anyway. */
const STOP_MS = 250;

/** A statement, and its limits. */
export interface StatementRequest<R> {
  readonly clock: Clock;
  readonly sql: string;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly send: (connection: DriverConnection) => StatementCall<R>;
}

/**
 * A statement that takes too long is asked to stop, and its outcome is still waited for: it may have been completed meanwhile.
 * After a cancellation nothing is waited for.
 */
export class StatementJob<R, T> extends LaneJob {
  override readonly exclusive = false;
  readonly deferred: Deferred<T>;
  readonly #request: StatementRequest<R>;
  readonly #pick: (result: R) => T;
  #call: StatementCall<R> | undefined;
  #ended: (() => void) | undefined;
  #limit: DelayedCall | undefined;
  #timedOut = false;

  constructor(request: StatementRequest<R>, pick: (result: R) => T, signal?: AbortSignal) {
    super();
    this.#request = request;
    this.#pick = pick;
    this.deferred = new Deferred<T>(() => this.cancel());
    if (signal !== undefined) this.deferred.cancelOn(signal);
  }

  override start(connection: DriverConnection, ended: () => void): void {
    this.#ended = ended;
    const { clock, timeoutMs, send } = this.#request;
    if (timeoutMs > 0) this.#limit = clock.callLater(timeoutMs, () => this.#exceeded());
    this.#call = send(connection);
    this.#call.result.addCallbacks(
      (result) => this.#succeeded(result),
      (failure) => this.#failed(failure),
    );
  }

  override fail(error: Error): void {
    if (!this.deferred.fired) this.deferred.errback(error);
  }

  /** Removes it from the queue, or asks the database to stop it. */
  cancel(): void {
    this.leave();
    this.#call?.cancel();
  }

  #exceeded(): void {
    this.#timedOut = true;
    this.#limit = this.#request.clock.callLater(STOP_MS, () => this.fail(this.#timeout()));
    this.#call?.cancel();
  }

  #succeeded(result: R): void {
    this.#stopTiming();
    this.#ended?.();
    if (!this.deferred.fired) this.deferred.callback(this.#pick(result) as never);
  }

  #failed(failure: Failure): void {
    this.#stopTiming();
    this.#ended?.();
    this.fail(this.#timedOut ? this.#timeout() : failure.value);
  }

  #stopTiming(): void {
    if (this.#limit?.active()) this.#limit.cancel();
  }

  #timeout(): Error {
    return new StatementTimeoutError(this.#request.sql, this.#request.timeoutMs);
  }
}

/** The time limit of a statement. */
export function limitOf(options: StatementOptions, standard: number): number {
  return options.timeoutMs ?? standard;
}

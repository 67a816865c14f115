/**
 * A set of equivalent connections and the queue of the jobs that wait for them.
 *
 * Theory of operation. Jobs start in the order in which they were submitted. A job gets an idle connection; if none is idle, a
 * connection is opened for it, up to the maximum. Drivers with a pipeline accept statements before they have answered earlier
 * ones: such a connection is also used while it is busy, unless it has not answered for some time, because a statement has to
 * wait for those before it. To open one of theirs costs more than to answer many statements: it is opened if the others are slow.
 */
import type { Clock, DelayedCall } from '../core/clock.js';
import { toError } from '../core/text-of.js';
import { LinkedList } from '../defer/linked-list.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import type { DatabaseDriver, DriverConnection } from './database-driver.js';
import { PoolClosedError, PoolExhaustedError } from './errors.js';
import type { LaneJob } from './lane-job.js';
import type { PoolSettings } from './pool-settings.js';

/** A busy connection that has not answered for so long gets no more statements. */
const SLOW_MS = 5;
/** Connections that answer so many statements in that time are not too few. */
const FAST_ANSWERS = 8;

/** An open connection, and how it is used. */
interface LaneConnection {
  readonly driver: DriverConnection;
  running: number;
  /** Whether the running job needs it for itself. */
  held: boolean;
  /** When it became busy or idle, or answered last. */
  changedAt: number;
}

/** The limits of a lane. */
export type LaneSettings = Pick<
  PoolSettings,
  'min' | 'max' | 'idleTimeoutMs' | 'waitTimeoutMs' | 'maxWaiting'
>;

export class Lane {
  readonly #clock: Clock;
  readonly #driver: DatabaseDriver;
  readonly #settings: LaneSettings;
  readonly #connections: LaneConnection[] = [];
  readonly #waiting: LinkedList<LaneJob> = new LinkedList<LaneJob>();
  /** Closing connections, and those being opened. */
  readonly #unsettled: Set<Promise<void>> = new Set();
  #opening = 0;
  #accepts = true;
  #destroyed = false;
  /** Whether the connections are being closed: no job is left. */
  #closing = false;
  #answers = 0;
  #growth: DelayedCall | undefined;
  #waitLimit: DelayedCall | undefined;
  #idleLimit: DelayedCall | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(clock: Clock, driver: DatabaseDriver, settings: LaneSettings) {
    this.#clock = clock;
    this.#driver = driver;
    this.#settings = settings;
  }

  get open(): number {
    return this.#connections.length;
  }

  get opening(): number {
    return this.#opening;
  }

  get busy(): number {
    return this.#connections.reduce((sum, { running }) => sum + (running > 0 ? 1 : 0), 0);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  submit(job: LaneJob): void {
    if (!this.#accepts) {
      job.fail(new PoolClosedError());
      return;
    }
    const now = this.#clock.now();
    if (this.#waiting.size === 0) {
      const connection = this.#choose(job.exclusive, now);
      if (connection !== undefined) {
        this.#start(connection, job, now);
        return;
      }
    }
    const { max, maxWaiting } = this.#settings;
    const all = this.#connections.length + this.#opening;
    if (all >= max && this.#waiting.size - this.#opening >= maxWaiting) {
      job.fail(this.#exhausted('maxWaiting', maxWaiting));
      return;
    }
    job.join(this.#waiting, now);
    this.#limitWaiting();
    this.#openMore();
  }

  /** Fulfilled when no job waits or runs. */
  async idle(): Promise<void> {
    while (this.#waiting.size > 0 || this.busy > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
  }

  /** Accepts no more jobs. Fulfilled when the accepted ones have ended and the connections are closed. */
  async close(): Promise<void> {
    this.#accepts = false;
    await this.idle();
    this.#closing = true;
    this.#stopTimers();
    for (const connection of [...this.#connections]) this.#remove(connection);
    while (this.#unsettled.size > 0) await Promise.all(this.#unsettled);
  }

  /** Ends all connections: the running jobs fail, and so do the waiting ones. */
  destroy(): void {
    this.#accepts = false;
    this.#destroyed = true;
    this.#failWaiting(() => new PoolClosedError());
    for (const { driver } of [...this.#connections]) driver.destroy();
  }

  #choose(exclusive: boolean, now: number): LaneConnection | undefined {
    const { pipelineDepth } = this.#driver;
    let best: LaneConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.running === 0) return connection;
      if (exclusive || connection.held || connection.running >= pipelineDepth) continue;
      if (now - connection.changedAt > SLOW_MS) continue;
      if (best === undefined || connection.running < best.running) best = connection;
    }
    return best;
  }

  #start(connection: LaneConnection, job: LaneJob, now: number): void {
    if (connection.running === 0) connection.changedAt = now;
    connection.running += 1;
    connection.held = job.exclusive;
    job.start(connection.driver, () => this.#ended(connection));
  }

  #ended(connection: LaneConnection): void {
    const now = this.#clock.now();
    this.#answers += 1;
    connection.running -= 1;
    connection.held = false;
    connection.changedAt = now;
    if (!connection.driver.usable && connection.running === 0) this.#remove(connection);
    if (this.#waiting.size > 0) this.#startWaiting(now);
    else if (connection.running === 0) this.#becameIdle();
  }

  #startWaiting(now: number): void {
    for (;;) {
      const job = this.#waiting.first?.value;
      if (job === undefined) break;
      const connection = this.#choose(job.exclusive, now);
      if (connection === undefined) break;
      job.leave();
      this.#start(connection, job, now);
    }
    if (this.#waiting.size > 0) this.#openMore();
    else this.#stopLimit();
  }

  #becameIdle(): void {
    const { min, idleTimeoutMs } = this.#settings;
    if (idleTimeoutMs > 0 && this.#connections.length > min && this.#accepts) {
      this.#idleLimit ??= this.#later(idleTimeoutMs, () => this.#closeIdle());
    }
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || this.#waiting.size > 0 || this.busy > 0) return;
    const waiters = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiters) resolve();
  }

  /** For jobs that found no idle connection. */
  #openMore(): void {
    const { max } = this.#settings;
    if (this.#driver.pipelineDepth > 1 && this.#connections.some(({ held }) => !held)) {
      this.#growth ??= this.#later(SLOW_MS, () => this.#grow(this.#answers, false));
      return;
    }
    const wanted = this.#driver.pipelineDepth > 1 ? 1 : this.#waiting.size;
    while (this.#opening < wanted && this.#connections.length + this.#opening < max)
      this.#openOne();
  }

  /**
   * Opens a connection if those with pipelines are too slow for the waiting jobs. Answers may have arrived that this thread was too
   * busy to receive: it looks twice.
   */
  #grow(answersBefore: number, again: boolean): void {
    this.#growth = undefined;
    if (this.#waiting.size === 0 || this.#opening > 0) return;
    const answers = this.#answers;
    const isFast = answers - answersBefore >= FAST_ANSWERS;
    if (!isFast && again) {
      if (this.#connections.length < this.#settings.max) this.#openOne();
      return;
    }
    this.#growth = this.#later(SLOW_MS, () => this.#grow(answers, !isFast));
  }

  #openOne(): void {
    this.#opening += 1;
    // Its events serve callers with different contexts.
    const connected = ROOT_CONTEXT.runInAsyncScope(() => this.#driver.connect(this.#clock));
    const opened = connected.then(
      (driver) => this.#opened(driver),
      (error: unknown) => this.#notOpened(toError(error)),
    );
    this.#track(opened);
  }

  #opened(driver: DriverConnection): void {
    this.#opening -= 1;
    if (this.#destroyed) {
      driver.destroy();
      return;
    }
    if (this.#closing) {
      // The job that it was opened for was cancelled.
      this.#track(driver.close());
      return;
    }
    const now = this.#clock.now();
    const connection = { driver, running: 0, held: false, changedAt: now };
    this.#connections.push(connection);
    driver.whenLost = () => this.#lost(connection);
    this.#startWaiting(now);
    if (connection.running === 0) this.#becameIdle();
  }

  /** Jobs that no other connection can run fail; else there would be one attempt after another. */
  #notOpened(error: Error): void {
    this.#opening -= 1;
    if (this.#connections.length === 0 && this.#opening === 0) this.#failWaiting(() => error);
  }

  #lost(connection: LaneConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index < 0) return;
    this.#connections.splice(index, 1);
    this.#tellIdle();
    if (this.#waiting.size > 0) this.#openMore();
  }

  #remove(connection: LaneConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index < 0) return;
    this.#connections.splice(index, 1);
    connection.driver.whenLost = undefined;
    this.#track(connection.driver.close());
  }

  #later(delayMs: number, act: () => void): DelayedCall {
    return ROOT_CONTEXT.runInAsyncScope(() => this.#clock.callLater(delayMs, act));
  }

  #track(settled: Promise<void>): void {
    this.#unsettled.add(settled);
    void settled.finally(() => this.#unsettled.delete(settled));
  }

  #failWaiting(error: () => Error): void {
    for (;;) {
      const job = this.#waiting.shift();
      if (job === undefined) break;
      job.fail(error());
    }
    this.#tellIdle();
  }

  /** One timer for the queue: the first has waited longest. */
  #limitWaiting(): void {
    const { waitTimeoutMs } = this.#settings;
    const first = this.#waiting.first?.value;
    if (waitTimeoutMs === 0 || first === undefined || this.#waitLimit !== undefined) return;
    const delayMs = Math.max(0, first.waitsSince + waitTimeoutMs - this.#clock.now());
    this.#waitLimit = this.#later(delayMs, () => {
      this.#waitLimit = undefined;
      this.#failExpired(this.#clock.now() - waitTimeoutMs);
      this.#limitWaiting();
    });
  }

  #stopLimit(): void {
    if (this.#waitLimit?.active()) this.#waitLimit.cancel();
    this.#waitLimit = undefined;
  }

  #failExpired(before: number): void {
    for (;;) {
      const job = this.#waiting.first?.value;
      if (job === undefined || job.waitsSince > before) break;
      job.leave();
      const { waitTimeoutMs } = this.#settings;
      job.fail(this.#exhausted('waitTimeoutMs', waitTimeoutMs));
    }
    this.#tellIdle();
  }

  #exhausted(option: 'maxWaiting' | 'waitTimeoutMs', limit: number): PoolExhaustedError {
    const held = this.#connections.filter((connection) => connection.held).length;
    return new PoolExhaustedError(option, limit, this.#connections.length, held);
  }

  #closeIdle(): void {
    this.#idleLimit = undefined;
    const { min, idleTimeoutMs } = this.#settings;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const connection of [...this.#connections].reverse()) {
      if (this.#connections.length <= min) return;
      if (connection.running > 0) continue;
      const left = connection.changedAt + idleTimeoutMs - now;
      if (left <= 0) this.#remove(connection);
      else next = Math.min(next, left);
    }
    if (next === Number.POSITIVE_INFINITY || this.#connections.length <= min) return;
    this.#idleLimit = this.#later(next, () => this.#closeIdle());
  }

  #stopTimers(): void {
    this.#stopLimit();
    if (this.#idleLimit?.active()) this.#idleLimit.cancel();
    if (this.#growth?.active()) this.#growth.cancel();
  }
}

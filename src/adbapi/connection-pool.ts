/** A pool of connections to one database. */
import type { Clock } from '../core/clock.js';
import type { SystemEvents, SystemEventTrigger } from '../core/system-event.js';
import { Deferred } from '../defer/deferred.js';
import { checkFunction, checkReactor } from '../internal/check.js';
import { showAsText } from '../internal/shown-as-text.js';
import { callLaterOrNow } from './call-later-or-now.js';
import { checkDriver } from './check-driver.js';
import { DatabaseConnection } from './database-connection.js';
import type {
  DatabaseDriver,
  DriverConnection,
  Row,
  StatementCall,
  StatementResult,
} from './database-driver.js';
import { Lane } from './lane.js';
import { type Lease, LeaseJob } from './lane-job.js';
import { type ConnectionPoolOptions, type PoolSettings, poolSettings } from './pool-settings.js';
import { untilAborted } from './scope.js';
import { Session } from './session.js';
import { limitOf, StatementJob } from './statement-job.js';
import {
  checkIndependent,
  checkScript,
  checkStatementOptions,
  NO_PARAMETERS,
  NO_STATEMENT_OPTIONS,
  type StatementOptions,
  type StatementRunner,
  type StreamOptions,
  type StreamRequest,
  streamRequest,
} from './statements.js';
import { type Interaction, transact } from './transaction.js';
import {
  checkInteractionOptions,
  checkWithConnectionOptions,
  type InteractionOptions,
  transactionStatements,
  type WithConnectionOptions,
} from './transaction-options.js';

/** A reactor, as far as a pool uses it. */
export type PoolReactor = Clock &
  Pick<SystemEvents, 'addSystemEventTrigger' | 'removeSystemEventTrigger'>;

/** The state of a pool. */
export interface PoolStatistics {
  /** Open connections. */
  readonly open: number;
  /** Connections being opened. */
  readonly opening: number;
  /** Open connections that run a statement or are in use. */
  readonly busy: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/**
 * Runs statements on the connections of a pool, like Twisted's `adbapi.ConnectionPool`. Connections are opened when they are
 * needed; one that was lost is replaced by the next call. Calls are never repeated.
 *
 * When the reactor stops, unfinished calls have `closeTimeoutMs` to end; then the pool is closed.
 *
 * @example
 * const pool = new ConnectionPool(reactor, sqlite('guests.db'));
 * await pool.runOperation('INSERT INTO guests (name) VALUES (?)', ['Ada']);
 * const guests = await pool.runQuery<{ name: string }>('SELECT name FROM guests');
 */
export class ConnectionPool implements StatementRunner, AsyncDisposable {
  readonly #reactor: PoolReactor;
  readonly #driver: DatabaseDriver;
  readonly #settings: PoolSettings;
  /** For statements that may make changes. */
  readonly #writers: Lane;
  /** For statements that only read: the same, unless the database has a single writer. */
  readonly #readers: Lane;
  readonly #triggers: readonly SystemEventTrigger[];
  #closed: Promise<void> | undefined;

  /**
   * @param driver Made by `sqlite` or `postgres`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(reactor: PoolReactor, driver: DatabaseDriver, options: ConnectionPoolOptions = {}) {
    checkReactor('reactor', reactor);
    checkDriver(driver);
    const settings = poolSettings(options);
    this.#reactor = reactor;
    this.#driver = driver;
    this.#settings = settings;
    const max = Math.min(settings.max, driver.maxConnections);
    const min = Math.min(settings.min, max);
    if (driver.singleWriter && max > 1) {
      this.#writers = new Lane(reactor, driver, { ...settings, min: Math.min(min, 1), max: 1 });
      const readers = { ...settings, min: Math.max(0, min - 1), max: max - 1 };
      this.#readers = new Lane(reactor, driver, readers);
    } else {
      this.#writers = new Lane(reactor, driver, { ...settings, min, max });
      this.#readers = this.#writers;
    }
    this.#triggers = [
      reactor.addSystemEventTrigger('before', 'shutdown', () => this.#idle()),
      reactor.addSystemEventTrigger('during', 'shutdown', () => void this.close()),
    ];
  }

  runQuery<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<R[]> {
    checkIndependent(sql, parameters);
    const send = (connection: DriverConnection): StatementCall<StatementResult> =>
      connection.execute(sql, parameters);
    return this.#submit(this.#readers, sql, options, send, ({ rows }) => rows as R[]);
  }

  runOperation<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<StatementResult<R>> {
    checkIndependent(sql, parameters);
    const send = (connection: DriverConnection): StatementCall<StatementResult> =>
      connection.execute(sql, parameters);
    return this.#submit(
      this.#writers,
      sql,
      options,
      send,
      (result) => result as StatementResult<R>,
    );
  }

  /** A transaction that the script leaves open, without COMMIT or because a statement fails, is rolled back. */
  runScript(sql: string, options: StatementOptions = NO_STATEMENT_OPTIONS): Deferred<void> {
    checkScript(sql);
    checkStatementOptions(options);
    const { signal } = options;
    return this.runWithConnection((connection) => connection.runScript(sql, options), {
      ...(signal && { signal }),
    });
  }

  streamRows<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StreamOptions = {},
  ): AsyncGenerator<R, undefined> {
    return this.#stream<R>(streamRequest(sql, parameters, options));
  }

  /**
   * Runs a function whose statements are a transaction. It is committed when the promise of the function is fulfilled, and
   * rolled back if it is rejected, if the function throws, and if the call is cancelled; its statements fail from then on.
   *
   * Statements of the transaction are those of its argument: calls of the pool itself use other connections.
   *
   * @returns The result of the function, after the commit. It fails with the error of the function, after the rollback, with
   * TransactionAbortedError if the database had rolled back because of an earlier failure, and with the errors of
   * {@link runQuery}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  runInteraction<T>(interaction: Interaction<T>, options: InteractionOptions = {}): Deferred<T> {
    checkFunction('interaction', interaction);
    checkInteractionOptions(options);
    const statements = transactionStatements(this.#driver, options);
    const lane = options.readOnly === true ? this.#readers : this.#writers;
    const run = async (session: Session, signal: AbortSignal): Promise<T> =>
      transact(session, statements, interaction, signal, 0);
    return this.#withSession(lane, run, options.signal);
  }

  /**
   * Runs a function that has a connection to itself, without a transaction. A transaction that it left open is rolled back.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  runWithConnection<T>(
    use: (connection: DatabaseConnection) => T | PromiseLike<T>,
    options: WithConnectionOptions = {},
  ): Deferred<T> {
    checkFunction('use', use);
    checkWithConnectionOptions(options);
    const run = async (session: Session, signal: AbortSignal): Promise<T> => {
      const connection = new DatabaseConnection(session, this.#driver);
      try {
        return await untilAborted(() => use(connection), signal);
      } finally {
        connection.end();
        if (signal.aborted) session.cancelRunning();
        await session.quiet();
        await session.connection.reset();
      }
    };
    return this.#withSession(this.#writers, run, options.signal);
  }

  statistics(): PoolStatistics {
    const lanes = new Set([this.#writers, this.#readers]);
    const statistics = { open: 0, opening: 0, busy: 0, waiting: 0 };
    for (const lane of lanes) {
      statistics.open += lane.open;
      statistics.opening += lane.opening;
      statistics.busy += lane.busy;
      statistics.waiting += lane.waiting;
    }
    return statistics;
  }

  /**
   * Closes the pool: new calls fail with PoolClosedError, accepted ones are completed. Those that have not ended after
   * `closeTimeoutMs` fail, and their connections are ended.
   * @returns Fulfilled when all connections are closed.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  toString(): string {
    const { open, busy, waiting } = this.statistics();
    return `<ConnectionPool to ${this.#driver.database}, ${open} connections, ${busy} busy, ${waiting} waiting calls>`;
  }

  async *#stream<R extends object>(request: StreamRequest): AsyncGenerator<R, undefined> {
    const { connection, release } = await this.#lease(this.#readers, request.options.signal);
    try {
      yield* this.#session(connection).stream<R>(request, false);
    } finally {
      release();
    }
  }

  #submit<R, T>(
    lane: Lane,
    sql: string,
    options: StatementOptions,
    send: (connection: DriverConnection) => StatementCall<R>,
    pick: (result: R) => T,
  ): Deferred<T> {
    checkStatementOptions(options);
    const timeoutMs = limitOf(options, this.#settings.statementTimeoutMs);
    const request = { clock: this.#reactor, sql, timeoutMs, send };
    const job = new StatementJob(request, pick, options.signal);
    if (!job.deferred.fired) lane.submit(job);
    return job.deferred;
  }

  #withSession<T>(
    lane: Lane,
    run: (session: Session, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Deferred<T> {
    const deferred = Deferred.fromPromise(async (cancelled) => {
      const { connection, release } = await this.#lease(lane, cancelled);
      try {
        return await run(this.#session(connection), cancelled);
      } finally {
        release();
      }
    });
    return signal === undefined ? deferred : deferred.cancelOn(signal);
  }

  #lease(lane: Lane, signal: AbortSignal | undefined): Deferred<Lease> {
    const job = new LeaseJob();
    if (signal !== undefined) job.deferred.cancelOn(signal);
    if (!job.deferred.fired) lane.submit(job);
    return job.deferred;
  }

  #session(connection: DriverConnection): Session {
    return new Session(connection, this.#reactor, this.#settings.statementTimeoutMs);
  }

  async #close(): Promise<void> {
    for (const trigger of this.#triggers) this.#removeTrigger(trigger);
    const lanes = new Set([this.#writers, this.#readers]);
    const { closeTimeoutMs } = this.#settings;
    const closed = Promise.all([...lanes].map((lane) => lane.close()));
    const limit = callLaterOrNow(this.#reactor, closeTimeoutMs, () => destroyAll(lanes));
    await closed;
    if (limit?.active()) limit.cancel();
  }

  /** A trigger that has been called is not registered any more. */
  #removeTrigger(trigger: SystemEventTrigger): void {
    try {
      this.#reactor.removeSystemEventTrigger(trigger);
    } catch {}
  }

  /** Fulfilled when all calls have ended, and not later than `closeTimeoutMs`. */
  async #idle(): Promise<void> {
    const idle = new Deferred<void>();
    const limit = this.#reactor.callLater(this.#settings.closeTimeoutMs, () => idle.callback());
    await Promise.race([idle, Promise.all([this.#writers.idle(), this.#readers.idle()])]);
    if (limit.active()) limit.cancel();
  }
}

showAsText(ConnectionPool);

function destroyAll(lanes: Iterable<Lane>): void {
  for (const lane of lanes) lane.destroy();
}

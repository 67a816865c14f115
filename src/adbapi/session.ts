/** The statements of one function that has a connection to itself. */
import type { Clock } from '../core/clock.js';
import type { Deferred } from '../defer/deferred.js';
import type {
  DriverConnection,
  Row,
  RowSource,
  StatementCall,
  StatementResult,
} from './database-driver.js';
import { limitOf, StatementJob } from './statement-job.js';
import {
  checkScript,
  checkStatement,
  checkStatementOptions,
  NO_PARAMETERS,
  NO_STATEMENT_OPTIONS,
  type StatementOptions,
  type StreamRequest,
} from './statements.js';

interface Cancellable {
  cancel(): void;
}

export class Session {
  readonly connection: DriverConnection;
  readonly #clock: Clock;
  readonly #statementTimeoutMs: number;
  readonly #running: Set<Cancellable> = new Set<Cancellable>();
  #whenQuiet: (() => void)[] = [];

  constructor(connection: DriverConnection, clock: Clock, statementTimeoutMs: number) {
    this.connection = connection;
    this.#clock = clock;
    this.#statementTimeoutMs = statementTimeoutMs;
  }

  execute<T>(
    sql: string,
    parameters: readonly unknown[],
    options: StatementOptions,
    pick: (result: StatementResult) => T,
  ): Deferred<T> {
    checkStatement(sql, parameters);
    checkStatementOptions(options);
    return this.run(sql, options, (connection) => connection.execute(sql, parameters), pick);
  }

  runScript(sql: string, options: StatementOptions): Deferred<void> {
    checkScript(sql);
    checkStatementOptions(options);
    return this.run(
      sql,
      options,
      (connection) => connection.runScript(sql),
      () => undefined,
    );
  }

  /** A statement of the framework itself, such as COMMIT. */
  async perform(sql: string): Promise<void> {
    await this.execute(sql, NO_PARAMETERS, NO_STATEMENT_OPTIONS, () => undefined);
  }

  async *stream<R extends object>(
    request: StreamRequest,
    inTransaction: boolean,
  ): AsyncGenerator<R, undefined> {
    const { sql, parameters, options, batchSize } = request;
    const source = this.connection.openRows(sql, parameters, batchSize, inTransaction);
    try {
      for (;;) {
        const rows = await this.#next(sql, source, options);
        if (rows.length === 0) return;
        yield* rows as R[];
      }
    } finally {
      await this.quiet();
      await source.close();
    }
  }

  run<R, T>(
    sql: string,
    options: StatementOptions,
    send: (connection: DriverConnection) => StatementCall<R>,
    pick: (result: R) => T,
  ): Deferred<T> {
    const timeoutMs = limitOf(options, this.#statementTimeoutMs);
    const request = { clock: this.#clock, sql, timeoutMs, send };
    const job = new StatementJob(request, pick, options.signal);
    if (job.deferred.fired) return job.deferred;
    this.#running.add(job);
    job.start(this.connection, () => this.#ended(job));
    return job.deferred;
  }

  /** Asks the database to stop the running statements. */
  cancelRunning(): void {
    for (const job of this.#running) job.cancel();
  }

  /** Fulfilled when no statement runs. */
  async quiet(): Promise<void> {
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  #next(sql: string, source: RowSource, options: StatementOptions): Deferred<Row[]> {
    return this.run(
      sql,
      options,
      () => source.next(),
      (rows) => rows,
    );
  }

  #ended(job: Cancellable): void {
    this.#running.delete(job);
    if (this.#running.size > 0) return;
    const waiters = this.#whenQuiet;
    this.#whenQuiet = [];
    for (const resolve of waiters) resolve();
  }
}

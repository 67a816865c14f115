/** A connection to PostgreSQL, by a client of the package `pg`. */
import type { Clock, DelayedCall } from '../../core/clock.js';
import { Deferred } from '../../defer/deferred.js';
import { callLaterOrNow } from '../call-later-or-now.js';
import type {
  DriverConnection,
  RowSource,
  StatementCall,
  StatementResult,
} from '../database-driver.js';
import { TransactionAbortedError } from '../errors.js';
import type { Pg, PgClient, PgQuery, PgResult } from './pg-client.js';
import { PostgresRows } from './postgres-rows.js';
import { PreparedStatements } from './prepared-statements.js';
import { requestCancel } from './request-cancel.js';
import { postgresError } from './sql-states.js';

/** How long a statement may continue after it was cancelled, before its connection is ended; likewise an orderly end. */
const END_MS = 5000;
/** Time between two requests to cancel. */
const REPEAT_MS = 250;

export class PostgresConnection implements DriverConnection {
  whenLost: (() => void) | undefined = undefined;
  readonly #pg: Pg;
  readonly #client: PgClient;
  readonly #clock: Clock;
  readonly #settings: object;
  readonly #prepared: PreparedStatements;
  #state: 'open' | 'worn' | 'lost' = 'open';
  /** The number of statements without an outcome. */
  #running = 0;
  #ending: DelayedCall | undefined;
  #lastCursor = 0;

  constructor(
    pg: Pg,
    client: PgClient,
    settings: object,
    preparedStatements: number,
    clock: Clock,
  ) {
    this.#pg = pg;
    this.#client = client;
    this.#settings = settings;
    this.#clock = clock;
    this.#prepared = new PreparedStatements(preparedStatements);
    client.on('error', () => this.#lose());
    client.on('end', () => this.#lose());
  }

  get usable(): boolean {
    return this.#state === 'open';
  }

  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult> {
    const name = this.#prepared.nameOf(sql);
    // pg copies objects, which is slow. Text without parameters would be allowed to have several statements.
    const isPlain = name === undefined && parameters.length > 0;
    const query = isPlain
      ? sql
      : { text: sql, queryMode: 'extended' as const, ...(name && { name }) };
    const call = this.#send(sql, query, parameters);
    const excess = this.#prepared.excess();
    if (excess !== undefined) this.#deallocate(excess);
    return call;
  }

  runScript(sql: string): StatementCall<StatementResult> {
    return this.#send(sql, sql);
  }

  openRows(
    sql: string,
    parameters: readonly unknown[],
    batchSize: number,
    inTransaction: boolean,
  ): RowSource {
    this.#lastCursor += 1;
    return new PostgresRows(this, sql, parameters, batchSize, inTransaction, this.#lastCursor);
  }

  async reset(): Promise<void> {
    if (!this.usable || this.#client.getTransactionStatus() === 'I') return;
    try {
      await this.#send('ROLLBACK', 'ROLLBACK').result;
    } catch {
      this.destroy();
    }
  }

  close(): Promise<void> {
    if (this.#state === 'lost') return Promise.resolve();
    this.#state = 'worn';
    return new Promise((resolve) => {
      const limit = callLaterOrNow(this.#clock, END_MS, () => this.destroy());
      this.#client.end(() => {
        if (limit?.active()) limit.cancel();
        resolve();
      });
    });
  }

  destroy(): void {
    this.#client.connection.stream.destroy();
    this.#lose();
  }

  #send(
    text: string,
    query: string | PgQuery,
    values?: readonly unknown[],
  ): StatementCall<StatementResult> {
    const result = new Deferred<StatementResult>();
    const client = this.#client;
    this.#running += 1;
    const committing = client.getTransactionStatus() !== 'T' || text === 'COMMIT';
    client.query(query, values, (error, outcome) => {
      if (error !== null && error !== undefined) this.#failed(result, error, text, committing);
      else this.#succeeded(result, outcome, text);
    });
    return { result, cancel: () => this.#cancel(result) };
  }

  #succeeded(
    result: Deferred<StatementResult>,
    outcome: PgResult | PgResult[],
    text: string,
  ): void {
    this.#ended();
    // A script has an outcome for each of its statements.
    const last = Array.isArray(outcome) ? outcome.at(-1) : outcome;
    if (text === 'COMMIT' && last?.command === 'ROLLBACK') {
      result.errback(new TransactionAbortedError());
      return;
    }
    const { rows = [], rowCount } = last ?? {};
    result.callback({ rows, rowsAffected: rowCount ?? 0, lastInsertRowId: undefined });
  }

  #failed(
    result: Deferred<StatementResult>,
    cause: Error,
    text: string,
    committing: boolean,
  ): void {
    this.#ended();
    this.#prepared.forget(text);
    result.errback(postgresError(cause, text, committing));
  }

  /**
   * The request may arrive after the statement has ended, and then stop the next one. The connection is therefore not used again.
   */
  #cancel(result: Deferred<StatementResult>): void {
    if (result.fired || this.#state !== 'open') return;
    this.#state = 'worn';
    this.#insist(END_MS / REPEAT_MS);
  }

  /** The server ignores a request that arrives before it has begun the statement. */
  #insist(times: number): void {
    if (times === 0) {
      this.destroy();
      return;
    }
    requestCancel(this.#pg, this.#client, this.#settings);
    const again = (): void => this.#insist(times - 1);
    this.#ending = callLaterOrNow(this.#clock, REPEAT_MS, again, () => this.destroy());
  }

  #ended(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#stopEnding();
  }

  #stopEnding(): void {
    if (this.#ending?.active()) this.#ending.cancel();
    this.#ending = undefined;
  }

  /** Nobody waits for it: the server answers before the next statement. */
  #deallocate(name: string): void {
    delete this.#client.connection.parsedStatements[name];
    this.#client.query(`DEALLOCATE ${name}`, undefined, () => {});
  }

  #lose(): void {
    if (this.#state === 'lost') return;
    this.#state = 'lost';
    this.#stopEnding();
    this.whenLost?.();
  }
}

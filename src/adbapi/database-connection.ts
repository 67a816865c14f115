/** A connection that one function has to itself. */
import { Deferred } from '../defer/deferred.js';
import { checkFunction } from '../internal/check.js';
import type {
  DatabaseDriver,
  Row,
  StatementResult,
  TransactionOptions,
} from './database-driver.js';
import { TransactionEndedError } from './errors.js';
import type { Scope } from './scope.js';
import type { Session } from './session.js';
import {
  NO_PARAMETERS,
  NO_STATEMENT_OPTIONS,
  type StatementOptions,
  type StatementRunner,
  type StreamOptions,
  streamRequest,
} from './statements.js';
import { type Interaction, transact } from './transaction.js';
import { checkTransactionOptions, transactionStatements } from './transaction-options.js';

/**
 * A connection, as the function of `runWithConnection` gets it: for statements that must run on the same connection without being a
 * transaction, such as those that set its properties. Each statement is committed by itself.
 */
export class DatabaseConnection implements StatementRunner, Scope {
  readonly #session: Session;
  readonly #driver: DatabaseDriver;
  #ended = false;

  /** @internal */
  constructor(session: Session, driver: DatabaseDriver) {
    this.#session = session;
    this.#driver = driver;
  }

  runQuery<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<R[]> {
    this.#check();
    return this.#session.execute(sql, parameters, options, ({ rows }) => rows as R[]);
  }

  runOperation<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<StatementResult<R>> {
    this.#check();
    return this.#session.execute(
      sql,
      parameters,
      options,
      (result) => result as StatementResult<R>,
    );
  }

  streamRows<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StreamOptions = {},
  ): AsyncGenerator<R, undefined> {
    this.#check();
    return this.#session.stream<R>(streamRequest(sql, parameters, options), false);
  }

  runScript(sql: string, options: StatementOptions = NO_STATEMENT_OPTIONS): Deferred<void> {
    this.#check();
    return this.#session.runScript(sql, options);
  }

  /** Runs a function whose statements are a transaction on this connection. Run one at a time. */
  runInteraction<T>(interaction: Interaction<T>, options: TransactionOptions = {}): Deferred<T> {
    this.#check();
    checkFunction('interaction', interaction);
    checkTransactionOptions(options);
    const statements = transactionStatements(this.#driver, options);
    return Deferred.fromPromise((signal) =>
      transact(this.#session, statements, interaction, signal, 0),
    );
  }

  /** @internal Later statements fail. */
  end(): void {
    this.#ended = true;
  }

  #check(): void {
    if (this.#ended) throw new TransactionEndedError('connection');
  }
}

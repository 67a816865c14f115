/** Statements that take effect together or not at all. */
import { isInstance } from '../core/text-of.js';
import { Deferred } from '../defer/deferred.js';
import { checkFunction } from '../internal/check.js';
import type { Row, StatementResult } from './database-driver.js';
import {
  DatabaseError,
  StatementTimeoutError,
  TransactionAbortedError,
  TransactionEndedError,
} from './errors.js';
import { type Scope, untilAborted } from './scope.js';
import type { Session } from './session.js';
import {
  NO_PARAMETERS,
  NO_STATEMENT_OPTIONS,
  type StatementOptions,
  type StatementRunner,
  type StreamOptions,
  type StreamRequest,
  streamRequest,
} from './statements.js';

/** A function whose statements are a transaction. */
export type Interaction<T> = (transaction: Transaction) => T | PromiseLike<T>;

/** The statements that begin and end a transaction or a savepoint. */
export interface TransactionStatements {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
}

/**
 * A transaction, as the function of `runInteraction` gets it. Statements may be started without waiting for the one before; they
 * run in order. After a failure that undoes more than its statement, all others fail with TransactionAbortedError.
 */
export class Transaction implements StatementRunner, Scope {
  readonly #session: Session;
  readonly #depth: number;
  /** Why no more statements are accepted. */
  #refusal: Error | undefined;
  #aborted: unknown;

  /** @internal */
  constructor(session: Session, depth: number) {
    this.#session = session;
    this.#depth = depth;
  }

  runQuery<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<R[]> {
    return this.#watched(
      () => this.#session.execute(sql, parameters, options, ({ rows }) => rows) as Deferred<R[]>,
    );
  }

  runOperation<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StatementOptions = NO_STATEMENT_OPTIONS,
  ): Deferred<StatementResult<R>> {
    return this.#watched(
      () =>
        this.#session.execute(sql, parameters, options, (result) => result) as Deferred<
          StatementResult<R>
        >,
    );
  }

  streamRows<R extends object = Row>(
    sql: string,
    parameters: readonly unknown[] = NO_PARAMETERS,
    options: StreamOptions = {},
  ): AsyncGenerator<R, undefined> {
    return this.#stream<R>(streamRequest(sql, parameters, options));
  }

  runScript(sql: string, options: StatementOptions = NO_STATEMENT_OPTIONS): Deferred<void> {
    return this.#watched(() => this.#session.runScript(sql, options));
  }

  /**
   * Runs a function whose statements are undone if it fails, while the rest of this transaction remains: a savepoint. Run one at a
   * time.
   * @returns The result of the function; it fails with the error of the function.
   */
  runInteraction<T>(interaction: Interaction<T>): Deferred<T> {
    checkFunction('interaction', interaction);
    const refusal = this.#refusal;
    return Deferred.fromPromise(async (signal) => {
      if (refusal !== undefined) throw refusal;
      const name = `ropewalk_${this.#depth + 1}`;
      const statements = {
        begin: `SAVEPOINT ${name}`,
        commit: `RELEASE SAVEPOINT ${name}`,
        rollback: `ROLLBACK TO SAVEPOINT ${name}`,
      };
      try {
        return await transact(this.#session, statements, interaction, signal, this.#depth + 1);
      } catch (error) {
        if (undoes(error, 'transaction')) this.#noteError(error);
        throw error;
      }
    });
  }

  /** @internal Later statements fail. */
  end(): void {
    this.#refusal = new TransactionEndedError('transaction');
  }

  /** @internal The failure that prevents a commit. */
  get aborted(): unknown {
    return this.#aborted;
  }

  async *#stream<R extends object>(request: StreamRequest): AsyncGenerator<R, undefined> {
    if (this.#refusal !== undefined) throw this.#refusal;
    try {
      yield* this.#session.stream<R>(request, true);
    } catch (error) {
      this.#noteError(error);
      throw error;
    }
  }

  #watched<T>(run: () => Deferred<T>): Deferred<T> {
    if (this.#refusal !== undefined) {
      const { cause } = this.#refusal;
      const aborted = this.#refusal instanceof TransactionAbortedError;
      return failed(aborted ? new TransactionAbortedError(cause) : this.#refusal);
    }
    return run().addErrback((failure) => {
      this.#noteError(failure.value);
      return failure;
    }) as Deferred<T>;
  }

  #noteError(error: unknown): void {
    if (this.#refusal !== undefined || !undoes(error, 'savepoint')) return;
    this.#aborted = error;
    this.#refusal = new TransactionAbortedError(error);
  }
}

/** Runs a function between BEGIN and COMMIT, or ROLLBACK if it fails or `signal` aborts. */
export async function transact<T>(
  session: Session,
  statements: TransactionStatements,
  interaction: Interaction<T>,
  signal: AbortSignal,
  depth: number,
): Promise<T> {
  await session.perform(statements.begin);
  const transaction = new Transaction(session, depth);
  try {
    const result = await untilAborted(() => interaction(transaction), signal);
    await session.quiet();
    transaction.end();
    if (transaction.aborted !== undefined) throw new TransactionAbortedError(transaction.aborted);
    await session.perform(statements.commit);
    return result;
  } catch (error) {
    transaction.end();
    session.cancelRunning();
    await session.quiet();
    await rollBack(session, statements);
    throw error;
  }
}

/** A connection whose state is unknown is not used again. */
async function rollBack(
  session: Session,
  { rollback, commit }: TransactionStatements,
): Promise<void> {
  if (!session.connection.usable) return;
  try {
    await session.perform(rollback);
    if (commit !== 'COMMIT') await session.perform(commit);
  } catch {
    session.connection.destroy();
  }
}

/** Whether a failure undoes at least so much. A statement that was interrupted may have undone all. */
function undoes(error: unknown, part: 'savepoint' | 'transaction'): boolean {
  if (isInstance(error, StatementTimeoutError)) return true;
  if (isInstance(error, TransactionAbortedError)) return undoes(error.cause, part);
  if (!isInstance(error, DatabaseError)) return false;
  return error.undone === 'transaction' || error.undone === part;
}

function failed<T>(error: Error): Deferred<T> {
  const deferred = new Deferred<T>();
  deferred.errback(error);
  return deferred;
}

/** The errors of databases and of pools of connections to them. */
import { RopewalkError } from '../core/errors/base.js';
import { messageOf } from '../core/text-of.js';

/**
 * The part of the work that a failed statement undoes: only the statement; also the innermost savepoint or transaction, which
 * accepts no more statements; or the whole transaction.
 */
export type Undone = 'statement' | 'savepoint' | 'transaction';

/** The report of a database about a failed statement. */
export interface DatabaseReport {
  readonly message: string;
  /** PostgreSQL: the SQLSTATE, such as `23505`. SQLite: the name of the result code, such as `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly databaseCode: string;
  readonly sql: string;
  readonly undone: Undone;
  readonly cause?: unknown;
}

/** Base of the errors that a database reports for a statement. `cause` is the error of the driver. */
export abstract class DatabaseError extends RopewalkError {
  /** PostgreSQL: the SQLSTATE, such as `23505`. SQLite: the name of the result code, such as `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly databaseCode: string;
  /** The statement, without its parameters. */
  readonly sql: string;
  /** The part of the work that the failure undoes. */
  readonly undone: Undone;

  constructor(report: DatabaseReport) {
    super(report.message, report.cause === undefined ? undefined : { cause: report.cause });
    this.databaseCode = report.databaseCode;
    this.sql = report.sql;
    this.undone = report.undone;
  }
}

/** The database rejects the statement: its syntax, a name in it, the type or number of its parameters, or a missing permission. */
export class StatementError extends DatabaseError {
  override readonly name = 'StatementError';
  override readonly code = 'ERR_DATABASE_STATEMENT';
}

/** The statement violates a constraint: unique, primary or foreign key, not null, check. */
export class ConstraintError extends DatabaseError {
  override readonly name = 'ConstraintError';
  override readonly code = 'ERR_DATABASE_CONSTRAINT';
}

/** Another connection, perhaps of another program, holds a lock for longer than the time allowed. Nothing was changed. */
export class DatabaseBusyError extends DatabaseError {
  override readonly name = 'DatabaseBusyError';
  override readonly code = 'ERR_DATABASE_BUSY';
}

/** Simultaneous transactions conflict: a deadlock, or changes that cannot be serialized. Run the transaction again. */
export class TransactionConflictError extends DatabaseError {
  override readonly name = 'TransactionConflictError';
  override readonly code = 'ERR_TRANSACTION_CONFLICT';
}

/** The disk, or the space permitted to the database, is full. */
export class DatabaseFullError extends DatabaseError {
  override readonly name = 'DatabaseFullError';
  override readonly code = 'ERR_DATABASE_FULL';
}

/** The files of the database are damaged, or are no database. */
export class DatabaseCorruptError extends DatabaseError {
  override readonly name = 'DatabaseCorruptError';
  override readonly code = 'ERR_DATABASE_CORRUPT';
}

/** The database failed for a reason outside of the statement: reading or writing its files, memory, an internal error. */
export class DatabaseFailureError extends DatabaseError {
  override readonly name = 'DatabaseFailureError';
  override readonly code = 'ERR_DATABASE_FAILURE';
}

/** The connection ended while a statement ran. Its changes are rolled back, except as {@link committing} says. */
export class DatabaseConnectionLostError extends DatabaseError {
  override readonly name = 'DatabaseConnectionLostError';
  override readonly code = 'ERR_DATABASE_CONNECTION_LOST';
  /** Whether the statement commits: a COMMIT, or a change outside a transaction. Then the changes may have been made. */
  readonly committing: boolean;

  constructor(report: DatabaseReport, committing: boolean) {
    super(report);
    this.committing = committing;
  }
}

/** No connection to the database could be made; `cause` is the reason. */
export class DatabaseConnectError extends RopewalkError {
  override readonly name = 'DatabaseConnectError';
  override readonly code = 'ERR_DATABASE_CONNECT';
  /** The path of the file, or the host and name of the database. */
  readonly database: string;

  constructor(database: string, cause: unknown) {
    super(`cannot connect to ${database}: ${messageOf(cause)}`, { cause });
    this.database = database;
  }
}

/** A statement ran for longer than its time limit, and was interrupted. */
export class StatementTimeoutError extends RopewalkError {
  override readonly name = 'StatementTimeoutError';
  override readonly code = 'ERR_STATEMENT_TIMEOUT';
  readonly sql: string;
  readonly timeoutMs: number;

  constructor(sql: string, timeoutMs: number) {
    super(`the statement ran for longer than ${timeoutMs} ms: ${shortened(sql)}`);
    this.sql = sql;
    this.timeoutMs = timeoutMs;
  }
}

/** All connections are in use, and the limit of waiting calls or of their waiting time was reached. */
export class PoolExhaustedError extends RopewalkError {
  override readonly name = 'PoolExhaustedError';
  override readonly code = 'ERR_POOL_EXHAUSTED';
  /** The option that sets the limit. */
  readonly option: 'maxWaiting' | 'waitTimeoutMs';
  readonly limit: number;
  /** The number of connections. */
  readonly connections: number;
  /** How many of them a function or loop has to itself: `runInteraction`, `runWithConnection`, `runScript`, `streamRows`. */
  readonly held: number;

  constructor(
    option: 'maxWaiting' | 'waitTimeoutMs',
    limit: number,
    connections: number,
    held: number,
  ) {
    const reached =
      option === 'maxWaiting'
        ? `${limit} calls wait already (maxWaiting)`
        : `none became free within ${limit} ms (waitTimeoutMs)`;
    const whose =
      held === 0
        ? ''
        : `. Functions or loops have ${held} to themselves: one that waits for a call of the pool, instead of its argument, waits for itself`;
    const all = connections === 1 ? 'the connection is' : `all ${connections} connections are`;
    super(`${all} in use, and ${reached}${whose}`);
    this.option = option;
    this.limit = limit;
    this.connections = connections;
    this.held = held;
  }
}

/** The pool was closed. */
export class PoolClosedError extends RopewalkError {
  override readonly name = 'PoolClosedError';
  override readonly code = 'ERR_POOL_CLOSED';

  constructor() {
    super('the pool of connections is closed');
  }
}

/** The transaction, or the use of the connection, was over when the statement was to run. */
export class TransactionEndedError extends RopewalkError {
  override readonly name = 'TransactionEndedError';
  override readonly code = 'ERR_TRANSACTION_ENDED';

  constructor(subject: 'connection' | 'transaction') {
    super(
      `the function that was called with this ${subject} has ended. Wait for all statements before it returns`,
    );
  }
}

/** The transaction was rolled back, because a statement had failed; `cause` is the error of that statement. */
export class TransactionAbortedError extends RopewalkError {
  override readonly name = 'TransactionAbortedError';
  override readonly code = 'ERR_TRANSACTION_ABORTED';

  constructor(cause?: unknown) {
    const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
    super(`the transaction is rolled back, because a statement failed${why}`, { cause });
  }
}

/** For messages: long statements are cut. */
function shortened(sql: string): string {
  return sql.length <= 100 ? sql : `${sql.slice(0, 100)}…`;
}

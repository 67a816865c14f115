/**
 * The contract between a pool of connections and the kinds of databases. A driver only translates: the pool decides which
 * connection runs which statement, and when it has taken too long.
 */
import type { Clock } from '../core/clock.js';
import type { Deferred } from '../defer/deferred.js';

/** A row: its values by the names of the columns. */
export type Row = Record<string, unknown>;

/** The outcome of a statement. */
export interface StatementResult<R extends object = Row> {
  /** Empty if the statement returns no rows. */
  readonly rows: R[];
  /** The number of rows inserted, changed or deleted, or else returned. */
  readonly rowsAffected: number;
  /** SQLite: the `rowid` of the row inserted last by this connection. Undefined for PostgreSQL: use `RETURNING`. */
  readonly lastInsertRowId: number | bigint | undefined;
}

/** Properties of a transaction. A database refuses those that it does not have. */
export interface TransactionOptions {
  /** PostgreSQL. Default: that of the database, usually `read committed`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Whether the database rejects changes. Default false. */
  readonly readOnly?: boolean;
}

/** A statement that was sent to the database. */
export interface StatementCall<T> {
  /** Fires when the database has finished the statement, cancelled or not. It cannot be cancelled itself. */
  readonly result: Deferred<T>;
  /** Asks the database to stop the statement. */
  cancel(): void;
}

/** The rows of a statement, in batches. The connection runs nothing else meanwhile. */
export interface RowSource {
  /** The next rows; an empty array at the end. */
  next(): StatementCall<Row[]>;
  /** Ends the statement. Does not fail. */
  close(): Promise<void>;
}

/** One connection. */
export interface DriverConnection {
  /** Called at most once, if the connection can no longer be used. Set by the pool. */
  whenLost: (() => void) | undefined;
  /** False if the connection is lost, or must be closed instead of being used again. */
  readonly usable: boolean;
  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult>;
  /** Runs any number of statements without parameters. */
  runScript(sql: string): StatementCall<StatementResult>;
  /** @param inTransaction Whether a transaction is open. */
  openRows(
    sql: string,
    parameters: readonly unknown[],
    batchSize: number,
    inTransaction: boolean,
  ): RowSource;
  /** Rolls back a transaction that was left open. */
  reset(): Promise<void>;
  /** Closes it in an orderly way. Does not fail. */
  close(): Promise<void>;
  /** Ends it at once: pending statements fail. */
  destroy(): void;
}

/** A kind of database, and where it is. Made by `sqlite` or `postgres`. */
export interface DatabaseDriver {
  /** For messages: the path of the file, or the host and name. */
  readonly database: string;
  /** The maximum number of connections: 1 for a database in memory. */
  readonly maxConnections: number;
  /** Whether only one connection at a time can make changes. */
  readonly singleWriter: boolean;
  /** The maximum number of independent statements that a connection accepts before it has answered the first. */
  readonly pipelineDepth: number;
  /** The statement that begins a transaction. @throws InvalidArgumentValueError the database has no such transactions. */
  beginStatement(options: TransactionOptions): string;
  /** @returns Rejected with DatabaseConnectError or MissingPackageError. */
  connect(clock: Clock): Promise<DriverConnection>;
}

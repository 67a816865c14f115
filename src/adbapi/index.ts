/** The entry point `ropewalk/adbapi`: databases without blocking the reactor. */
export { ConnectionPool, type PoolReactor, type PoolStatistics } from './connection-pool.js';
export type { DatabaseConnection } from './database-connection.js';
export type {
  DatabaseDriver,
  DriverConnection,
  Row,
  RowSource,
  StatementCall,
  StatementResult,
  TransactionOptions,
} from './database-driver.js';
export {
  ConstraintError,
  DatabaseBusyError,
  DatabaseConnectError,
  DatabaseConnectionLostError,
  DatabaseCorruptError,
  DatabaseError,
  DatabaseFailureError,
  DatabaseFullError,
  type DatabaseReport,
  PoolClosedError,
  PoolExhaustedError,
  StatementError,
  StatementTimeoutError,
  TransactionAbortedError,
  TransactionConflictError,
  TransactionEndedError,
  type Undone,
} from './errors.js';
export type { ConnectionPoolOptions } from './pool-settings.js';
export { postgres } from './postgres/postgres.js';
export type { PostgresOptions } from './postgres/postgres-options.js';
export { sqlite } from './sqlite/sqlite.js';
export type { SQLiteOptions } from './sqlite/sqlite-options.js';
export type { StatementOptions, StatementRunner, StreamOptions } from './statements.js';
export type { Interaction, Transaction } from './transaction.js';
export type { InteractionOptions, WithConnectionOptions } from './transaction-options.js';

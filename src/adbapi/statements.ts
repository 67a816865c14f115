/** The methods that run statements: of pools, of connections, and of transactions. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { Deferred } from '../defer/deferred.js';
import {
  checkAbortSignal,
  checkInteger,
  checkMilliseconds,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { Row, StatementResult } from './database-driver.js';

export interface StatementOptions {
  /** Cancels the statement, like `cancel` of the Deferred. */
  readonly signal?: AbortSignal;
  /** The time that the statement may take, waiting for a connection not included; 0 for no limit. Default: that of the pool. */
  readonly timeoutMs?: number;
}

export interface StreamOptions extends StatementOptions {
  /** The number of rows that are read at a time, 1 to 100,000. Default 200. The time limit applies to each reading. */
  readonly batchSize?: number;
}

/** Runs statements. Parameters are values for the placeholders: `?` or `$1` in SQLite, `$1` in PostgreSQL. */
export interface StatementRunner {
  /**
   * Runs a statement, which is independent of all others or part of the transaction, and returns its rows.
   * @returns It fails with a DatabaseError, StatementTimeoutError, PoolExhaustedError, PoolClosedError, DatabaseConnectError,
   * CancelledError; on transactions also TransactionEndedError or TransactionAbortedError.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  runQuery<R extends object = Row>(
    sql: string,
    parameters?: readonly unknown[],
    options?: StatementOptions,
  ): Deferred<R[]>;
  /** Like {@link runQuery}, for statements that make changes: the result has the number of affected rows. */
  runOperation<R extends object = Row>(
    sql: string,
    parameters?: readonly unknown[],
    options?: StatementOptions,
  ): Deferred<StatementResult<R>>;
  /**
   * Runs a statement and reads its rows in batches, as the loop asks for them. The connection is in use until the loop ends,
   * or `return()` is called.
   */
  streamRows<R extends object = Row>(
    sql: string,
    parameters?: readonly unknown[],
    options?: StreamOptions,
  ): AsyncIterableIterator<R>;
  /** Runs any number of statements, separated by semicolons, without parameters. Their rows are dropped. */
  runScript(sql: string, options?: StatementOptions): Deferred<void>;
}

export const NO_PARAMETERS: readonly unknown[] = [];
export const NO_STATEMENT_OPTIONS: StatementOptions = {};

const STATEMENT_OPTIONS: OptionNames<StatementOptions> = { signal: true, timeoutMs: true };
const STREAM_OPTIONS: OptionNames<StreamOptions> = { ...STATEMENT_OPTIONS, batchSize: true };
const DEFAULT_BATCH_SIZE = 200;
const MAX_BATCH_SIZE = 100_000;

/** @throws InvalidArgumentTypeError A parameter that is undefined is usually a mistyped property. */
export function checkStatement(sql: unknown, parameters: readonly unknown[]): void {
  checkText(sql);
  if (parameters === NO_PARAMETERS) return;
  if (!Array.isArray(parameters)) {
    throw new InvalidArgumentTypeError('parameters', 'an array', parameters);
  }
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i] === undefined) {
      throw new InvalidArgumentTypeError(`parameters[${i}]`, 'a value, or null', undefined);
    }
  }
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkStatementOptions(options: StatementOptions): void {
  if (options === NO_STATEMENT_OPTIONS) return;
  checkOptions('a statement', options, STATEMENT_OPTIONS);
  checkLimits(options);
}

/** A statement whose rows are read in batches. */
export interface StreamRequest {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly options: StatementOptions;
  readonly batchSize: number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function streamRequest(
  sql: string,
  parameters: readonly unknown[],
  options: StreamOptions,
): StreamRequest {
  checkStatement(sql, parameters);
  checkOptions('streamRows', options, STREAM_OPTIONS);
  checkLimits(options);
  const { batchSize = DEFAULT_BATCH_SIZE } = options;
  checkInteger('batchSize', batchSize, 1, MAX_BATCH_SIZE);
  return { sql, parameters, options, batchSize };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkScript(sql: unknown): void {
  checkText(sql);
}

const BEGINS = /^\s*(?:BEGIN|START\s+TRANSACTION|SAVEPOINT)\b/i;

/**
 * For statements on any connection: a transaction that one began would be that of the next calls too.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function checkIndependent(sql: unknown, parameters: readonly unknown[]): void {
  checkStatement(sql, parameters);
  if (!BEGINS.test(sql as string)) return;
  const hint = 'call runInteraction, or runWithConnection';
  throw new InvalidArgumentValueError('sql', 'a statement that begins no transaction', sql, hint);
}

/** Databases end text at a NUL. */
function checkText(sql: unknown): void {
  if (!checkString('sql', sql).includes('\0')) return;
  throw new InvalidArgumentValueError('sql', 'text without NUL characters', sql);
}

function checkLimits({ signal, timeoutMs }: StatementOptions): void {
  if (signal !== undefined) checkAbortSignal('signal', signal);
  if (timeoutMs !== undefined) checkMilliseconds('timeoutMs', timeoutMs);
}

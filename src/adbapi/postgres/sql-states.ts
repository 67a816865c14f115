/** The errors of PostgreSQL by their SQLSTATE (PostgreSQL, appendix A). */
import { messageOf } from '../../core/text-of.js';
import {
  ConstraintError,
  DatabaseBusyError,
  DatabaseConnectionLostError,
  DatabaseCorruptError,
  type DatabaseError,
  DatabaseFailureError,
  DatabaseFullError,
  type DatabaseReport,
  StatementError,
  TransactionConflictError,
} from '../errors.js';

type ErrorClass = new (report: DatabaseReport) => DatabaseError;

/** By the whole state, or by its class, the first two characters. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  '23': ConstraintError,
  '40': TransactionConflictError,
  '53': DatabaseFailureError,
  '53100': DatabaseFullError,
  '54': StatementError,
  '55P03': DatabaseBusyError,
  '57': DatabaseFailureError,
  '58': DatabaseFailureError,
  F0: DatabaseFailureError,
  XX: DatabaseFailureError,
  XX001: DatabaseCorruptError,
  XX002: DatabaseCorruptError,
};

/** The server ends the connection after these: it is shut down, has crashed, or ends the connection on request. 08P01: a wrong number of parameters. */
const FATAL = /^(?:08(?!P01)|57P0)/;

/** @param committing Whether the statement would have been committed at once. */
export function postgresError(cause: Error, sql: string, committing: boolean): DatabaseError {
  const { code } = cause as { code?: unknown };
  const message = messageOf(cause);
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state === undefined || FATAL.test(state)) {
    const databaseCode = state ?? '08006';
    const lost = `the connection to the database was lost: ${message}`;
    const report = { message: lost, databaseCode, sql, undone: 'transaction', cause } as const;
    return new DatabaseConnectionLostError(report, committing);
  }
  const Class = CLASSES[state] ?? CLASSES[state.slice(0, 2)] ?? StatementError;
  const undone = state.startsWith('40') ? 'transaction' : 'savepoint';
  return new Class({ message, databaseCode: state, sql, undone, cause });
}

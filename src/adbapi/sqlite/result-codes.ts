/** The errors of SQLite by their result codes (sqlite.org/rescode.html). */
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
  type Undone,
} from '../errors.js';

type ErrorClass = new (report: DatabaseReport) => DatabaseError;

interface ResultCode {
  readonly name: string;
  readonly Class: ErrorClass;
  /** Some failures may roll the whole transaction back (sqlite.org/lang_transaction.html). */
  readonly undone: Undone;
}

function code(name: string, Class: ErrorClass, undone: Undone = 'statement'): ResultCode {
  return { name: `SQLITE_${name}`, Class, undone };
}

/** The primary codes: the lowest eight bits. */
const PRIMARY: Readonly<Record<number, ResultCode>> = {
  1: code('ERROR', StatementError),
  2: code('INTERNAL', DatabaseFailureError, 'transaction'),
  3: code('PERM', DatabaseFailureError),
  4: code('ABORT', DatabaseFailureError, 'transaction'),
  5: code('BUSY', DatabaseBusyError, 'transaction'),
  6: code('LOCKED', DatabaseBusyError, 'transaction'),
  7: code('NOMEM', DatabaseFailureError, 'transaction'),
  8: code('READONLY', StatementError),
  9: code('INTERRUPT', DatabaseFailureError, 'transaction'),
  10: code('IOERR', DatabaseFailureError, 'transaction'),
  11: code('CORRUPT', DatabaseCorruptError, 'transaction'),
  13: code('FULL', DatabaseFullError, 'transaction'),
  14: code('CANTOPEN', DatabaseFailureError, 'transaction'),
  15: code('PROTOCOL', DatabaseBusyError, 'transaction'),
  17: code('SCHEMA', StatementError),
  18: code('TOOBIG', StatementError),
  19: code('CONSTRAINT', ConstraintError),
  20: code('MISMATCH', StatementError),
  21: code('MISUSE', StatementError),
  23: code('AUTH', StatementError),
  25: code('RANGE', StatementError),
  26: code('NOTADB', DatabaseCorruptError, 'transaction'),
};

const CONSTRAINTS: Readonly<Record<number, string>> = {
  275: 'CHECK',
  787: 'FOREIGNKEY',
  1299: 'NOTNULL',
  1555: 'PRIMARYKEY',
  1811: 'TRIGGER',
  2067: 'UNIQUE',
  2579: 'ROWID',
  3091: 'DATATYPE',
};

/** The package omits the code of some errors, whose messages are fixed. */
const MESSAGES: readonly (readonly [RegExp, number])[] = [
  [/^UNIQUE constraint failed/, 2067],
  [/^FOREIGN KEY constraint failed/, 787],
  [/^NOT NULL constraint failed/, 1299],
  [/^CHECK constraint failed/, 275],
  [/^datatype mismatch|^cannot store .* value in .* column/, 20],
  [/constraint failed/, 19],
  [/^database or disk is full/, 13],
  [/^database is locked/, 5],
  [/^database table is locked|^database schema is locked/, 6],
  [/^disk I\/O error/, 10],
  [/^database disk image is malformed|^malformed database schema/, 11],
  [/^file is not a database/, 26],
  [/^attempt to write a readonly database/, 8],
  [/^interrupted/, 9],
  [/^unable to open database file/, 14],
  [/^out of memory/, 7],
  [/^string or blob too big/, 18],
];

/** @param cause As it arrives from the thread. */
export function sqliteError(cause: Error, sql: string): DatabaseError {
  const message = messageOf(cause);
  const { errcode } = cause as { errcode?: unknown };
  const extended = typeof errcode === 'number' ? errcode : codeOf(message);
  const { name, Class, undone } = PRIMARY[extended & 0xff] ?? code(`${extended}`, StatementError);
  const constraint = CONSTRAINTS[extended];
  const databaseCode = constraint === undefined ? name : `${name}_${constraint}`;
  return new Class({ message, databaseCode, sql, undone, cause });
}

/** The thread of a connection ended. */
export function threadEnded(cause: Error, sql: string, committing: boolean): DatabaseError {
  const message = `the thread of the connection ended: ${messageOf(cause)}`;
  const report = {
    message,
    databaseCode: 'SQLITE_ABORT',
    sql,
    undone: 'transaction',
    cause,
  } as const;
  return new DatabaseConnectionLostError(report, committing);
}

function codeOf(message: string): number {
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? 1;
}

/** The options of an SQLite database, and their checks. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkMilliseconds,
  checkPlainObject,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { ThreadOptions } from '../../threads/index.js';
import type { OpenSettings } from './messages.js';

export interface SQLiteOptions {
  /** Whether changes are rejected, and a missing file is not created. Default false. */
  readonly readOnly?: boolean;
  /** How long a statement waits for a lock that another connection or program holds. Default 5,000. */
  readonly busyTimeoutMs?: number;
  /**
   * How transactions are made durable (sqlite.org/pragma.html#pragma_journal_mode). Default `wal`: reading and changing do not
   * wait for each other. The file keeps the mode, for all programs; `unchanged` leaves it as it is.
   */
  readonly journalMode?: 'wal' | 'delete' | 'truncate' | 'persist' | 'unchanged';
  /** Whether integers become `bigint`, instead of numbers, and errors if they are not exact. Default false. */
  readonly bigints?: boolean;
  /** The number of prepared statements that each connection keeps; those used last remain. Default 100. */
  readonly preparedStatements?: number;
  /** The options of the threads. */
  readonly thread?: ThreadOptions;
}

const OPTIONS: OptionNames<SQLiteOptions> = {
  readOnly: true,
  busyTimeoutMs: true,
  journalMode: true,
  bigints: true,
  preparedStatements: true,
  thread: true,
};

const JOURNAL_MODES = ['wal', 'delete', 'truncate', 'persist', 'unchanged'] as const;

/** The options, checked and complete. */
export interface SQLiteSettings extends OpenSettings {
  readonly thread: ThreadOptions;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function sqliteSettings(path: string, options: SQLiteOptions): SQLiteSettings {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new InvalidArgumentTypeError('path', 'the path of a file, or :memory:', path);
  }
  checkOptions('sqlite', options, OPTIONS);
  const { journalMode = 'wal', bigints = false, readOnly = false, thread = {} } = options;
  checkChoice('journalMode', journalMode, JOURNAL_MODES);
  checkPlainObject('thread', thread);
  return {
    path,
    readOnly: checkBoolean('readOnly', readOnly),
    busyTimeoutMs: checkMilliseconds('busyTimeoutMs', options.busyTimeoutMs ?? 5000),
    journalMode: journalMode === 'unchanged' ? undefined : journalMode,
    bigints: checkBoolean('bigints', bigints),
    preparedStatements: checkInteger(
      'preparedStatements',
      options.preparedStatements ?? 100,
      0,
      100_000,
    ),
    thread,
  };
}

/** SQLite in this process: the module of Node if there is one, or else a package with the same interface. */
import { createRequire } from 'node:module';
import { MissingPackageError } from '../../core/errors/tls.js';

const PACKAGE = '@photostructure/sqlite';

/** The outcome of a statement that returns no rows. */
export interface RunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

export interface Statement {
  all(...parameters: unknown[]): Record<string, unknown>[];
  run(...parameters: unknown[]): RunResult;
  iterate(...parameters: unknown[]): IterableIterator<Record<string, unknown>>;
  columns(): readonly unknown[];
  setReadBigInts(enabled: boolean): void;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface SQLiteModule {
  readonly DatabaseSync: new (
    path: string,
    options: { readonly readOnly: boolean; readonly timeout: number },
  ) => Database;
}

/** @throws MissingPackageError Node has no SQLite, and the package is not installed. */
export function loadSQLite(): SQLiteModule {
  const require = createRequire(import.meta.url);
  try {
    return require('node:sqlite') as SQLiteModule;
  } catch {
    // Node 20, or Node 22 without --experimental-sqlite.
  }
  try {
    return require(PACKAGE) as SQLiteModule;
  } catch (cause) {
    throw new MissingPackageError('sqlite', [PACKAGE], { cause });
  }
}

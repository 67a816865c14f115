/** SQLite as the database of a pool. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { MissingPackageError } from '../../core/errors/tls.js';
import type { DatabaseDriver, DriverConnection, TransactionOptions } from '../database-driver.js';
import { DatabaseConnectError } from '../errors.js';
import { PIPELINE_DEPTH } from './cells.js';
import { CONNECTION_MODULE, type ConnectionModule, openSQLite } from './sqlite-connection.js';
import { type SQLiteOptions, type SQLiteSettings, sqliteSettings } from './sqlite-options.js';

/**
 * An SQLite database, for a {@link ConnectionPool}. Each connection has a thread, so statements do not block the reactor. It uses
 * `node:sqlite` if this Node has it, or else the package `@photostructure/sqlite`, which must be installed beside this one.
 *
 * Placeholders are `?` or `$1`. Parameters are null, numbers, bigints, strings without NUL characters, booleans (stored as 0 and 1)
 * and bytes.
 * Foreign keys are enforced.
 *
 * One connection of the pool makes all changes, because SQLite has one writer at a time: `runOperation`, `runScript`,
 * `runInteraction` and `runWithConnection` use it, while `runQuery`, `streamRows` and read-only transactions use the others.
 *
 * @param path A file, which is created if it does not exist; or `:memory:`, for a database that ends with the pool.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function sqlite(path: string, options: SQLiteOptions = {}): DatabaseDriver {
  return new SQLiteDriver(sqliteSettings(path, options));
}

/** @internal */
export class SQLiteDriver implements DatabaseDriver {
  readonly database: string;
  readonly maxConnections: number;
  readonly singleWriter = true;
  readonly pipelineDepth: number = PIPELINE_DEPTH;
  readonly #settings: SQLiteSettings;
  readonly #module: ConnectionModule;

  /** @param module The module of the threads. */
  constructor(settings: SQLiteSettings, module: ConnectionModule = CONNECTION_MODULE) {
    this.#settings = settings;
    this.#module = module;
    this.database = settings.path;
    // Each connection to :memory: is a database of its own.
    this.maxConnections = settings.path === ':memory:' ? 1 : Number.POSITIVE_INFINITY;
  }

  /** A transaction locks the database at its beginning: otherwise two that read first could not go on to make changes. */
  beginStatement({ isolation, readOnly }: TransactionOptions): string {
    if (isolation !== undefined && isolation !== 'serializable') {
      throw new InvalidArgumentValueError('isolation', 'serializable for SQLite', isolation);
    }
    return readOnly === true ? 'BEGIN DEFERRED' : 'BEGIN IMMEDIATE';
  }

  async connect(): Promise<DriverConnection> {
    const { thread, ...settings } = this.#settings;
    try {
      return await openSQLite(
        settings,
        { name: `SQLite ${this.database}`, ...thread },
        this.#module,
      );
    } catch (cause) {
      if (cause instanceof MissingPackageError) throw cause;
      throw new DatabaseConnectError(this.database, cause);
    }
  }
}

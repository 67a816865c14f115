/** PostgreSQL as the database of a pool. */
import type { Clock } from '../../core/clock.js';
import type { DatabaseDriver, DriverConnection, TransactionOptions } from '../database-driver.js';
import { DatabaseConnectError } from '../errors.js';
import { loadPg, type PgClient, type PgTypes } from './pg-client.js';
import { PostgresConnection } from './postgres-connection.js';
import {
  type PostgresOptions,
  type PostgresSettings,
  postgresSettings,
} from './postgres-options.js';

/** The type `bigint` in PostgreSQL's table of types. */
const INT8 = 20;

/**
 * A PostgreSQL database, for a {@link ConnectionPool}. It uses the package `pg`, version 8.13 or later, which must be installed
 * beside this one and is loaded by the first connection. Placeholders are `$1`, `$2` and so on.
 *
 * Values have the types that `pg` gives them, except `bigint` columns: see {@link PostgresOptions.bigints}.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function postgres(options: PostgresOptions = {}): DatabaseDriver {
  return new PostgresDriver(postgresSettings(options));
}

class PostgresDriver implements DatabaseDriver {
  readonly maxConnections: number = Number.POSITIVE_INFINITY;
  readonly singleWriter = false;
  readonly pipelineDepth = 1;
  readonly #settings: PostgresSettings;
  #database: string | undefined;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
  }

  get database(): string {
    return this.#database ?? 'PostgreSQL';
  }

  beginStatement({ isolation, readOnly }: TransactionOptions): string {
    const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
    return `BEGIN${level}${readOnly === true ? ' READ ONLY' : ''}`;
  }

  async connect(clock: Clock): Promise<DriverConnection> {
    const pg = await loadPg();
    const { bigints, client: given, connectTimeoutMs, preparedStatements } = this.#settings;
    const settings = {
      ...given,
      connectionTimeoutMillis: connectTimeoutMs,
      types: { getTypeParser: typeParsers(pg.types, bigints) },
    };
    let client: PgClient | undefined;
    try {
      client = new pg.Client(settings);
      const { host, port, database } = client;
      this.#database = `PostgreSQL ${host}:${port}/${database ?? ''}`;
      await connected(client);
    } catch (cause) {
      throw new DatabaseConnectError(this.database, cause);
    }
    return new PostgresConnection(pg, client, settings, preparedStatements, clock);
  }
}

function connected(client: PgClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('error', () => {});
    client.connect((error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

function typeParsers(types: PgTypes, bigints: boolean): PgTypes['getTypeParser'] {
  const parseInt8 = bigints ? BigInt : exactNumber;
  return (oid, format) =>
    oid === INT8 && format !== 'binary' ? parseInt8 : types.getTypeParser(oid, format);
}

function exactNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${text} is not exact as a number: set bigints: true of postgres()`);
}

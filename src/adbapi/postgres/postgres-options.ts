/** The options of a PostgreSQL database, and their checks. */
import type { ConnectionOptions } from 'node:tls';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

export interface PostgresOptions {
  /** `postgresql://user:password@host:port/database`. Options beside it take precedence. Default: the variables `PG...`. */
  readonly connectionString?: string;
  /** A name, an address, or the folder of a UNIX socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** The password, or a function that returns it, called for each connection. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** TLS: true, or options of `tls.connect` in node:tls. Default: as the connection string says, else none. */
  readonly ssl?: boolean | ConnectionOptions;
  /** Shown in `pg_stat_activity`. Default `ropewalk`. */
  readonly applicationName?: string;
  /** How long making a connection may take; 0: for ever. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /**
   * The number of prepared statements that each connection keeps; those used last remain. The server then plans repeated
   * statements once. A proxy that shares connections, such as PgBouncer, has to support them. Default 0.
   */
  readonly preparedStatements?: number;
  /** Whether `bigint` columns become `bigint`, instead of a number if that is exact, and an error otherwise. Default false. */
  readonly bigints?: boolean;
}

const OPTIONS: OptionNames<PostgresOptions> = {
  connectionString: true,
  host: true,
  port: true,
  user: true,
  password: true,
  database: true,
  ssl: true,
  applicationName: true,
  connectTimeoutMs: true,
  preparedStatements: true,
  bigints: true,
};

/** The options, checked and complete. */
export interface PostgresSettings {
  /** For pg's client. */
  readonly client: Readonly<Record<string, unknown>>;
  readonly connectTimeoutMs: number;
  readonly preparedStatements: number;
  readonly bigints: boolean;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function postgresSettings(options: PostgresOptions): PostgresSettings {
  if (typeof options === 'string') {
    const hint = '{ connectionString } takes text';
    // An object in its place: the text may contain a password.
    throw new InvalidArgumentTypeError(
      'options of postgres',
      'a plain object',
      Object(options),
      hint,
    );
  }
  checkOptions('postgres', options, OPTIONS);
  const { connectionString, port, password } = options;
  const { applicationName = 'ropewalk', bigints = false, preparedStatements = 0 } = options;
  if (connectionString !== undefined) checkSecretString('connectionString', connectionString);
  for (const name of ['host', 'user', 'database'] as const) {
    if (options[name] !== undefined) checkString(name, options[name]);
  }
  if (port !== undefined) checkInteger('port', port, 1, 65_535);
  if (typeof password === 'function') checkFunction('password', password);
  else if (password !== undefined) checkSecretString('password', password);
  const client: Record<string, unknown> = {
    application_name: checkString('applicationName', applicationName),
  };
  for (const name of [
    'connectionString',
    'host',
    'port',
    'user',
    'password',
    'database',
    'ssl',
  ] as const) {
    if (options[name] !== undefined) client[name] = options[name];
  }
  return {
    client,
    connectTimeoutMs: checkMilliseconds('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    preparedStatements: checkInteger('preparedStatements', preparedStatements, 0, 100_000),
    bigints: checkBoolean('bigints', bigints),
  };
}

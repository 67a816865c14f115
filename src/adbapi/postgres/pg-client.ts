/** The part of the package `pg` that is used here, and how it is loaded: it is an optional dependency. */
import { MissingPackageError } from '../../core/errors/tls.js';

export interface PgResult {
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number | null;
  readonly command: string;
}

export interface PgQuery {
  readonly text: string;
  readonly name?: string;
  readonly queryMode: 'extended';
}

type PgCallback = (error: Error | null, result: PgResult | PgResult[]) => void;

/** pg's `Client`. */
export interface PgClient {
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  readonly processID: number | null;
  readonly secretKey: unknown;
  readonly connection: {
    readonly stream: { destroy(): void };
    readonly parsedStatements: Record<string, unknown>;
  };
  connect(callback: (error: Error | null) => void): void;
  query(
    query: string | PgQuery,
    values: readonly unknown[] | undefined,
    callback: PgCallback,
  ): void;
  end(callback: () => void): void;
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
  on(event: 'error' | 'end', listener: (error?: Error) => void): void;
}

/** pg's connection, for the request that cancels a statement. */
export interface PgConnection {
  readonly stream: { destroy(): void };
  connect(port: number, host: string): void;
  connect(path: string): void;
  requestSsl(): void;
  cancel(processID: number | null, secretKey: unknown): void;
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): void;
}

export interface PgTypes {
  getTypeParser(oid: number, format?: string): (value: string) => unknown;
}

export interface Pg {
  readonly Client: new (settings: object) => PgClient;
  readonly Connection: new (settings: object) => PgConnection;
  readonly types: PgTypes;
}

/** @returns Rejected with MissingPackageError if it is not installed. */
export async function loadPg(): Promise<Pg> {
  try {
    // A name in a variable: the compiler does not need the package's types.
    const name: string = 'pg';
    const module = (await import(name)) as { readonly default: Pg };
    return module.default;
  } catch (cause) {
    throw new MissingPackageError('postgres', ['pg'], { cause });
  }
}

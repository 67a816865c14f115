// The PostgreSQL server of a run of benches. Debian's package is used, in a folder of its own.

import {
  PostgresServer,
  postgresPrograms,
} from '../../../test/interop/databases/postgres-server.js';

/** The processes of the contenders find the server by it. */
const VARIABLE = 'ROPEWALK_BENCH_POSTGRES';
const PROGRAMS = postgresPrograms();

export const hasPostgres: boolean = PROGRAMS !== undefined;

/** What pg's client needs to connect to the server. */
export function postgresAddress(): { host: string; user: string; database: string } {
  return { host: process.env[VARIABLE] ?? '', user: 'postgres', database: 'postgres' };
}

/** Starts the server, and returns a function that ends it. */
export async function startPostgres(): Promise<() => Promise<void>> {
  const server = new PostgresServer(PROGRAMS ?? '');
  const abandon = (): void => server.abandon();
  process.once('exit', abandon);
  await server.start();
  process.env[VARIABLE] = server.folder;
  return async () => {
    await server.remove();
    process.off('exit', abandon);
  };
}

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

/** The server of this run, for all of its benches. */
let running: PostgresServer | undefined;
let users = 0;

/** Starts the server unless it runs, and returns a function that ends it if no other bench uses it. */
export async function startPostgres(): Promise<() => Promise<void>> {
  users += 1;
  if (running === undefined) await start();
  return async () => {
    users -= 1;
    if (users > 0) return;
    const server = running;
    running = undefined;
    await server?.remove();
  };
}

async function start(): Promise<void> {
  const server = new PostgresServer(PROGRAMS ?? '');
  running = server;
  process.once('exit', () => {
    if (running === server) server.abandon();
  });
  await server.start();
  process.env[VARIABLE] = server.folder;
}

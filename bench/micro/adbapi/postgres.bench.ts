// What small queries of PostgreSQL cost the client: a pool of connections against the driver's own pool.
//
//     npx tsx bench/micro/adbapi/postgres.bench.ts [--rounds N] [--quick]

import { ConnectionPool, postgres } from '../../../src/adbapi/index.js';
import { createReactor } from '../../../src/index.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { hasPostgres, postgresAddress, startPostgres } from './postgres-cluster.js';
import { type Contender, CREATE, FILL, queryBars, queryCases } from './queries.js';

/** The part of the package that is used here: it has no types. */
interface PgModule {
  readonly Pool: new (
    options: object,
  ) => {
    query(sql: string, parameters: unknown[]): Promise<{ rows: { name: string }[] }>;
    end(): Promise<void>;
  };
}

const PACKAGE: string = 'pg';
const { default: pg } = (await import(PACKAGE)) as { readonly default: PgModule };
const SQL = 'SELECT name FROM guests WHERE id = $1';
const CONNECTIONS = 5;

async function ours(): Promise<Contender> {
  const reactor = createReactor({ kind: 'node' });
  const pool = new ConnectionPool(reactor, postgres(postgresAddress()), { max: CONNECTIONS });
  return {
    query: (sql, parameters) => pool.runQuery<{ name: string }>(sql, parameters),
    end: async () => {
      await pool.close();
      await reactor[Symbol.asyncDispose]();
    },
  };
}

async function theirs(): Promise<Contender> {
  const pool = new pg.Pool({ ...postgresAddress(), max: CONNECTIONS });
  return {
    query: async (sql, parameters) => (await pool.query(sql, [...parameters])).rows,
    end: () => pool.end(),
  };
}

async function prepare(): Promise<() => Promise<void>> {
  const end = await startPostgres();
  const reactor = createReactor({ kind: 'node' });
  const pool = new ConnectionPool(reactor, postgres(postgresAddress()));
  await pool.runScript(`${CREATE}; ${FILL}`);
  await pool.close();
  await reactor[Symbol.asyncDispose]();
  return end;
}

export const bench: MicroBench = {
  title: 'Small queries of PostgreSQL',
  workload:
    'A row is looked up by its key in a table of 1,000, 10,000 times: `one by one`, each after the result of the previous one, and ' +
    '`at once`, over five connections. `pg` is the pool of that package, which Ropewalk uses as its driver. The server is local, on a ' +
    'UNIX socket; CPU is that of the client.',
  unit: 'ns a query',
  prepare,
  // A machine without PostgreSQL measures nothing.
  cases: hasPostgres ? queryCases(SQL, 'pg', { ConnectionPool: ours, pg: theirs }) : [],
  bars: hasPostgres ? queryBars('ConnectionPool', 'pg', 1.1) : [],
};

await runAlone(import.meta.url, bench);

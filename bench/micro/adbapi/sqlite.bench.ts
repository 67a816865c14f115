// What small queries of SQLite cost: a pool of connections against one worker by hand, with the same driver.
//
//     npx tsx bench/micro/adbapi/sqlite.bench.ts [--rounds N] [--quick]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ConnectionPool } from '../../../src/adbapi/index.js';
import { createReactor } from '../../../src/index.js';
import { sqliteDatabase } from '../../../test/adbapi/sqlite-database.js';
import type { MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { type Contender, CREATE, FILL, queryBars, queryCases } from './queries.js';

const SQL = 'SELECT name FROM guests WHERE id = ?';

async function pooled(file: string): Promise<Contender> {
  const reactor = createReactor({ kind: 'node' });
  const pool = new ConnectionPool(reactor, sqliteDatabase(file));
  return {
    query: (sql, parameters) => pool.runQuery<{ name: string }>(sql, parameters),
    end: async () => {
      await pool.close();
      await reactor[Symbol.asyncDispose]();
    },
  };
}

async function byHand(file: string): Promise<Contender> {
  const worker = new Worker(new URL('./by-hand.mjs', import.meta.url), {
    workerData: file,
    execArgv: [],
  });
  const pending = new Map<number, (rows: { name: string }[]) => void>();
  let last = 0;
  worker.on('message', ({ id, rows }: { id: number; rows: { name: string }[] }) => {
    pending.get(id)?.(rows);
    pending.delete(id);
  });
  return {
    query: (sql, parameters) =>
      new Promise((resolve) => {
        pending.set(++last, resolve);
        worker.postMessage({ id: last, sql, parameters });
      }),
    end: () => worker.terminate(),
  };
}

/** Starts a contender on a database of its own. */
function onDatabase(start: (file: string) => Promise<Contender>): () => Promise<Contender> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const file = join(folder, 'bench.db');
    const reactor = createReactor({ kind: 'node' });
    const pool = new ConnectionPool(reactor, sqliteDatabase(file));
    await pool.runScript(`${CREATE}; ${FILL}`);
    await pool.close();
    await reactor[Symbol.asyncDispose]();
    const { query, end } = await start(file);
    return {
      query,
      end: async () => {
        await end();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

export const bench: MicroBench = {
  title: 'Small queries of SQLite',
  workload:
    'A row is looked up by its key in a table of 1,000, 10,000 times: `one by one`, each after the result of the previous one, and ' +
    '`at once`. The pool has its default options. The worker by hand has the same driver and keeps its prepared statements; all ' +
    'queries of a batch are in its port at the same time. CPU is that of all threads of the process.',
  unit: 'ns a query',
  cases: queryCases(SQL, 'one worker by hand', {
    ConnectionPool: onDatabase(pooled),
    'one worker by hand': onDatabase(byHand),
  }),
  bars: queryBars('ConnectionPool', 'one worker by hand', 1.3),
};

await runAlone(import.meta.url, bench);

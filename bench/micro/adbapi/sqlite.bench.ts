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
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const QUERIES = 10_000;
const ROWS = 1000;
const SQL = 'SELECT name FROM guests WHERE id = ?';

type Query = (sql: string, parameters: readonly unknown[]) => PromiseLike<{ name: string }[]>;

interface Contender {
  readonly query: Query;
  readonly end: () => PromiseLike<unknown>;
}

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

async function oneByOne(query: Query): Promise<number> {
  let found = 0;
  for (let n = 0; n < QUERIES; n++) found += (await query(SQL, [1 + (n % ROWS)])).length;
  return found;
}

async function together(query: Query): Promise<number> {
  const all = Array.from({ length: QUERIES }, (_, n) => query(SQL, [1 + (n % ROWS)]));
  return (await Promise.all(all)).reduce((found, { length }) => found + length, 0);
}

async function fill(file: string): Promise<void> {
  const reactor = createReactor({ kind: 'node' });
  const pool = new ConnectionPool(reactor, sqliteDatabase(file));
  await pool.runScript('CREATE TABLE guests (id INTEGER PRIMARY KEY, name TEXT)');
  await pool.runInteraction(async (transaction) => {
    for (let id = 1; id <= ROWS; id++) {
      await transaction.runOperation('INSERT INTO guests VALUES (?, ?)', [id, `guest ${id}`]);
    }
  });
  await pool.close();
  await reactor[Symbol.asyncDispose]();
}

const CONTENDERS = { ConnectionPool: pooled, 'one worker by hand': byHand };

function caseOf(name: string, batch: (query: Query) => Promise<number>): MicroCase {
  const measure =
    (start: (file: string) => Promise<Contender>) =>
    async (effort: Effort): Promise<Figures> => {
      const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
      const file = join(folder, 'bench.db');
      await fill(file);
      const contender = await start(file);
      try {
        const check = (found: number): void => expectSame('the rows', found, QUERIES);
        return { '': await nsPerOperation(effort, QUERIES, () => batch(contender.query), check) };
      } finally {
        await contender.end();
        rmSync(folder, { recursive: true });
      }
    };
  const measures = Object.entries(CONTENDERS).map(([one, start]) => [one, measure(start)] as const);
  return { name, reference: 'one worker by hand', contenders: Object.fromEntries(measures) };
}

export const bench: MicroBench = {
  title: 'Small queries of SQLite',
  workload:
    'A row is looked up by its key in a table of 1,000, 10,000 times: `one by one`, each after the result of the previous one, and ' +
    '`at once`. The pool has its default options. The worker by hand has the same driver and keeps its prepared statements; all ' +
    'queries of a batch are in its port at the same time.',
  unit: 'ns a query',
  cases: [caseOf('one by one', oneByOne), caseOf('at once', together)],
  bars: [
    {
      row: 'one by one',
      of: 'ConnectionPool',
      to: 'one worker by hand',
      sense: 'at most',
      limit: 1.3,
    },
    {
      row: 'at once',
      of: 'ConnectionPool',
      to: 'one worker by hand',
      sense: 'at most',
      limit: 1.3,
    },
  ],
};

await runAlone(import.meta.url, bench);

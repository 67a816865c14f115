// Whether work elsewhere holds the event loop up: the lateness of a delayed call while threads compute and databases run
// slow queries.
//
//     npx tsx bench/micro/threads/turns.bench.ts [--rounds N] [--quick]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConnectionPool, postgres } from '../../../src/adbapi/index.js';
import { createReactor, type Reactor } from '../../../src/index.js';
import { deferToThread } from '../../../src/threads/index.js';
import { sqliteDatabase } from '../../../test/adbapi/sqlite-database.js';
import type {
  Effort,
  Figures,
  MicroBar,
  MicroBench,
  MicroCase,
} from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { quantile } from '../../harness/statistics.js';
import { hasPostgres, postgresAddress, startPostgres } from '../adbapi/postgres-cluster.js';

const LIMIT_MS = 5;
/** Longer than other benches: the figures are about single calls. */
const TIMES = 8;
/** The thread's program is TypeScript here: that of dist/ runs in its place. */
const PRELOAD = fileURLToPath(new URL('../../../test/support/compiled-main.cjs', import.meta.url));
const COMPUTATION = new URL(
  `data:text/javascript,${encodeURIComponent(
    'export const f = (ms) => { const end = Date.now() + ms; let n = 0; while (Date.now() < end) n++; return n; }',
  )}`,
);
const SLOW_SQLITE =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 500000) SELECT count(*) AS n FROM c';
const SLOW_POSTGRES = 'SELECT count(*) AS n FROM generate_series(1, 1000000)';

interface Load {
  /** Does some of the work elsewhere, and settles with a positive number. */
  readonly work: () => PromiseLike<number>;
  readonly end: () => Promise<void>;
}

type StartLoad = (reactor: Reactor) => Load;

const idle: StartLoad = (reactor) => ({
  work: () => new Promise((resolve) => void reactor.callLater(50, () => resolve(1))),
  end: async () => {},
});

const computation: StartLoad = (reactor) => ({
  work: async () => {
    const counts = [1, 2].map(() => deferToThread(reactor, COMPUTATION, 'f', [50]));
    return Math.min(...((await Promise.all(counts)) as number[]));
  },
  end: async () => {},
});

function queries(pool: ConnectionPool, sql: string): Load {
  return {
    work: async () => Number((await pool.runQuery<{ n: unknown }>(sql))[0]?.n),
    end: () => pool.close(),
  };
}

const sqliteQueries: StartLoad = (reactor) => {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const pool = new ConnectionPool(reactor, sqliteDatabase(join(folder, 'bench.db')));
  const { work, end } = queries(pool, SLOW_SQLITE);
  return {
    work,
    end: async () => {
      await end();
      rmSync(folder, { recursive: true });
    },
  };
};

const postgresQueries: StartLoad = (reactor) =>
  queries(new ConnectionPool(reactor, postgres(postgresAddress())), SLOW_POSTGRES);

/** The milliseconds in which this thread was ready to run and another had the processor (proc(5), schedstat); 0 if unknown. */
function preemptedMs(): number {
  try {
    return (
      Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
    );
  } catch {
    return 0;
  }
}

/** Makes one delayed call after another, each after 1 ms, and records how many milliseconds the loop was late. */
function watch(reactor: Reactor): { readonly lateness: number[]; stop(): void } {
  const lateness: number[] = [];
  const next = (): void => {
    const preempted = preemptedMs();
    const dueAt = performance.now() + 1;
    call = reactor.callLater(1, () => {
      const late = performance.now() - dueAt;
      lateness.push(Math.max(0, late - (preemptedMs() - preempted)));
      next();
    });
  };
  let call = reactor.callLater(0, next);
  return { lateness, stop: () => call.cancel() };
}

async function loadFor(ms: number, { work }: Load): Promise<void> {
  const start = performance.now();
  do {
    if (!((await work()) > 0)) throw new Error('no work was done');
  } while (performance.now() - start < ms);
}

const measure =
  (kind: 'native' | 'node', start: StartLoad) =>
  async (effort: Effort): Promise<Figures> => {
    const threadPool = { minimum: 2, maximum: 2, execArgv: ['--require', PRELOAD] };
    const reactor = createReactor({ kind, threadPool });
    const load = start(reactor);
    try {
      await loadFor(effort.warmUpMs * TIMES, load);
      const { lateness, stop } = watch(reactor);
      await loadFor(effort.measuredMs * TIMES, load);
      stop();
      return {
        p50: quantile(lateness, 0.5),
        p99: quantile(lateness, 0.99),
        max: Math.max(...lateness),
      };
    } finally {
      await load.end();
      await reactor[Symbol.asyncDispose]();
    }
  };

const LOADS: Readonly<Record<string, StartLoad>> = {
  'no load': idle,
  'two threads compute': computation,
  'SQLite runs slow queries': sqliteQueries,
  ...(hasPostgres && { 'PostgreSQL runs slow queries': postgresQueries }),
};
const KINDS = ['native', 'node'] as const;

function caseOf(kind: 'native' | 'node'): MicroCase {
  const measures = Object.entries(LOADS).map(
    ([name, start]) => [name, measure(kind, start)] as const,
  );
  return { name: kind, reference: 'no load', contenders: Object.fromEntries(measures) };
}

function barsOf(kind: 'native' | 'node'): MicroBar[] {
  return Object.keys(LOADS).flatMap((of) =>
    ['p99', 'max'].map(
      (figure): MicroBar => ({ row: `${kind}: ${figure}`, of, sense: 'at most', limit: LIMIT_MS }),
    ),
  );
}

export const bench: MicroBench = {
  title: 'Turns of the event loop beside threads and databases',
  workload:
    'A delayed call of 1 ms is made again and again for two seconds. The figures are how late it is, which is the length of turns, without ' +
    'the time in which the system had the loop wait for a processor. Meanwhile nothing else happens, or two threads of the ' +
    'pool compute, or a query of some 50 ms runs, again and again.',
  unit: 'ms',
  ...(hasPostgres && { prepare: startPostgres }),
  cases: KINDS.map(caseOf),
  bars: KINDS.flatMap(barsOf),
};

await runAlone(import.meta.url, bench);

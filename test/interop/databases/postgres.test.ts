/** Pools of connections to a PostgreSQL server that the test starts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  ConstraintError,
  DatabaseBusyError,
  DatabaseConnectError,
  DatabaseConnectionLostError,
  PoolExhaustedError,
  type PostgresOptions,
  postgres,
  StatementError,
  StatementTimeoutError,
  TransactionAbortedError,
  TransactionConflictError,
} from '../../../src/adbapi/index.js';
import { CancelledError } from '../../../src/index.js';
import { contract } from '../../support/contract.js';
import { latch, within } from '../../support/deadline.js';
import { openDescriptors } from '../../support/descriptors.js';
import { PostgresServer, postgresPrograms } from './postgres-server.js';

const PROGRAMS = postgresPrograms();
if (PROGRAMS === undefined) console.warn('skipped: there is no PostgreSQL here');

const failureOf = (deferred: PromiseLike<unknown>): Promise<unknown> =>
  within(
    Promise.resolve(deferred).then(
      (value) => expect.unreachable(`succeeded with ${JSON.stringify(value)}`),
      (error: unknown) => error,
    ),
    'a failure',
  );

describe.skipIf(PROGRAMS === undefined)('with PostgreSQL', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = new PostgresServer(PROGRAMS as string);
    await server.start();
  }, 60_000);

  afterAll(() => server?.remove());

  contract('a pool of connections', (rig) => {
    const open = (
      pool: ConnectionPoolOptions = {},
      options: PostgresOptions = {},
    ): ConnectionPool =>
      new ConnectionPool(
        rig.reactor,
        postgres({ host: server.folder, user: 'postgres', database: 'postgres', ...options }),
        pool,
      );

    /** A pool with an empty table `t` of integers. */
    const withTable = async (pool: ConnectionPoolOptions = {}): Promise<ConnectionPool> => {
      const made = open(pool);
      await made.runScript('DROP TABLE IF EXISTS t; CREATE TABLE t (x int PRIMARY KEY)');
      return made;
    };

    const count = async (pool: ConnectionPool): Promise<unknown> =>
      (await pool.runQuery('SELECT count(*) AS n FROM t'))[0]?.n;

    it('runs statements', async () => {
      await using pool = await withTable();
      const inserted = await pool.runOperation('INSERT INTO t VALUES ($1), ($2)', [1, 2]);
      expect(inserted.rowsAffected).toBe(2);
      expect(await pool.runQuery('SELECT x FROM t ORDER BY x')).toEqual([{ x: 1 }, { x: 2 }]);
      expect(
        await pool.runQuery('SELECT 4::bigint AS n, $1::text AS s, $2::jsonb AS j', [
          'a',
          { b: 1 },
        ]),
      ).toEqual([{ n: 4, s: 'a', j: { b: 1 } }]);
    });

    it('reports the errors of statements by their kind', async () => {
      await using pool = await withTable();
      await pool.runOperation('INSERT INTO t VALUES (1)');
      const double = await failureOf(pool.runOperation('INSERT INTO t VALUES (1)'));
      expect(double).toBeInstanceOf(ConstraintError);
      expect(double).toMatchObject({ databaseCode: '23505', sql: 'INSERT INTO t VALUES (1)' });
      for (const sql of [
        'SELEC',
        'SELECT * FROM missing',
        'SELECT $1::int',
        'SELECT 1; SELECT 2',
      ]) {
        expect(await failureOf(pool.runQuery(sql)), sql).toBeInstanceOf(StatementError);
      }
      const large = await failureOf(pool.runQuery('SELECT 9007199254740993::bigint AS n'));
      expect((large as Error).message).toContain('bigints');
    });

    it('rolls back what a function that throws has done', async () => {
      await using pool = await withTable();
      const failed = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t VALUES (1)');
        expect(await transaction.runQuery('SELECT x FROM t')).toEqual([{ x: 1 }]);
        throw new Error('changed my mind');
      });
      expect(await failureOf(failed)).toMatchObject({ message: 'changed my mind' });
      expect(await count(pool)).toBe(0);
    });

    it('does not commit after a failure that the function ignores', async () => {
      await using pool = await withTable();
      const failed = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t VALUES (1)');
        await failureOf(transaction.runQuery('SELECT * FROM missing'));
        expect(await failureOf(transaction.runQuery('SELECT 1'))).toBeInstanceOf(
          TransactionAbortedError,
        );
        return 'done';
      });
      expect(await failureOf(failed)).toBeInstanceOf(TransactionAbortedError);
      expect(await count(pool)).toBe(0);
    });

    it('undoes an inner interaction alone', async () => {
      await using pool = await withTable();
      await pool.runInteraction(async (outer) => {
        await outer.runOperation('INSERT INTO t VALUES (1)');
        const inner = outer.runInteraction(async (transaction) => {
          await transaction.runOperation('INSERT INTO t VALUES (2)');
          await transaction.runOperation('INSERT INTO t VALUES (1)');
        });
        expect(await failureOf(inner)).toBeInstanceOf(ConstraintError);
        await outer.runInteraction((transaction) =>
          transaction.runOperation('INSERT INTO t VALUES (3)'),
        );
      });
      expect(await pool.runQuery('SELECT x FROM t ORDER BY x')).toEqual([{ x: 1 }, { x: 3 }]);
    });

    it('rolls back a cancelled transaction', async () => {
      await using pool = await withTable();
      const inserted = latch();
      const interaction = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t VALUES (1)');
        inserted.open();
        await transaction.runQuery('SELECT pg_sleep(60)');
      });
      await within(inserted.promise, 'the insertion');
      interaction.cancel();
      expect(await failureOf(interaction)).toBeInstanceOf(CancelledError);
      expect(await count(pool)).toBe(0);
    });

    it('reports a connection whose server process was killed, and replaces it', async () => {
      await using pool = await withTable({ max: 2 });
      const interaction = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t VALUES (1)');
        const [row] = await transaction.runQuery('SELECT pg_backend_pid() AS pid');
        const slow = failureOf(transaction.runQuery('SELECT pg_sleep(60)'));
        await pool.runQuery('SELECT pg_terminate_backend($1)', [row?.pid]);
        const lost = await slow;
        expect(lost).toBeInstanceOf(DatabaseConnectionLostError);
        expect(lost).toMatchObject({ committing: false });
        throw lost;
      });
      expect(await failureOf(interaction)).toBeInstanceOf(DatabaseConnectionLostError);
      expect(await count(pool)).toBe(0);
      expect(
        await Promise.all([pool.runQuery('SELECT 1 AS n'), pool.runQuery('SELECT 2 AS n')]),
      ).toEqual([[{ n: 1 }], [{ n: 2 }]]);
    });

    it('replaces a connection that was killed while it was idle', async () => {
      await using pool = open({ max: 1, min: 1 });
      await using other = open({ max: 1 });
      const [row] = await pool.runQuery('SELECT pg_backend_pid() AS pid');
      await other.runQuery('SELECT pg_terminate_backend($1)', [row?.pid]);
      const wait = async (): Promise<void> => {
        while (pool.statistics().open > 0) await new Promise(setImmediate);
      };
      await within(wait(), 'the end of the connection');
      expect(await pool.runQuery('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('stops a statement at its time limit, also on the server', async () => {
      await using pool = open({ max: 1, statementTimeoutMs: 50 });
      const failure = await failureOf(pool.runQuery("SELECT pg_sleep(60), 'limited'"));
      expect(failure).toBeInstanceOf(StatementTimeoutError);
      const running = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1";
      const marks = ["SELECT pg_sleep(60), 'limited'%"];
      const wait = async (): Promise<void> => {
        while ((await pool.runQuery(running, marks, { timeoutMs: 0 })).length > 0);
      };
      await within(wait(), 'the end of the statement');
    });

    it('refuses calls if too many wait for a connection', async () => {
      await using pool = open({ max: 2, maxWaiting: 1 });
      const done = latch();
      const started = [latch(), latch()];
      const held = started.map((one) =>
        pool.runWithConnection(() => {
          one.open();
          return done.promise;
        }),
      );
      await within(Promise.all(started.map(({ promise }) => promise)), 'both connections');
      const waiting = pool.runQuery('SELECT 1 AS n');
      const refused = await failureOf(pool.runQuery('SELECT 1'));
      expect(refused).toBeInstanceOf(PoolExhaustedError);
      expect(refused).toMatchObject({ option: 'maxWaiting', limit: 1, connections: 2 });
      expect(pool.statistics()).toEqual({ open: 2, opening: 0, busy: 2, waiting: 1 });
      done.open();
      await Promise.all(held);
      expect(await waiting).toEqual([{ n: 1 }]);
    });

    it('reads rows in batches', async () => {
      await using pool = open({ max: 1 });
      const seen: unknown[] = [];
      const rows = pool.streamRows('SELECT x FROM generate_series(1, $1::int) AS x', [2500]);
      for await (const { x } of rows) seen.push(x);
      expect(seen).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
      for await (const { x } of pool.streamRows('SELECT x FROM generate_series(1, 100000) AS x')) {
        expect(x).toBe(1);
        break;
      }
      await pool.runInteraction(async (transaction) => {
        for await (const { x } of transaction.streamRows('SELECT 1 AS x')) {
          expect(await transaction.runQuery('SELECT $1::int AS y', [x])).toEqual([{ y: 1 }]);
        }
      });
      const failing = async (): Promise<void> => {
        for await (const _row of pool.streamRows('SELECT * FROM missing'));
      };
      expect(await failureOf(failing())).toBeInstanceOf(StatementError);
      expect(await pool.runQuery('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    });

    it('rolls back a transaction that a function with a connection left open', async () => {
      await using pool = await withTable({ max: 1 });
      await pool.runWithConnection(async (connection) => {
        await connection.runScript('BEGIN; INSERT INTO t VALUES (1)');
      });
      expect(await count(pool)).toBe(0);
    });

    it('has kinds of transactions', async () => {
      await using pool = await withTable();
      const readOnly = pool.runInteraction(
        (transaction) => transaction.runOperation('INSERT INTO t VALUES (1)'),
        { readOnly: true },
      );
      expect(await failureOf(readOnly)).toMatchObject({ databaseCode: '25006' });
      await pool.runScript('INSERT INTO t VALUES (1), (2)');
      const both = latch();
      let begun = 0;
      const conflicting = (x: number): Promise<unknown> =>
        pool
          .runInteraction(
            async (transaction) => {
              await transaction.runQuery('SELECT sum(x) FROM t');
              begun += 1;
              if (begun === 2) both.open();
              await both.promise;
              await transaction.runOperation('INSERT INTO t VALUES ($1)', [x]);
            },
            { isolation: 'serializable' },
          )
          .toPromise();
      const outcomes = await within(Promise.allSettled([conflicting(10), conflicting(20)]), 'both');
      const failures = outcomes.filter(({ status }) => status === 'rejected');
      expect(failures).toHaveLength(1);
      expect((failures[0] as PromiseRejectedResult).reason).toBeInstanceOf(
        TransactionConflictError,
      );
    });

    it('reports locks that are held elsewhere', async () => {
      await using pool = await withTable();
      await pool.runInteraction(async (transaction) => {
        await transaction.runScript('LOCK TABLE t');
        const busy = pool.runInteraction(async (other) => {
          await other.runScript("SET LOCAL lock_timeout = '10ms'; LOCK TABLE t");
        });
        expect(await failureOf(busy)).toBeInstanceOf(DatabaseBusyError);
      });
    });

    it('prepares statements, and drops those used least recently', async () => {
      await using pool = open({ max: 1 }, { preparedStatements: 2, bigints: true });
      for (const n of [1, 2, 3, 1, 3]) {
        expect(await pool.runQuery(`SELECT ${n} + $1 AS n`, [1])).toEqual([{ n: n + 1 }]);
      }
      const prepared = await pool.runQuery('SELECT count(*) AS n FROM pg_prepared_statements');
      expect(Number(prepared[0]?.n)).toBeLessThanOrEqual(3);
      await pool.runScript('DROP TABLE IF EXISTS p; CREATE TABLE p (a int)');
      expect(await pool.runQuery('SELECT * FROM p')).toEqual([]);
      await pool.runScript('ALTER TABLE p ADD b int');
      expect(await failureOf(pool.runQuery('SELECT * FROM p'))).toBeInstanceOf(StatementError);
      expect(await pool.runQuery('SELECT * FROM p')).toEqual([]);
    });

    it('runs 10,000 statements without a leak', async () => {
      const applicationName = `leaks-${Math.random()}`;
      await using pool = open({ max: 5 }, { applicationName });
      const run = async (times: number): Promise<void> => {
        const all = Array.from({ length: times }, (_, n) =>
          pool.runQuery('SELECT $1::int AS n', [n]),
        );
        for (const [n, query] of all.entries()) expect((await query)[0]).toEqual({ n });
      };
      await within(run(1000), 'the first statements');
      const descriptors = openDescriptors();
      await within(run(10_000), 'the statements', 30_000);
      expect(pool.statistics()).toEqual({ open: 5, opening: 0, busy: 0, waiting: 0 });
      expect(openDescriptors()).toBe(descriptors);
      const sessions = 'SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1';
      expect(await pool.runQuery(sessions, [applicationName])).toEqual([{ n: 5 }]);
    }, 60_000);

    it('reports a server that is not there', async () => {
      await using pool = open({}, { host: '/nonexistent' });
      const failures = await Promise.all([1, 2, 3].map(() => failureOf(pool.runQuery('SELECT 1'))));
      for (const failure of failures) expect(failure).toBeInstanceOf(DatabaseConnectError);
    });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  ConstraintError,
  DatabaseBusyError,
  DatabaseConnectError,
  DatabaseCorruptError,
  DatabaseFullError,
  PoolClosedError,
  type SQLiteOptions,
  StatementError,
  StatementTimeoutError,
  TransactionAbortedError,
  TransactionEndedError,
} from '../../src/adbapi/index.js';
import { CancelledError } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';
import { sqliteDatabase } from './sqlite-database.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const failureOf = (deferred: PromiseLike<unknown>): Promise<unknown> =>
  within(
    Promise.resolve(deferred).then(
      (value) => expect.unreachable(`succeeded with ${JSON.stringify(value)}`),
      (error: unknown) => error,
    ),
    'a failure',
  );

/** Returns so many rows, slowly. */
const COUNT = (rows: number): string =>
  `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ${rows}) SELECT x FROM c`;

const values = async (pool: ConnectionPool): Promise<unknown[]> =>
  (await pool.runQuery('SELECT x FROM t ORDER BY x')).map(({ x }) => x);

/** Functions that open the database of the test. */
function openers(rig: Rig): {
  readonly open: (pool?: ConnectionPoolOptions, options?: SQLiteOptions) => ConnectionPool;
  readonly withTable: (
    pool?: ConnectionPoolOptions,
    options?: SQLiteOptions,
  ) => Promise<ConnectionPool>;
} {
  const open = (pool: ConnectionPoolOptions = {}, options: SQLiteOptions = {}): ConnectionPool =>
    new ConnectionPool(rig.reactor, sqliteDatabase(join(folder, 'test.db'), options), pool);
  return {
    open,
    withTable: async (pool, options) => {
      const made = open(pool, options);
      await made.runScript('CREATE TABLE t (x INTEGER PRIMARY KEY, name TEXT); CREATE TABLE u (y)');
      return made;
    },
  };
}

const ONE_REACTOR = REACTORS.slice(0, 1);

contract(
  'a pool of connections to SQLite',
  (rig) => {
    const { open, withTable } = openers(rig);

    it('reports the errors of statements by their kind', async () => {
      await using pool = await withTable();
      await pool.runOperation("INSERT INTO t VALUES (1, 'a')");
      for (const sql of [
        'INSERT INTO t(x) VALUES (1)',
        'INSERT INTO t(x) VALUES (1) RETURNING x',
      ]) {
        const failure = await failureOf(pool.runOperation(sql));
        expect(failure).toBeInstanceOf(ConstraintError);
        expect(failure).toMatchObject({ undone: 'statement', sql });
        expect((failure as ConstraintError).databaseCode).toMatch(/_(?:PRIMARYKEY|UNIQUE)$/);
      }
      const faults: (readonly [string, readonly unknown[]])[] = [
        ['SELEC', []],
        ['SELECT * FROM missing', []],
        ['SELECT ?', []],
        ['SELECT ?', [1, 2]],
        ['SELECT :name', [1]],
        ['SELECT ?, $1', [1, 2]],
        ['SELECT 1; SELECT 2', []],
        ['SELECT ?', [new Date()]],
        ['SELECT ?', [() => 1]],
      ];
      const failures = await Promise.all(
        faults.map(([sql, parameters]) => failureOf(pool.runQuery(sql, parameters))),
      );
      for (const [index, failure] of failures.entries()) {
        expect(failure, faults[index]?.[0]).toBeInstanceOf(StatementError);
      }
      expect(await values(pool)).toEqual([1]);
    });

    it('gives exact integers', async () => {
      await using pool = open();
      const large = 'SELECT 9007199254740993 AS n';
      expect(await failureOf(pool.runQuery(large))).toBeInstanceOf(StatementError);
      await using exact = open({}, { bigints: true });
      expect(await exact.runQuery(large)).toEqual([{ n: 9007199254740993n }]);
    });

    it('rolls back a transaction whose function throws or is cancelled', async () => {
      await using pool = await withTable();
      const thrown = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t(x) VALUES (1)');
        expect(await transaction.runQuery('SELECT x FROM t')).toEqual([{ x: 1 }]);
        throw new Error('changed my mind');
      });
      expect(await failureOf(thrown)).toMatchObject({ message: 'changed my mind' });
      const inserted = latch();
      let late: Promise<unknown> | undefined;
      const cancelled = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t(x) VALUES (1)');
        inserted.open();
        await new Promise<void>((resolve) => void rig.reactor.callLater(1, resolve));
        late = failureOf(transaction.runOperation('INSERT INTO t(x) VALUES (2)'));
        await late;
      });
      await within(inserted.promise, 'the insertion');
      cancelled.cancel();
      expect(await failureOf(cancelled)).toBeInstanceOf(CancelledError);
      expect(await values(pool)).toEqual([]);
      while (late === undefined)
        await new Promise<void>((resolve) => void rig.reactor.callLater(1, resolve));
      expect(await late).toBeInstanceOf(TransactionEndedError);
    });

    it('commits a transaction, and undoes an inner one alone', async () => {
      await using pool = await withTable();
      const result = await pool.runInteraction(async (outer) => {
        await outer.runOperation('INSERT INTO t(x) VALUES (1)');
        const inner = outer.runInteraction(async (transaction) => {
          await transaction.runOperation('INSERT INTO t(x) VALUES (2)');
          throw new Error('not this one');
        });
        await failureOf(inner);
        void outer.runOperation('INSERT INTO t(x) VALUES (3)');
        return 'done';
      });
      expect(result).toBe('done');
      expect(await values(pool)).toEqual([1, 3]);
    });

    it('runs statements that do not wait for each other in order', async () => {
      await using pool = await withTable();
      const inserted: PromiseLike<unknown>[] = [];
      await pool.runInteraction((transaction) => {
        for (let x = 0; x < 200; x++) {
          inserted.push(
            transaction.runOperation('INSERT INTO t(x) VALUES ((SELECT count(*) FROM t))'),
          );
        }
      });
      await Promise.all(inserted);
      expect(await values(pool)).toEqual(Array.from({ length: 200 }, (_, x) => x));
    });

    it('reads while a transaction is open, and sees it after the commit', async () => {
      await using pool = await withTable();
      await pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t(x) VALUES (1)');
        expect(await values(pool)).toEqual([]);
      });
      expect(await values(pool)).toEqual([1]);
      const readOnly = pool.runInteraction(
        (transaction) => transaction.runQuery('SELECT x FROM t'),
        {
          readOnly: true,
        },
      );
      expect(await readOnly).toEqual([{ x: 1 }]);
    });

    it('reads rows in batches', async () => {
      await using pool = await withTable({ max: 2 });
      const seen: unknown[] = [];
      for await (const { x } of pool.streamRows(COUNT(1000), [], { batchSize: 7 })) seen.push(x);
      expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
      for await (const { x } of pool.streamRows(COUNT(1e9))) if (x === 300) break;
      expect(pool.statistics().busy).toBe(0);
      await pool.runInteraction(async (transaction) => {
        for await (const { x } of transaction.streamRows(COUNT(3), [], { batchSize: 1 })) {
          await transaction.runOperation('INSERT INTO t(x) VALUES (?)', [x]);
          for await (const row of transaction.streamRows('SELECT ? AS y', [x])) {
            expect(row).toEqual({ y: x });
          }
        }
      });
      expect(await values(pool)).toEqual([1, 2, 3]);
    });

    it('reports a database that another connection has locked, with nothing done', async () => {
      await using one = await withTable({}, { busyTimeoutMs: 10, journalMode: 'delete' });
      await using other = open({}, { busyTimeoutMs: 10, journalMode: 'unchanged' });
      await other.runQuery('SELECT 1');
      await one.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t(x) VALUES (1)');
        for (const failed of [
          other.runOperation('INSERT INTO t(x) VALUES (2)'),
          other.runInteraction((inner) => inner.runOperation('INSERT INTO t(x) VALUES (3)')),
        ]) {
          const failure = await failureOf(failed);
          expect(failure).toBeInstanceOf(DatabaseBusyError);
          expect(failure).toMatchObject({ databaseCode: 'SQLITE_BUSY' });
        }
      });
      await one.runWithConnection(async (connection) => {
        await connection.runScript('BEGIN EXCLUSIVE');
        expect(await failureOf(other.runQuery('SELECT * FROM t'))).toBeInstanceOf(
          DatabaseBusyError,
        );
      });
      expect(await values(other)).toEqual([1]);
    });

    it('reports a file that is no database, or cannot be opened', async () => {
      writeFileSync(join(folder, 'test.db'), 'this is text, and not a database '.repeat(100));
      await using pool = open();
      const failure = await failureOf(pool.runQuery('SELECT 1'));
      expect(failure).toBeInstanceOf(DatabaseConnectError);
      expect((failure as Error).message).toContain('file is not a database');
      const missing = new ConnectionPool(rig.reactor, sqliteDatabase(join(folder, 'no/such.db')));
      expect(await failureOf(missing.runQuery('SELECT 1'))).toBeInstanceOf(DatabaseConnectError);
      await missing.close();
    });

    it('reports a damaged file', async () => {
      const made = await withTable({}, { journalMode: 'delete' });
      await made.runScript(`INSERT INTO t(name) ${COUNT(5000)}`);
      await made.close();
      const { readFileSync } = await import('node:fs');
      const bytes = readFileSync(join(folder, 'test.db'));
      bytes.fill(0xff, 8192);
      writeFileSync(join(folder, 'test.db'), bytes);
      await using pool = open({}, { journalMode: 'unchanged' });
      expect(await failureOf(pool.runQuery('SELECT * FROM t'))).toBeInstanceOf(
        DatabaseCorruptError,
      );
    });

    it('reports a full database, and rolls the transaction back', async () => {
      await using pool = await withTable({ max: 1 });
      await pool.runScript('PRAGMA max_page_count = 10');
      const failed = pool.runInteraction(async (transaction) => {
        await transaction.runOperation('INSERT INTO t(x) VALUES (1)');
        const fill = transaction.runOperation('INSERT INTO u VALUES (zeroblob(100000))');
        expect(await failureOf(fill)).toBeInstanceOf(DatabaseFullError);
        const later = transaction.runOperation('INSERT INTO t(x) VALUES (2)');
        expect(await failureOf(later)).toBeInstanceOf(TransactionAbortedError);
      });
      expect(await failureOf(failed)).toBeInstanceOf(TransactionAbortedError);
      expect(await values(pool)).toEqual([]);
    });

    it('fails a statement that cannot be stopped, and uses other connections until it ends', async () => {
      await using pool = open({ max: 3 });
      const silent = `SELECT count(*) AS n FROM (${COUNT(6e6)})`;
      const limited = failureOf(pool.runQuery(silent, [], { timeoutMs: 1 }));
      const other = pool.runQuery('SELECT 1 AS n');
      expect(await limited).toBeInstanceOf(StatementTimeoutError);
      expect(await within(other, 'another statement')).toEqual([{ n: 1 }]);
    });

    it('reports a value that cannot be sent, also in the middle of others', async () => {
      await using pool = await withTable();
      const results = await pool.runInteraction(async (transaction) => {
        const insert = (value: unknown): PromiseLike<unknown> =>
          transaction.runOperation('INSERT INTO t(name) VALUES (?)', [value]).then(
            ({ rowsAffected }) => rowsAffected,
            (error: Error) => error.constructor,
          );
        return Promise.all(['a', () => 1, 'b', Symbol('c'), 'd'].map(insert));
      });
      expect(results).toEqual([1, StatementError, 1, StatementError, 1]);
      expect(await failureOf(pool.runQuery('SELECT ?', [() => 1]))).toBeInstanceOf(StatementError);
    });

    it('rolls back a transaction that a function with a connection left open', async () => {
      await using pool = await withTable();
      const kept = await pool.runWithConnection(async (connection) => {
        await connection.runScript('BEGIN; INSERT INTO t(x) VALUES (1)');
        return connection;
      });
      expect(await values(pool)).toEqual([]);
      expect(() => kept.runQuery('SELECT 1')).toThrow(TransactionEndedError);
      await pool.runOperation('INSERT INTO t(x) VALUES (2)');
      expect(await values(pool)).toEqual([2]);
    });

    it('rolls back a transaction of a script that failed', async () => {
      await using pool = await withTable();
      const script = pool.runScript('BEGIN; INSERT INTO t(x) VALUES (1); nonsense; COMMIT');
      expect(await failureOf(script)).toBeInstanceOf(StatementError);
      await pool.runOperation('INSERT INTO t(x) VALUES (2)');
      expect(await values(pool)).toEqual([2]);
      await pool.runScript('BEGIN; INSERT INTO t(x) VALUES (3); COMMIT');
      await pool.runInteraction((each) => each.runOperation('INSERT INTO t(x) VALUES (4)'));
      expect(await values(pool)).toEqual([2, 3, 4]);
    });

    it('cancels a script, also one that waits', async () => {
      await using pool = await withTable();
      const started = latch();
      const end = latch();
      const using_ = pool.runWithConnection(async () => {
        started.open();
        await end.promise;
      });
      await within(started.promise, 'the connection');
      const controller = new AbortController();
      const waiting = pool.runScript('INSERT INTO t(x) VALUES (1)', { signal: controller.signal });
      controller.abort();
      expect(await failureOf(waiting)).toBeInstanceOf(CancelledError);
      end.open();
      await using_;
      expect(await values(pool)).toEqual([]);
    });

    it('refuses statements that begin a transaction on any connection, and NUL characters', async () => {
      await using pool = await withTable();
      for (const sql of ['BEGIN', ' begin immediate', 'SAVEPOINT a', 'START TRANSACTION']) {
        expect(() => pool.runOperation(sql)).toThrow(/call runInteraction/);
        expect(() => pool.runQuery(sql)).toThrow(/call runInteraction/);
      }
      expect(() => pool.runQuery('SELECT 1\0')).toThrow(/NUL/);
      expect(() => pool.runScript('SELECT 1\0; SELECT 2')).toThrow(/NUL/);
      const cut = pool.runOperation('INSERT INTO t(name) VALUES (?)', ['admin\0']);
      expect(await failureOf(cut)).toMatchObject({ message: expect.stringContaining('NUL') });
      expect(await values(pool)).toEqual([]);
    });

    it('keeps a database in memory on one connection', async () => {
      await using pool = new ConnectionPool(rig.reactor, sqliteDatabase(':memory:'));
      await pool.runScript('CREATE TABLE m (x)');
      await pool.runOperation('INSERT INTO m VALUES (1)');
      expect(await pool.runQuery('SELECT x FROM m')).toEqual([{ x: 1 }]);
      expect(pool.statistics().open).toBe(1);
    });

    it('completes accepted calls when it is closed, and refuses new ones', async () => {
      const pool = await withTable();
      const accepted = pool.runOperation('INSERT INTO t(x) VALUES (1)');
      const closed = pool.close();
      expect(await failureOf(pool.runQuery('SELECT 1'))).toBeInstanceOf(PoolClosedError);
      expect((await accepted).rowsAffected).toBe(1);
      await within(closed, 'the end of the pool');
      expect(pool.statistics()).toEqual({ open: 0, opening: 0, busy: 0, waiting: 0 });
      expect(String(pool)).toContain('0 connections');
    });
  },
  ONE_REACTOR,
);

contract('a pool of connections to SQLite, on each reactor', (rig) => {
  const { open, withTable } = openers(rig);

  it('runs statements', async () => {
    await using pool = await withTable();
    const inserted = await pool.runOperation('INSERT INTO t VALUES (?, ?), (?, ?)', [
      1,
      'a',
      7,
      null,
    ]);
    expect(inserted).toEqual({ rows: [], rowsAffected: 2, lastInsertRowId: 7 });
    expect(await pool.runQuery('SELECT * FROM t ORDER BY x')).toEqual([
      { x: 1, name: 'a' },
      { x: 7, name: null },
    ]);
    const deleted = await pool.runOperation('DELETE FROM t WHERE x > $1 RETURNING x', [1]);
    expect(deleted).toMatchObject({ rows: [{ x: 7 }], rowsAffected: 1 });
    const types = await pool.runQuery('SELECT $1 AS b, $2 AS t, $3 AS n, $1 AS again', [
      new Uint8Array([1, 2]),
      true,
      1.5,
    ]);
    expect(types).toEqual([
      { b: new Uint8Array([1, 2]), t: 1, n: 1.5, again: new Uint8Array([1, 2]) },
    ]);
    const text = "SELECT '?' AS a, ? AS b -- ?";
    expect(await pool.runQuery(text, [2])).toEqual([{ a: '?', b: 2 }]);
  });

  it('stops a statement at its time limit, or when it is cancelled', async () => {
    await using pool = open({ max: 1 });
    const limited = pool.runQuery(COUNT(1e9), [], { timeoutMs: 20 });
    expect(await failureOf(limited)).toBeInstanceOf(StatementTimeoutError);
    const controller = new AbortController();
    const signalled = pool.runQuery(COUNT(1e9), [], { signal: controller.signal });
    const waiting = pool.runQuery('SELECT 1 AS n');
    controller.abort();
    expect(await failureOf(signalled)).toBeInstanceOf(CancelledError);
    expect(await within(waiting, 'the statement behind it')).toEqual([{ n: 1 }]);
  });

  it('is closed when the reactor stops, after its calls', async () => {
    const pool = await withTable();
    const { reactor } = rig;
    const outcomes: unknown[] = [];
    reactor.addSystemEventTrigger('before', 'shutdown', async () => {
      outcomes.push((await pool.runOperation('INSERT INTO t(x) VALUES (1)')).rowsAffected);
    });
    reactor.callWhenRunning(() => {
      outcomes.push(
        pool.runOperation('INSERT INTO t(x) VALUES (2)').then(({ rowsAffected }) => rowsAffected),
      );
      reactor.stop();
    });
    await within(reactor.run(), 'the end of the reactor');
    expect(await Promise.all(outcomes)).toEqual([1, 1]);
    await within(pool.close(), 'the end of the pool');
  });
});

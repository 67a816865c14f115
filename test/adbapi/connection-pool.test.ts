import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  type DriverConnection,
  PoolClosedError,
  StatementTimeoutError,
} from '../../src/adbapi/index.js';
import {
  CancelledError,
  createReactor,
  Deferred,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/index.js';
import { MemoryReactor } from '../../src/testing/index.js';
import { FakeDatabase } from './fake-database.js';

/** Lets promises settle. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function poolOf(
  database: FakeDatabase,
  options: ConnectionPoolOptions = {},
): { readonly pool: ConnectionPool; readonly reactor: MemoryReactor } {
  const reactor = new MemoryReactor();
  return { reactor, pool: new ConnectionPool(reactor, database, options) };
}

const failureOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );

it('opens as many connections as are needed, up to the maximum, and runs calls in order', async () => {
  const database = new FakeDatabase();
  const { pool } = poolOf(database, { max: 2 });
  const results = ['a', 'b', 'c', 'd'].map((sql) => pool.runQuery(sql));
  await settle();
  expect(database.running).toEqual([['a'], ['b']]);
  expect(pool.statistics()).toEqual({ open: 2, opening: 0, busy: 2, waiting: 2 });
  database.connections[1]?.answer();
  expect(database.running).toEqual([['a'], ['c']]);
  database.connections[0]?.answer();
  database.connections[0]?.answer();
  database.connections[1]?.answer();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd'].map((sql) => [{ sql }]));
  expect(pool.statistics()).toEqual({ open: 2, opening: 0, busy: 0, waiting: 0 });
});

it('closes connections that were idle for long, except the minimum', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 3, min: 1, idleTimeoutMs: 1000 });
  const results = [1, 2, 3].map((n) => pool.runQuery(`${n}`));
  await settle();
  for (const connection of database.connections) connection.answer();
  await Promise.all(results);
  reactor.advance(999);
  expect(pool.statistics().open).toBe(3);
  reactor.advance(1);
  expect(pool.statistics().open).toBe(1);
  expect(database.connections.map(({ state }) => state)).toEqual(['open', 'closed', 'closed']);
});

it('fails calls that wait for longer than allowed, and those beyond the limit', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 1, waitTimeoutMs: 100, maxWaiting: 2 });
  const first = pool.runQuery('first');
  await settle();
  const second = failureOf(pool.runQuery('second'));
  reactor.advance(60);
  const third = pool.runQuery('third');
  expect(await failureOf(pool.runQuery('fourth'))).toMatchObject({
    option: 'maxWaiting',
    limit: 2,
  });
  reactor.advance(40);
  expect(await second).toMatchObject({ option: 'waitTimeoutMs', limit: 100, connections: 1 });
  database.connections[0]?.answer();
  database.connections[0]?.answer();
  expect(await first).toEqual([{ sql: 'first' }]);
  expect(await third).toEqual([{ sql: 'third' }]);
});

it('explains why a call of the pool fails in a transaction that has the only connection', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 1, waitTimeoutMs: 100 });
  const transaction = failureOf(pool.runInteraction(() => pool.runQuery('inner')));
  await settle();
  database.connections[0]?.answer();
  await settle();
  reactor.advance(100);
  await settle();
  expect(database.running).toEqual([['ROLLBACK']]);
  database.connections[0]?.answer();
  const failure = await transaction;
  expect(failure).toMatchObject({ option: 'waitTimeoutMs', connections: 1, held: 1 });
  expect((failure as Error).message).toContain('instead of its argument, waits for itself');
});

it('runs callbacks outside of the contexts of other callers', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 1, waitTimeoutMs: 100 });
  const storage = new AsyncLocalStorage<string>();
  database.whenConnecting = () => void seen.push(storage.getStore());
  const seen: unknown[] = [];
  const first = storage.run('first', () => pool.runQuery('first'));
  const others = ['second', 'third'].map((name) =>
    storage.run(name, () =>
      pool.runQuery(name).addErrback(() => void seen.push(storage.getStore())),
    ),
  );
  await settle();
  reactor.advance(100);
  await Promise.all(others);
  expect(seen).toEqual([undefined, undefined, undefined]);
  database.connections[0]?.answer();
  await first;
});

it('removes a cancelled call from the queue, and asks the database to stop a running one', async () => {
  const database = new FakeDatabase();
  const { pool } = poolOf(database, { max: 1 });
  const running = pool.runQuery('running');
  await settle();
  const waiting = pool.runQuery('waiting');
  waiting.cancel();
  expect(await failureOf(waiting)).toBeInstanceOf(CancelledError);
  running.cancel();
  expect(await failureOf(running)).toBeInstanceOf(CancelledError);
  expect(database.connections[0]?.cancelled).toEqual(['running']);
  const next = pool.runQuery('next');
  expect(database.running).toEqual([['running']]);
  database.connections[0]?.fail(new Error('stopped'));
  expect(database.running).toEqual([['next']]);
  database.connections[0]?.answer();
  expect(await next).toEqual([{ sql: 'next' }]);
});

it('limits the time of statements, and gives the result of one that was completed nevertheless', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 1, statementTimeoutMs: 100 });
  const stopped = failureOf(pool.runQuery('stopped'));
  await settle();
  reactor.advance(100);
  expect(database.connections[0]?.cancelled).toEqual(['stopped']);
  database.connections[0]?.fail(new Error('interrupted'));
  expect(await stopped).toBeInstanceOf(StatementTimeoutError);
  const completed = pool.runQuery('completed', [], { timeoutMs: 50 });
  reactor.advance(50);
  database.connections[0]?.answer();
  expect(await completed).toEqual([{ sql: 'completed' }]);
  const stuck = failureOf(pool.runQuery('stuck'));
  reactor.advance(100);
  reactor.advance(250);
  expect(await stuck).toBeInstanceOf(StatementTimeoutError);
  expect(pool.statistics().busy).toBe(1);
  expect(reactor.getDelayedCalls()).toEqual([]);
  database.connections[0]?.answer();
});

it('replaces a lost connection, and one that must not be used again', async () => {
  const database = new FakeDatabase();
  const { pool } = poolOf(database, { max: 1 });
  const lost = failureOf(pool.runQuery('lost'));
  await settle();
  database.connections[0]?.lose(new Error('gone'));
  expect(await lost).toMatchObject({ message: 'gone' });
  const second = pool.runQuery('second');
  await settle();
  const [, worn] = database.connections;
  if (worn !== undefined) worn.usable = false;
  const third = pool.runQuery('third');
  worn?.answer();
  expect(await second).toEqual([{ sql: 'second' }]);
  await settle();
  expect(worn?.state).toBe('closed');
  database.connections[2]?.answer();
  expect(await third).toEqual([{ sql: 'third' }]);
});

it('fails all waiting calls if no connection can be made, with one attempt each', async () => {
  const database = new FakeDatabase();
  database.refusal = new Error('refused');
  const { pool } = poolOf(database, { max: 2 });
  const failures = ['a', 'b', 'c', 'd', 'e'].map((sql) => failureOf(pool.runQuery(sql)));
  for (const failure of await Promise.all(failures)) expect(failure).toBe(database.refusal);
  expect(database.attempts).toBe(2);
  database.refusal = undefined;
  const later = pool.runQuery('later');
  await settle();
  database.connections[0]?.answer();
  expect(await later).toEqual([{ sql: 'later' }]);
});

it('has one connection for changes and others for reading, if the database has a single writer', async () => {
  const database = new FakeDatabase({ singleWriter: true });
  const { pool } = poolOf(database, { max: 3 });
  const calls = [
    ...['w1', 'w2'].map((sql) => pool.runOperation(sql)),
    ...['r1', 'r2', 'r3'].map((sql) => pool.runQuery(sql)),
  ];
  await settle();
  expect(database.running).toEqual([['w1'], ['r1'], ['r2']]);
  for (let i = 0; i < 5; i++)
    database.connections.find(({ running }) => running.length > 0)?.answer();
  await Promise.all(calls);
});

it('sends independent statements to a busy connection, unless it is slow or held', async () => {
  const database = new FakeDatabase({ pipelineDepth: 3 });
  const { pool, reactor } = poolOf(database, { max: 1 });
  const first = pool.runQuery('1');
  await settle();
  const others = ['2', '3', '4'].map((sql) => pool.runQuery(sql));
  expect(database.running).toEqual([['1', '2', '3']]);
  reactor.advance(6);
  database.connections[0]?.answer();
  expect(database.running).toEqual([['2', '3', '4']]);
  reactor.advance(6);
  const slow = pool.runQuery('5');
  expect(database.running).toEqual([['2', '3', '4']]);
  for (let i = 0; i < 4; i++) database.connections[0]?.answer();
  await Promise.all([first, slow, ...others]);
  const held = pool.runWithConnection((connection) => connection.runQuery('held'));
  await settle();
  const behind = pool.runQuery('behind');
  expect(database.running).toEqual([['held']]);
  database.connections[0]?.answer();
  await settle();
  database.connections[0]?.answer();
  await Promise.all([held, behind]);
});

it('opens further connections if those with pipelines are slow, and not for short statements', async () => {
  const database = new FakeDatabase({ pipelineDepth: 2 });
  const { pool, reactor } = poolOf(database, { max: 2 });
  const results = Array.from({ length: 40 }, (_, n) => pool.runQuery(`${n}`));
  await settle();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 8; n++) database.connections[0]?.answer();
    reactor.advance(5);
  }
  await settle();
  expect(pool.statistics()).toMatchObject({ open: 1, opening: 0 });
  reactor.advance(5);
  reactor.advance(5);
  await settle();
  expect(pool.statistics()).toMatchObject({ open: 2, busy: 2 });
  while (database.running.some(({ length }) => length > 0)) {
    for (const connection of database.connections)
      if (connection.running.length > 0) connection.answer();
  }
  await Promise.all(results);
});

it('ends the connections of calls that take too long when it is closed', async () => {
  const database = new FakeDatabase();
  const { pool, reactor } = poolOf(database, { max: 1, closeTimeoutMs: 1000 });
  const running = failureOf(pool.runQuery('running'));
  await settle();
  const waiting = failureOf(pool.runQuery('waiting'));
  const closed = pool.close();
  expect(await failureOf(pool.runQuery('refused'))).toBeInstanceOf(PoolClosedError);
  reactor.advance(1000);
  expect(await running).toMatchObject({ message: 'destroyed' });
  expect(await waiting).toBeInstanceOf(PoolClosedError);
  await closed;
  expect(pool.close()).toBe(pool.close());
  expect(reactor.getDelayedCalls()).toEqual([]);
});

it('closes a connection that is opened while it is closed, after its call was cancelled', async () => {
  const connecting = new Deferred<void>();
  class SlowDatabase extends FakeDatabase {
    override async connect(): Promise<DriverConnection> {
      await connecting;
      return super.connect();
    }
  }
  const database = new SlowDatabase();
  const { pool } = poolOf(database);
  const cancelled = pool.runQuery('cancelled');
  cancelled.cancel();
  const closed = pool.close();
  await settle();
  connecting.callback();
  await closed;
  expect(await failureOf(cancelled)).toBeInstanceOf(CancelledError);
  expect(database.connections.map(({ state }) => state)).toEqual(['closed']);
  expect(pool.statistics()).toEqual({ open: 0, opening: 0, busy: 0, waiting: 0 });
});

it('ends the connections of running calls if it is closed after its reactor was disposed of', async () => {
  const database = new FakeDatabase();
  const reactor = createReactor({ kind: 'node' });
  const pool = new ConnectionPool(reactor, database);
  const running = failureOf(pool.runQuery('running'));
  await settle();
  await reactor[Symbol.asyncDispose]();
  await pool.close();
  expect(await running).toMatchObject({ message: 'destroyed' });
});

it('refuses wrong arguments', () => {
  const { pool, reactor } = poolOf(new FakeDatabase());
  expect(() => pool.runQuery(5 as never)).toThrow(InvalidArgumentTypeError);
  expect(() => pool.runQuery('a', 'b' as never)).toThrow(InvalidArgumentTypeError);
  expect(() => pool.runQuery('a', [undefined])).toThrow('parameters[0] must be a value, or null');
  expect(() => pool.runInteraction(5 as never)).toThrow(InvalidArgumentTypeError);
  expect(() => pool.streamRows('a', [], { batchSize: 0 })).toThrow(InvalidArgumentValueError);
  expect(() => new ConnectionPool(reactor, {} as never)).toThrow('the result of sqlite()');
  expect(() => new ConnectionPool(reactor, new FakeDatabase(), { min: 9 })).toThrow('at most max');
});

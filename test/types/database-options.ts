/** The options of `ropewalk/adbapi`. */

import { DatabaseConnection } from '../../src/adbapi/database-connection.js';
import { ConnectionPool, postgres, sqlite } from '../../src/adbapi/index.js';
import { Session } from '../../src/adbapi/session.js';
import { type Call, memory } from './option-calls.js';

const driver = sqlite('/x');

const pooled = (call: (pool: ConnectionPool, options: never) => unknown): Call =>
  memory((reactor, options) => call(new ConnectionPool(reactor, driver), options));

export const DATABASE_CALLS: Readonly<Record<string, readonly Call[]>> = {
  ConnectionPoolOptions: [memory((reactor, o) => new ConnectionPool(reactor, driver, o))],
  InteractionOptions: [pooled((pool, o) => pool.runInteraction(() => 1, o))],
  PostgresOptions: [(o) => postgres(o)],
  SQLiteOptions: [(o) => sqlite('/x', o)],
  StatementOptions: [
    pooled((pool, o) => pool.runQuery('SELECT 1', [], o)),
    pooled((pool, o) => pool.runOperation('SELECT 1', [], o)),
    pooled((pool, o) => pool.runScript('SELECT 1', o)),
  ],
  StreamOptions: [pooled((pool, o) => pool.streamRows('SELECT 1', [], o))],
  TransactionOptions: [
    memory((reactor, o) => {
      const session = new Session(undefined as never, reactor, 0);
      return new DatabaseConnection(session, driver).runInteraction(() => 1, o);
    }),
  ],
  WithConnectionOptions: [pooled((pool, o) => pool.runWithConnection(() => 1, o))],
};

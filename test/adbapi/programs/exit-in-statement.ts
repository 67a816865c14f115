/** Exits while statements of SQLite run: `SQL...`, each in a pool of its own. */
import { ConnectionPool, sqlite } from '../../../src/adbapi/index.js';
import { createReactor } from '../../../src/index.js';

const reactor = createReactor({ kind: 'node' });
const pools = process.argv.slice(2).map((sql) => {
  const pool = new ConnectionPool(reactor, sqlite(':memory:'));
  return { pool, sql };
});
await Promise.all(pools.map(({ pool }) => pool.runQuery('SELECT 1')));
for (const { pool, sql } of pools) void pool.runQuery(sql).addErrback(() => undefined);
setTimeout(() => process.exit(3), 20);

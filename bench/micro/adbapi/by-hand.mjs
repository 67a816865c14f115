// The worker that one would write for SQLite: no queue, no transactions, no limits.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite');
const database = new DatabaseSync(workerData);
const statements = new Map();

parentPort.on('message', ({ id, sql, parameters }) => {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  parentPort.postMessage({ id, rows: statement.all(...parameters) });
});

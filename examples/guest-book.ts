// A guest book in SQLite, over HTTP: `node --import tsx examples/guest-book.ts --port 7023 --file guests.db`. GET /entries lists
// the newest, POST /entries adds one: `curl -d '{"name":"Ada","text":"Hello!"}' localhost:7023/entries`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { ConnectionPool, ConstraintError, sqlite } from 'ropewalk/adbapi';
import { type HTTPRequest, type HTTPResponse, HTTPStatusError, serveHttp } from 'ropewalk/http';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS guests (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 80));
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    guest INTEGER NOT NULL REFERENCES guests,
    text TEXT NOT NULL CHECK (length(text) BETWEEN 1 AND 1000)
  );`;

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly text: string;
}

const NEWEST = `SELECT e.id, g.name, e.text FROM entries e JOIN guests g ON g.id = e.guest
  ORDER BY e.id DESC LIMIT 20`;

/** Both statements take effect, or none. */
function addEntry(pool: ConnectionPool, name: unknown, text: unknown): PromiseLike<Entry> {
  return pool.runInteraction(async (transaction) => {
    await transaction.runOperation('INSERT INTO guests (name) VALUES (?) ON CONFLICT DO NOTHING', [
      name,
    ]);
    const { rows } = await transaction.runOperation<{ id: number }>(
      'INSERT INTO entries (guest, text) SELECT id, ? FROM guests WHERE name = ? RETURNING id',
      [text, name],
    );
    return { id: rows[0]?.id ?? 0, name: String(name), text: String(text) };
  });
}

async function answer(
  pool: ConnectionPool,
  request: HTTPRequest,
  response: HTTPResponse,
): Promise<void> {
  if (request.path !== '/entries') throw new HTTPStatusError(404);
  if (request.method === 'GET' || request.method === 'HEAD') {
    response.sendJSON(await pool.runQuery<Entry>(NEWEST));
    return;
  }
  if (request.method !== 'POST') throw new HTTPStatusError(405);
  request.maxContentBytes = 10_000;
  const { name, text } = ((await request.json()) ?? {}) as { name?: unknown; text?: unknown };
  if (typeof name !== 'string' || typeof text !== 'string') throw new HTTPStatusError(422);
  try {
    const entry = await addEntry(pool, name, text);
    response.status = 201;
    response.sendJSON(entry);
  } catch (error) {
    throw error instanceof ConstraintError ? new HTTPStatusError(422) : error;
  }
}

try {
  const {
    port,
    file,
    reactor: kind,
  } = parseArgs({
    options: {
      port: { type: 'string', default: '7023' },
      file: { type: 'string', default: ':memory:' },
      reactor: { type: 'string', default: process.env.ROPEWALK_REACTOR ?? 'auto' },
    },
  }).values;
  const reactor = createReactor({ kind: kind as 'auto' });
  const pool = new ConnectionPool(reactor, sqlite(file));
  await pool.runScript(SCHEMA);
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, (request, response) =>
    answer(pool, request, response),
  );
  console.log(`guest book listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`guest-book: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}

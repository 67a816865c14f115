/** The module of the thread of a connection to SQLite. A thread has one connection, and so this module has its state. */
import type { MessagePort } from 'node:worker_threads';
import { packError } from '../../internal/remote-error.js';
import type { Row } from '../database-driver.js';
import { BUSY, LEAVING } from './cells.js';
import { type Database, loadSQLite, type Statement } from './load-sqlite.js';
import type { OpenSettings, Outcome, Request, ThreadLink } from './messages.js';
import { type Placeholders, placeholdersOf } from './placeholders.js';

interface Prepared {
  readonly statement: Statement;
  readonly placeholders: Placeholders;
  readonly returnsRows: boolean;
  /** Whether it has run, and took little time. */
  fast: boolean;
}

/** The rows of a statement. Iterators of the package do not keep their statement alive, and crash without it. */
interface RowStream {
  readonly statement: Statement;
  readonly rows: IterableIterator<Row>;
}

interface Connection {
  readonly database: Database;
  readonly settings: OpenSettings;
  readonly cells: Int32Array;
  /** Statements by their text, the least recently used first. */
  readonly prepared: Map<string, Prepared>;
  /** The statements whose rows are being read, by the numbers that the caller gave them. */
  readonly streams: Map<number, RowStream>;
}

/** The number of the stream whose rows are all read at once. */
const COLLECTED = 0;
/** Outcomes are returned after so long. */
const FAST_MS = 1;
/** SQLITE_INTERRUPT */
const INTERRUPTED = 9;

let connection: Connection | undefined;

/** Opens the connection: called once. */
export function open(settings: OpenSettings, { port, cells }: ThreadLink): void {
  const { DatabaseSync } = loadSQLite();
  connection = guarded(cells, () => {
    const { path, readOnly, busyTimeoutMs: timeout } = settings;
    const database = new DatabaseSync(path, { readOnly, timeout });
    prepareDatabase(database, settings);
    return { database, settings, cells, prepared: new Map(), streams: new Map() };
  });
  port.on('message', (requests: readonly Request[]) => {
    if (connection !== undefined) answer(port, run(connection, requests));
  });
}

export function closeRows(stream: number): void {
  inConnection((open) => endStream(open, stream));
}

/** Rolls back a transaction that was left open. */
export function reset(_stream: number): void {
  inConnection((open) => {
    for (const stream of open.streams.keys()) endStream(open, stream);
    try {
      open.database.exec('ROLLBACK');
    } catch {
      // There is none.
    }
  });
}

/** Closes the connection. */
export function close(_stream: number): void {
  inConnection(({ prepared, database }) => {
    prepared.clear();
    database.close();
  });
  connection = undefined;
}

function prepareDatabase(database: Database, { journalMode, readOnly }: OpenSettings): void {
  try {
    // Reads the file: whether it is a database turns out here.
    database.prepare('PRAGMA schema_version').all();
    if (journalMode !== undefined && !readOnly)
      database.exec(`PRAGMA journal_mode = ${journalMode}`);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Calls code of SQLite, unless the process is about to end. */
function guarded<T>(cells: Int32Array, call: () => T): T {
  Atomics.store(cells, BUSY, 1);
  try {
    if (Atomics.load(cells, LEAVING) === 1) throw interruption();
    return call();
  } finally {
    Atomics.store(cells, BUSY, 0);
  }
}

function inConnection(call: (open: Connection) => void): void {
  const open = connection;
  if (open !== undefined) guarded(open.cells, () => call(open));
}

/** Runs the first statements of a list, at least one: until one has taken long, or before one that may. */
function run(open: Connection, requests: readonly Request[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const until = performance.now() + FAST_MS;
  Atomics.store(open.cells, BUSY, 1);
  for (const request of requests) {
    if (outcomes.length > 0 && (!isFast(open, request) || performance.now() > until)) break;
    outcomes.push(outcomeOf(open, request));
  }
  Atomics.store(open.cells, BUSY, 0);
  return outcomes;
}

function answer(port: MessagePort, outcomes: Outcome[]): void {
  try {
    port.postMessage(outcomes);
  } catch (error) {
    // They are too large for a message.
    const outcome = { error: packError(error) };
    port.postMessage(outcomes.map(() => outcome));
  }
}

function isFast(open: Connection, [kind, , sql]: Request): boolean {
  return kind === 'execute' && open.prepared.get(sql)?.fast === true;
}

function outcomeOf(open: Connection, request: Request): Outcome {
  try {
    // A statement that was cancelled while it waited does not run.
    stopIfAsked(open, request[1]);
    switch (request[0]) {
      case 'execute':
        return execute(open, request[1], request[2], request[3]);
      case 'runScript':
        open.database.exec(request[2]);
        return { changes: 0, id: 0 };
      case 'firstRows':
        beginRows(open, request[4], request[2], request[3]);
        return { rows: read(open, request[1], request[4], request[5]) };
      case 'nextRows':
        return { rows: read(open, request[1], request[2], request[3]) };
    }
  } catch (error) {
    return { error: packError(error) };
  }
}

function execute(
  open: Connection,
  slot: number,
  sql: string,
  parameters: readonly unknown[],
): Outcome {
  const prepared = prepare(open, sql);
  const values = bound(prepared, parameters);
  const startedAt = performance.now();
  const outcome = runPrepared(open, slot, prepared, values);
  prepared.fast = performance.now() - startedAt < FAST_MS;
  return outcome;
}

function runPrepared(
  open: Connection,
  slot: number,
  { statement, returnsRows, fast }: Prepared,
  values: unknown[],
): Outcome {
  if (!returnsRows) {
    const { changes, lastInsertRowid } = statement.run(...values);
    return { changes: Number(changes), id: lastInsertRowid };
  }
  if (fast) return { rows: statement.all(...values) };
  // Slower for many short statements, but it can be stopped between two rows.
  open.streams.set(COLLECTED, { statement, rows: statement.iterate(...values) });
  try {
    return { rows: read(open, slot, COLLECTED, Number.POSITIVE_INFINITY) };
  } finally {
    endStream(open, COLLECTED);
  }
}

function beginRows(
  open: Connection,
  stream: number,
  sql: string,
  parameters: readonly unknown[],
): void {
  // Not one of the kept statements: those may be used meanwhile.
  const prepared = compile(open, sql);
  const { statement } = prepared;
  open.streams.set(stream, { statement, rows: statement.iterate(...bound(prepared, parameters)) });
}

function read(open: Connection, slot: number, stream: number, count: number): Row[] {
  const result: Row[] = [];
  const rows = open.streams.get(stream)?.rows;
  while (rows !== undefined && result.length < count) {
    const { done, value } = rows.next();
    if (done) {
      open.streams.delete(stream);
      break;
    }
    result.push(value);
    stopIfAsked(open, slot);
  }
  return result;
}

function endStream({ streams }: Connection, stream: number): void {
  streams.get(stream)?.rows.return?.();
  streams.delete(stream);
}

function stopIfAsked({ cells }: Connection, slot: number): void {
  if (Atomics.load(cells, slot) === 1) throw interruption();
}

function interruption(): Error {
  return Object.assign(new Error('interrupted'), { errcode: INTERRUPTED });
}

function prepare(open: Connection, sql: string): Prepared {
  const { prepared, settings } = open;
  const known = prepared.get(sql);
  const statement = known ?? compile(open, sql);
  if (known !== undefined) prepared.delete(sql);
  prepared.set(sql, statement);
  if (prepared.size > settings.preparedStatements) {
    for (const oldest of prepared.keys()) {
      prepared.delete(oldest);
      break;
    }
  }
  return statement;
}

function compile({ database, settings }: Connection, sql: string): Prepared {
  const placeholders = placeholdersOf(sql);
  if (placeholders.more) {
    throw new Error('a second statement follows the first: run one at a time, or use runScript');
  }
  const statement = database.prepare(sql);
  if (settings.bigints) statement.setReadBigInts(true);
  return { statement, placeholders, returnsRows: statement.columns().length > 0, fast: false };
}

/** The parameters in the form that the statement expects. */
function bound({ placeholders }: Prepared, parameters: readonly unknown[]): unknown[] {
  const { count, numbered } = placeholders;
  if (parameters.length !== count) {
    const expected = `${count} ${count === 1 ? 'parameter' : 'parameters'}`;
    throw new Error(
      `the statement has ${expected}, and ${parameters.length} ${parameters.length === 1 ? 'was' : 'were'} passed`,
    );
  }
  const values = parameters.map(bindable);
  if (!numbered) return values;
  return [Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]))];
}

function bindable(value: unknown, index: number): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  // The drivers would cut it off there.
  if (typeof value === 'string' && value.includes('\0'))
    throw new Error(`parameter ${index + 1} is text with a NUL character: pass bytes`);
  const isObject = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (!isObject) return value;
  const types = 'null, a number, a bigint, a string, a boolean or bytes';
  throw new Error(`parameter ${index + 1} must be ${types}: convert other objects to one of these`);
}

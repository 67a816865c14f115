/** The module of the thread of a connection to SQLite. A thread has one connection, and so this module has its state. */
import { packError, type RemoteError } from '../../internal/remote-error.js';
import type { Row } from '../database-driver.js';
import { type Database, loadSQLite, type Statement } from './load-sqlite.js';
import { type Placeholders, placeholdersOf } from './placeholders.js';

/** The properties of a connection. */
export interface OpenSettings {
  readonly path: string;
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
  readonly journalMode: string | undefined;
  readonly bigints: boolean;
  readonly preparedStatements: number;
  /** For each slot whether its statement is to be stopped. */
  readonly cells: Int32Array;
}

/** A statement: its kind, slot, text, parameters, and for reading in batches the number of the stream and of rows. */
export type Request = readonly [
  name: 'execute' | 'runScript' | 'firstRows' | 'nextRows',
  slot: number,
  sql: string,
  parameters?: readonly unknown[],
  stream?: number,
  count?: number,
];

/** The outcome of a statement. */
export type Outcome =
  | { readonly rows: Row[] }
  | { readonly changes: number; readonly id: number | bigint }
  | { readonly error: RemoteError };

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
  /** Statements by their text, the least recently used first. */
  readonly prepared: Map<string, Prepared>;
  /** The statements whose rows are being read, by the numbers that the caller gave them. */
  readonly streams: Map<number, RowStream>;
}

/** The number of the stream whose rows are all read at once. */
const COLLECTED = 0;
/** Outcomes are returned after so long. */
const FAST_MS = 1;

let connection: Connection | undefined;

/** Opens the connection: called once. */
export function open(settings: OpenSettings): void {
  const { DatabaseSync } = loadSQLite();
  const { path, readOnly, busyTimeoutMs, journalMode } = settings;
  const database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs });
  try {
    // Reads the file: whether it is a database turns out here.
    database.prepare('PRAGMA schema_version').all();
    if (journalMode !== undefined && !readOnly)
      database.exec(`PRAGMA journal_mode = ${journalMode}`);
    connection = { database, settings, prepared: new Map(), streams: new Map() };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs the first statements of a list, at least one: until one has taken long, or before one that may. */
export function run(requests: readonly Request[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const until = performance.now() + FAST_MS;
  for (const request of requests) {
    if (outcomes.length > 0 && (!isFast(request) || performance.now() > until)) break;
    outcomes.push(outcomeOf(request));
  }
  return outcomes;
}

export function closeRows(stream: number): void {
  connection?.streams.get(stream)?.rows.return?.();
  connection?.streams.delete(stream);
}

/** Rolls back a transaction that was left open. */
export function reset(_stream: number): void {
  for (const stream of connection?.streams.keys() ?? []) closeRows(stream);
  try {
    connection?.database.exec('ROLLBACK');
  } catch {
    // There is none.
  }
}

/** Closes the connection. */
export function close(_stream: number): void {
  connection?.prepared.clear();
  connection?.database.close();
  connection = undefined;
}

function isFast([name, , sql]: Request): boolean {
  return name === 'execute' && connection?.prepared.get(sql)?.fast === true;
}

function outcomeOf(request: Request): Outcome {
  try {
    const [name, slot, sql, parameters = [], stream = COLLECTED, count = 0] = request;
    if (connection === undefined) throw new Error('the connection is closed');
    // A statement that was cancelled while it waited does not run.
    stopIfAsked(connection, slot);
    if (name === 'execute') return execute(connection, slot, sql, parameters);
    if (name === 'runScript') {
      connection.database.exec(sql);
      return { changes: 0, id: 0 };
    }
    if (name === 'firstRows') beginRows(connection, stream, sql, parameters);
    return { rows: read(connection, slot, stream, count) };
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
    closeRows(COLLECTED);
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

function stopIfAsked({ settings }: Connection, slot: number): void {
  if (Atomics.load(settings.cells, slot) === 0) return;
  throw Object.assign(new Error('interrupted'), { errcode: 9 });
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
    throw new Error(`the statement has ${expected}, and ${parameters.length} were passed`);
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

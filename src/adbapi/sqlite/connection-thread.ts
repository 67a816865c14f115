/** The module of the thread of a connection to SQLite. A thread has one connection, and so this module has its state. */
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
  /** An extension of SQLite that stops statements: see native/README.md. */
  readonly interrupter: string | undefined;
  /** The number of the running statement's slot, and for each slot whether its statement is to be stopped. */
  readonly cells: Int32Array;
}

/** The outcome of a statement, as it is sent. */
export interface ThreadResult {
  readonly rows: Row[];
  readonly rowsAffected: number;
  readonly lastInsertRowId: number | bigint | undefined;
}

interface Prepared {
  readonly statement: Statement;
  readonly placeholders: Placeholders;
  readonly returnsRows: boolean;
}

/** The cell with the slot of the running statement. Slot n has the cell n. */
export const RUNNING = 0;

interface Connection {
  readonly database: Database;
  readonly settings: OpenSettings;
  /** Statements by their text, the least recently used first. */
  readonly prepared: Map<string, Prepared>;
  rows: IterableIterator<Row> | undefined;
}

let connection: Connection | undefined;

/** Opens the connection: called once. */
export function open(settings: OpenSettings): void {
  const { DatabaseSync } = loadSQLite();
  const { path, readOnly, busyTimeoutMs, interrupter, journalMode } = settings;
  const database = new DatabaseSync(path, {
    readOnly,
    timeout: busyTimeoutMs,
    allowExtension: interrupter !== undefined,
  });
  try {
    if (interrupter !== undefined) {
      database.enableLoadExtension(true);
      database.loadExtension(interrupter);
      database.enableLoadExtension(false);
    }
    // Reads the file: whether it is a database turns out here.
    database.prepare('PRAGMA schema_version').all();
    if (journalMode !== undefined && !readOnly)
      database.exec(`PRAGMA journal_mode = ${journalMode}`);
    connection = { database, settings, prepared: new Map(), rows: undefined };
  } catch (error) {
    database.close();
    throw error;
  }
}

export function execute(slot: number, sql: string, parameters: readonly unknown[]): ThreadResult {
  const open = begin(slot);
  const prepared = prepare(open, sql);
  const { statement } = prepared;
  const values = bound(prepared, parameters);
  if (prepared.returnsRows) {
    const rows =
      open.settings.interrupter === undefined
        ? collect(open, slot, statement.iterate(...values))
        : statement.all(...values);
    return { rows, rowsAffected: rows.length, lastInsertRowId: undefined };
  }
  const { changes, lastInsertRowid } = statement.run(...values);
  return { rows: [], rowsAffected: Number(changes), lastInsertRowId: lastInsertRowid };
}

export function runScript(slot: number, sql: string): ThreadResult {
  const { database } = begin(slot);
  database.exec(sql);
  return { rows: [], rowsAffected: 0, lastInsertRowId: undefined };
}

/** Begins a statement and returns its first rows. */
export function firstRows(
  slot: number,
  sql: string,
  parameters: readonly unknown[],
  count: number,
): Row[] {
  const open = begin(slot);
  // Not one of the kept statements: those may be used meanwhile.
  const prepared = compile(open, sql);
  open.rows = prepared.statement.iterate(...bound(prepared, parameters));
  return nextRows(slot, count);
}

/** The next rows of the statement; none at its end. */
export function nextRows(slot: number, count: number): Row[] {
  const open = begin(slot);
  const rows: Row[] = [];
  while (open.rows !== undefined && rows.length < count) {
    const { done, value } = open.rows.next();
    if (done) {
      open.rows = undefined;
      break;
    }
    rows.push(value);
    stopIfAsked(open, slot);
  }
  return rows;
}

export function closeRows(): void {
  connection?.rows?.return?.();
  if (connection !== undefined) connection.rows = undefined;
}

/** Rolls back a transaction that was left open. */
export function reset(): void {
  closeRows();
  try {
    connection?.database.exec('ROLLBACK');
  } catch {
    // There is none.
  }
}

/** Closes the connection. */
export function close(): void {
  connection?.database.close();
  connection = undefined;
}

/** A statement that was cancelled while it waited does not run. */
function begin(slot: number): Connection {
  if (connection === undefined) throw new Error('the connection is closed');
  Atomics.store(connection.settings.cells, RUNNING, slot);
  stopIfAsked(connection, slot);
  return connection;
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
  return { statement, placeholders, returnsRows: statement.columns().length > 0 };
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
  const isObject = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (!isObject) return value;
  const types = 'null, a number, a bigint, a string, a boolean or bytes';
  throw new Error(`parameter ${index + 1} must be ${types}: convert other objects to one of these`);
}

/** Without the extension, a statement can be stopped between two rows. */
function collect(open: Connection, slot: number, source: IterableIterator<Row>): Row[] {
  const rows: Row[] = [];
  for (const row of source) {
    rows.push(row);
    stopIfAsked(open, slot);
  }
  return rows;
}

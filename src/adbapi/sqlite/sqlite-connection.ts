/**
 * A connection to SQLite: a thread that runs its statements.
 *
 * Theory of operation. A message between threads costs more than a short statement. Statements that are started while the thread
 * is busy, or without waiting in between, are therefore sent together, and so are their outcomes. A slow statement must not delay
 * the outcomes of those before it: the thread then returns these, and the rest is sent again, first.
 */
import { MissingPackageError } from '../../core/errors/tls.js';
import { toError } from '../../core/text-of.js';
import { Deferred } from '../../defer/deferred.js';
import { unpackError } from '../../internal/remote-error.js';
import { type Thread, type ThreadModule, threadModule } from '../../threads/index.js';
import type {
  DriverConnection,
  Row,
  RowSource,
  StatementCall,
  StatementResult,
} from '../database-driver.js';
import type * as ConnectionThread from './connection-thread.js';
import type { Outcome, Request } from './connection-thread.js';
import { sqliteError, threadEnded } from './result-codes.js';

/** The number of independent statements that a connection accepts before it has answered the first. */
export const PIPELINE_DEPTH = 64;

/** A function that does not wait for its statements may start more than there are slots: the others are cancelled together. */
const SHARED_SLOT = PIPELINE_DEPTH;

/** Beside this file, in dist/ as well as in src/. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export type ConnectionModule = ThreadModule<typeof ConnectionThread>;

export const CONNECTION_MODULE: ConnectionModule = threadModule(
  new URL(`./connection-thread${EXTENSION}`, import.meta.url),
  { errors: [MissingPackageError] },
);

/** The cells that the thread shares: see `OpenSettings`. */
export function makeCells(): Int32Array {
  const bytes = (SHARED_SLOT + 1) * Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(new SharedArrayBuffer(bytes));
}

/** A statement that has no outcome yet. */
interface PendingStatement {
  readonly request: Request;
  readonly sql: string;
  readonly committing: boolean;
  readonly result: Deferred<Outcome>;
  ended: boolean;
}

export class SQLiteConnection implements DriverConnection {
  whenLost: (() => void) | undefined = undefined;
  readonly #thread: Thread;
  readonly #module: ConnectionModule;
  readonly #cells: Int32Array;
  /** The slots of no statement. */
  readonly #free: number[] = Array.from({ length: PIPELINE_DEPTH }, (_, index) => index);
  /** The statements without an outcome, in their order. */
  #pending: PendingStatement[] = [];
  /** How many of them the thread has. */
  #sent = 0;
  #flushing = false;
  /** The number of statements in {@link SHARED_SLOT}. */
  #sharing = 0;
  #inTransaction = false;
  #lastStream = 0;
  #state: 'open' | 'closing' | 'lost' = 'open';

  constructor(thread: Thread, module: ConnectionModule, cells: Int32Array) {
    this.#thread = thread;
    this.#module = module;
    this.#cells = cells;
    void thread.ended.then(() => this.#lose());
  }

  get usable(): boolean {
    return this.#state === 'open';
  }

  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult> {
    const committing = !this.#inTransaction || sql === 'COMMIT';
    if (sql.startsWith('BEGIN')) this.#inTransaction = true;
    if (sql === 'COMMIT' || sql === 'ROLLBACK') this.#inTransaction = false;
    return this.#start(['execute', this.#takeSlot(), sql, parameters], sql, committing, resultOf);
  }

  runScript(sql: string): StatementCall<StatementResult> {
    const committing = !this.#inTransaction;
    return this.#start(['runScript', this.#takeSlot(), sql], sql, committing, resultOf);
  }

  openRows(sql: string, parameters: readonly unknown[], batchSize: number): RowSource {
    const stream = ++this.#lastStream;
    const run = (name: 'firstRows' | 'nextRows'): StatementCall<Row[]> => {
      const request: Request = [name, this.#takeSlot(), sql, parameters, stream, batchSize];
      return this.#start(request, sql, !this.#inTransaction, rowsOf);
    };
    let next: 'firstRows' | 'nextRows' = 'firstRows';
    return {
      next: () => {
        const name = next;
        next = 'nextRows';
        return run(name);
      },
      close: () => this.#settle('closeRows', stream),
    };
  }

  async reset(): Promise<void> {
    this.#inTransaction = false;
    await this.#settle('reset', 0);
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    await this.#settle('close', 0);
    await this.#thread.stop();
  }

  /**
   * Stops the running statement, and ends the thread after it. A thread that was terminated in code of SQLite would end the
   * process: the drivers for Node throw an exception that V8 does not accept then.
   */
  destroy(): void {
    for (let slot = 0; slot < this.#cells.length; slot++) Atomics.store(this.#cells, slot, 1);
    void this.#settle('close', 0);
    void this.#thread.stop();
    this.#lose();
  }

  #start<T>(
    request: Request,
    sql: string,
    committing: boolean,
    pick: (outcome: Outcome) => T,
  ): StatementCall<T> {
    const result = new Deferred<Outcome>();
    const statement = { request, sql, committing, result, ended: false };
    this.#pending.push(statement);
    if (this.#state === 'lost') queueMicrotask(() => this.#failAll(new Error('it is closed')));
    else this.#flushSoon();
    const cancel = (): void => {
      if (!statement.ended) Atomics.store(this.#cells, request[1], 1);
    };
    return { result: result.addCallback(pick) as Deferred<T>, cancel };
  }

  #flushSoon(): void {
    if (this.#flushing || this.#sent > 0) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#state === 'lost' || this.#pending.length === 0) return;
    this.#sent = this.#pending.length;
    const requests = this.#pending.map(({ request }) => request);
    this.#thread.call(this.#module, 'run', [requests]).addCallbacks(
      (outcomes) => this.#answered(outcomes),
      (failure) => this.#notAnswered(failure.value),
    );
  }

  /** The thread answers a beginning of what it got, at least one. */
  #answered(outcomes: readonly Outcome[]): void {
    const answered = this.#pending.splice(0, outcomes.length);
    this.#sent = 0;
    if (this.#pending.length > 0) this.#flush();
    for (const [index, statement] of answered.entries()) {
      this.#end(statement);
      const outcome = outcomes[index] as Outcome;
      if ('error' in outcome) {
        statement.result.errback(sqliteError(unpackError(outcome.error, []), statement.sql));
      } else statement.result.callback(outcome);
    }
  }

  /** The thread has ended, or a value cannot be sent to it: then nothing of the message was. */
  #notAnswered(cause: Error): void {
    this.#sent = 0;
    if (this.#state === 'lost') this.#failAll(cause);
    else if (cause.name === 'ThreadExitedError') this.#lose(cause);
    else this.#sendApart(cause);
  }

  /** One of several statements has a value that cannot be sent. */
  #sendApart(cause: Error): void {
    const statement = this.#pending.find(({ request }) => !isSendable(request)) ?? this.#pending[0];
    this.#pending = this.#pending.filter((other) => other !== statement);
    if (statement !== undefined) {
      this.#end(statement);
      statement.result.errback(sqliteError(cause, statement.sql));
    }
    this.#flushSoon();
  }

  #takeSlot(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    this.#sharing += 1;
    return SHARED_SLOT;
  }

  #end(statement: PendingStatement): void {
    statement.ended = true;
    const slot = statement.request[1];
    if (slot === SHARED_SLOT) {
      this.#sharing -= 1;
      if (this.#sharing > 0) return;
    } else this.#free.push(slot);
    if (this.#state !== 'lost') Atomics.store(this.#cells, slot, 0);
  }

  /** Calls a function that does not fail, unless the thread has ended. */
  async #settle(name: 'closeRows' | 'reset' | 'close', stream: number): Promise<void> {
    try {
      await this.#thread.call(this.#module, name, [stream]);
    } catch (error) {
      this.#lose(toError(error));
    }
  }

  #lose(cause: Error = new Error('it was closed')): void {
    if (this.#state === 'lost') return;
    const { whenLost } = this;
    this.#state = 'lost';
    whenLost?.();
    this.#failAll(cause);
  }

  #failAll(cause: Error): void {
    const failed = this.#pending;
    this.#pending = [];
    for (const statement of failed) {
      this.#end(statement);
      statement.result.errback(threadEnded(cause, statement.sql, statement.committing));
    }
  }
}

function resultOf(outcome: Outcome): StatementResult {
  if ('rows' in outcome) {
    const { rows } = outcome;
    return { rows, rowsAffected: rows.length, lastInsertRowId: undefined };
  }
  const { changes, id } = outcome as { changes: number; id: number | bigint };
  return { rows: [], rowsAffected: changes, lastInsertRowId: id };
}

function rowsOf(outcome: Outcome): Row[] {
  return (outcome as { rows: Row[] }).rows;
}

function isSendable(request: Request): boolean {
  try {
    structuredClone(request);
    return true;
  } catch {
    return false;
  }
}

/** A connection to SQLite: a thread that runs its statements. */
import { MessageChannel } from 'node:worker_threads';
import { MissingPackageError } from '../../core/errors/tls.js';
import { toError } from '../../core/text-of.js';
import {
  Thread,
  ThreadExitedError,
  type ThreadModule,
  type ThreadOptions,
  threadModule,
} from '../../threads/index.js';
import type {
  DriverConnection,
  Row,
  RowSource,
  StatementCall,
  StatementResult,
} from '../database-driver.js';
import { leaveAtExit, makeCells, stopAll } from './cells.js';
import type * as ConnectionThread from './connection-thread.js';
import type { OpenSettings, Outcome, Request } from './messages.js';
import { StatementQueue } from './statement-queue.js';

/** Beside this file, in dist/ as well as in src/. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export type ConnectionModule = ThreadModule<typeof ConnectionThread>;

export const CONNECTION_MODULE: ConnectionModule = threadModule(
  new URL(`./connection-thread${EXTENSION}`, import.meta.url),
  { errors: [MissingPackageError] },
);

/**
 * @param module The module of the thread.
 * @returns Rejected with MissingPackageError or the error of SQLite.
 */
export async function openSQLite(
  settings: OpenSettings,
  options: ThreadOptions,
  module: ConnectionModule,
): Promise<SQLiteConnection> {
  const thread = new Thread(options);
  const cells = makeCells();
  leaveAtExit(cells, thread.ended);
  const { port1, port2 } = new MessageChannel();
  const queue = new StatementQueue(thread, { port: port1, cells });
  try {
    const link = { port: port2, cells };
    await thread.call(module, 'open', [settings, link], { transfer: [port2] });
  } catch (error) {
    queue.close(toError(error));
    void thread.terminate();
    throw error;
  }
  return new SQLiteConnection(thread, module, queue, cells);
}

class SQLiteConnection implements DriverConnection {
  whenLost: (() => void) | undefined = undefined;
  readonly #thread: Thread;
  readonly #module: ConnectionModule;
  readonly #queue: StatementQueue;
  readonly #cells: Int32Array;
  #inTransaction = false;
  #lastStream = 0;
  #state: 'open' | 'closing' | 'lost' = 'open';

  constructor(thread: Thread, module: ConnectionModule, queue: StatementQueue, cells: Int32Array) {
    this.#thread = thread;
    this.#module = module;
    this.#queue = queue;
    this.#cells = cells;
    void thread.ended.then((end) => this.#lose(new ThreadExitedError(thread.name, end)));
  }

  get usable(): boolean {
    return this.#state === 'open';
  }

  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult> {
    const committing = !this.#inTransaction || sql === 'COMMIT';
    if (sql.startsWith('BEGIN')) this.#inTransaction = true;
    if (sql === 'COMMIT' || sql === 'ROLLBACK') this.#inTransaction = false;
    const request: Request = ['execute', this.#queue.takeSlot(), sql, parameters];
    return this.#queue.start(request, sql, committing, resultOf);
  }

  runScript(sql: string): StatementCall<StatementResult> {
    const request: Request = ['runScript', this.#queue.takeSlot(), sql];
    return this.#queue.start(request, sql, !this.#inTransaction, resultOf);
  }

  openRows(sql: string, parameters: readonly unknown[], batchSize: number): RowSource {
    const stream = ++this.#lastStream;
    let opened = false;
    return {
      next: () => {
        const slot = this.#queue.takeSlot();
        const request: Request = opened
          ? ['nextRows', slot, stream, batchSize]
          : ['firstRows', slot, sql, parameters, stream, batchSize];
        opened = true;
        return this.#queue.start(request, sql, !this.#inTransaction, rowsOf);
      },
      close: () => this.#call('closeRows', stream),
    };
  }

  async reset(): Promise<void> {
    this.#inTransaction = false;
    await this.#call('reset', 0);
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    await this.#call('close', 0);
    await this.#thread.stop();
  }

  /** Stops the running statement, and ends the thread after it, not in it: see `cells.ts`. */
  destroy(): void {
    stopAll(this.#cells);
    void this.#call('close', 0);
    void this.#thread.stop();
    this.#lose();
  }

  /** Calls a function that does not fail, unless the thread has ended. */
  async #call(name: 'closeRows' | 'reset' | 'close', stream: number): Promise<void> {
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
    this.#queue.close(cause);
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

/** A connection to SQLite: a thread that runs its statements. */
import { MissingPackageError } from '../../core/errors/tls.js';
import type { Deferred } from '../../defer/deferred.js';
import {
  type Thread,
  ThreadExitedError,
  type ThreadModule,
  threadModule,
} from '../../threads/index.js';
import type {
  DriverConnection,
  Row,
  RowSource,
  StatementCall,
  StatementResult,
} from '../database-driver.js';
import type * as ConnectionThread from './connection-thread.js';
import { sqliteError, threadEnded } from './result-codes.js';

/** The number of statements that the thread gets before it has answered the first. */
export const PIPELINE_DEPTH = 16;

/** A function that does not wait for its statements may start more than there are slots: the others are cancelled together. */
const SHARED_SLOT = PIPELINE_DEPTH + 1;

/** Beside this file, in dist/ as well as in src/. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

export const CONNECTION_MODULE: ThreadModule<typeof ConnectionThread> = threadModule(
  new URL(`./connection-thread${EXTENSION}`, import.meta.url),
  { errors: [MissingPackageError] },
);

/** The cells that the thread shares: see `OpenSettings`. */
export function makeCells(): Int32Array {
  const bytes = (SHARED_SLOT + 1) * Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(new SharedArrayBuffer(bytes));
}

export class SQLiteConnection implements DriverConnection {
  whenLost: (() => void) | undefined = undefined;
  readonly #thread: Thread;
  readonly #cells: Int32Array;
  /** The slots of no statement. */
  readonly #free: number[] = Array.from({ length: PIPELINE_DEPTH }, (_, index) => index + 1);
  /** The number of statements in {@link SHARED_SLOT}. */
  #sharing = 0;
  #inTransaction = false;
  #state: 'open' | 'closing' | 'lost' = 'open';

  constructor(thread: Thread, cells: Int32Array) {
    this.#thread = thread;
    this.#cells = cells;
    void thread.ended.then(() => this.#lose());
  }

  get usable(): boolean {
    return this.#state === 'open';
  }

  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult> {
    const slot = this.#takeSlot();
    const call = this.#thread.call(CONNECTION_MODULE, 'execute', [slot, sql, parameters]);
    if (sql.startsWith('BEGIN')) this.#inTransaction = true;
    return this.#statement(slot, sql, call);
  }

  runScript(sql: string): StatementCall<StatementResult> {
    const slot = this.#takeSlot();
    const call = this.#thread.call(CONNECTION_MODULE, 'runScript', [slot, sql]);
    return this.#statement(slot, sql, call);
  }

  openRows(sql: string, parameters: readonly unknown[], batchSize: number): RowSource {
    let isOpen = false;
    return {
      next: () => {
        if (!isOpen) {
          isOpen = true;
          return this.#firstRows(sql, parameters, batchSize);
        }
        return this.#nextRows(sql, batchSize);
      },
      close: () => this.#settle('closeRows'),
    };
  }

  async reset(): Promise<void> {
    await this.#settle('reset');
    this.#inTransaction = false;
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    await this.#settle('close');
    await this.#thread.stop();
  }

  /** A statement in SQLite's code is not ended by the end of its thread: it is asked to stop. */
  destroy(): void {
    for (let slot = 1; slot < this.#cells.length; slot++) Atomics.store(this.#cells, slot, 1);
    void this.#thread.terminate();
    this.#lose();
  }

  #firstRows(sql: string, parameters: readonly unknown[], batchSize: number): StatementCall<Row[]> {
    const slot = this.#takeSlot();
    const call = this.#thread.call(CONNECTION_MODULE, 'firstRows', [
      slot,
      sql,
      parameters,
      batchSize,
    ]);
    return this.#statement(slot, sql, call);
  }

  #nextRows(sql: string, batchSize: number): StatementCall<Row[]> {
    const slot = this.#takeSlot();
    const call = this.#thread.call(CONNECTION_MODULE, 'nextRows', [slot, batchSize]);
    return this.#statement(slot, sql, call);
  }

  #takeSlot(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    this.#sharing += 1;
    return SHARED_SLOT;
  }

  #giveSlotBack(slot: number): void {
    if (slot === SHARED_SLOT) {
      this.#sharing -= 1;
      if (this.#sharing > 0) return;
    } else this.#free.push(slot);
    Atomics.store(this.#cells, slot, 0);
  }

  #statement<T>(slot: number, sql: string, call: Deferred<T>): StatementCall<T> {
    const committing = !this.#inTransaction || sql === 'COMMIT';
    let ended = false;
    const end = (): void => {
      ended = true;
      this.#giveSlotBack(slot);
    };
    const result = call.addCallbacks(
      (value) => {
        end();
        if (sql === 'COMMIT' || sql === 'ROLLBACK') this.#inTransaction = false;
        return value;
      },
      (failure) => {
        end();
        const error = failure.value;
        throw error instanceof ThreadExitedError
          ? threadEnded(error, sql, committing)
          : sqliteError(error, sql);
      },
    );
    const cancel = (): void => {
      if (!ended) Atomics.store(this.#cells, slot, 1);
    };
    return { result: result as Deferred<T>, cancel };
  }

  /** Calls a function that does not fail, unless the thread has ended. */
  async #settle(name: 'closeRows' | 'reset' | 'close'): Promise<void> {
    try {
      await this.#thread.call(CONNECTION_MODULE, name, []);
    } catch {
      this.#lose();
    }
  }

  #lose(): void {
    if (this.#state === 'lost') return;
    const { whenLost } = this;
    this.#state = 'lost';
    whenLost?.();
  }
}

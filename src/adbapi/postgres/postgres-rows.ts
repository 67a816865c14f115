/** The rows of a statement by a cursor of the server, which needs a transaction. */
import type { Row, RowSource, StatementCall, StatementResult } from '../database-driver.js';
import { NO_PARAMETERS } from '../statements.js';

/** The part of a connection that is used here. */
interface Executor {
  readonly usable: boolean;
  execute(sql: string, parameters: readonly unknown[]): StatementCall<StatementResult>;
  runScript(sql: string): StatementCall<StatementResult>;
  reset(): Promise<void>;
  destroy(): void;
}

export class PostgresRows implements RowSource {
  readonly #connection: Executor;
  readonly #sql: string;
  readonly #parameters: readonly unknown[];
  readonly #batchSize: number;
  readonly #cursor: string;
  readonly #inTransaction: boolean;
  #state: 'new' | 'open' | 'failed' = 'new';

  /** @param number Of the cursor, on its connection. */
  constructor(
    connection: Executor,
    sql: string,
    parameters: readonly unknown[],
    batchSize: number,
    inTransaction: boolean,
    number: number,
  ) {
    this.#connection = connection;
    this.#sql = sql;
    this.#parameters = parameters;
    this.#batchSize = batchSize;
    this.#cursor = `ropewalk_rows_${number}`;
    this.#inTransaction = inTransaction;
  }

  next(): StatementCall<Row[]> {
    const call = this.#state === 'new' ? this.#open() : this.#fetch();
    const rows = call.result.addCallbacks(
      (result) => result.rows,
      (failure) => {
        this.#state = 'failed';
        return failure;
      },
    );
    return { result: rows as StatementCall<Row[]>['result'], cancel: call.cancel };
  }

  async close(): Promise<void> {
    if (!this.#connection.usable) return;
    if (!this.#inTransaction) {
      await this.#connection.reset();
      return;
    }
    // In a transaction that has failed, the server accepts nothing but its end.
    if (this.#state !== 'open') return;
    try {
      await this.#connection.runScript(`CLOSE ${this.#cursor}`).result;
    } catch {
      this.#connection.destroy();
    }
  }

  /** The statements are sent at once; the result is that of the last. A failure of the first ones makes it fail too. */
  #open(): StatementCall<StatementResult> {
    this.#state = 'open';
    const connection = this.#connection;
    if (!this.#inTransaction) ignore(connection.runScript('BEGIN'));
    const declared = connection.execute(
      `DECLARE ${this.#cursor} NO SCROLL CURSOR FOR ${this.#sql}`,
      this.#parameters,
    );
    const fetched = this.#fetch();
    const result = declared.result.addCallbacks(
      () => fetched.result,
      (failure) => {
        // It fails too, for this reason.
        ignore(fetched);
        return failure;
      },
    );
    return { result: result as StatementCall<StatementResult>['result'], cancel: declared.cancel };
  }

  #fetch(): StatementCall<StatementResult> {
    return this.#connection.execute(`FETCH ${this.#batchSize} FROM ${this.#cursor}`, NO_PARAMETERS);
  }
}

function ignore(call: StatementCall<StatementResult>): void {
  call.result.addErrback(() => undefined);
}

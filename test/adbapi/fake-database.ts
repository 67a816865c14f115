/** A database without a database: a test answers its statements. */
import type {
  DatabaseDriver,
  DriverConnection,
  RowSource,
  StatementCall,
  StatementResult,
} from '../../src/adbapi/index.js';
import { Deferred } from '../../src/index.js';

export class FakeConnection implements DriverConnection {
  whenLost: (() => void) | undefined = undefined;
  usable = true;
  state: 'open' | 'closed' | 'destroyed' = 'open';
  /** The statements that have no answer. */
  readonly running: { readonly sql: string; readonly result: Deferred<StatementResult> }[] = [];
  readonly cancelled: string[] = [];

  execute(sql: string): StatementCall<StatementResult> {
    const result = new Deferred<StatementResult>();
    this.running.push({ sql, result });
    return { result, cancel: () => void this.cancelled.push(sql) };
  }

  runScript(sql: string): StatementCall<StatementResult> {
    return this.execute(sql);
  }

  openRows(): RowSource {
    throw new Error('not in this database');
  }

  async reset(): Promise<void> {}

  async close(): Promise<void> {
    this.state = 'closed';
  }

  destroy(): void {
    this.state = 'destroyed';
    this.lose(new Error('destroyed'));
  }

  /** Answers the oldest statement, with itself. */
  answer(): void {
    const { sql, result } = this.running.shift() as (typeof this.running)[number];
    result.callback({ rows: [{ sql }], rowsAffected: 1, lastInsertRowId: undefined });
  }

  fail(error: Error): void {
    this.running.shift()?.result.errback(error);
  }

  lose(error: Error): void {
    this.usable = false;
    while (this.running.length > 0) this.fail(error);
    this.whenLost?.();
  }
}

export class FakeDatabase implements DatabaseDriver {
  readonly database = 'fake';
  readonly maxConnections: number = Number.POSITIVE_INFINITY;
  readonly singleWriter: boolean;
  readonly pipelineDepth: number;
  readonly connections: FakeConnection[] = [];
  /** Why no connection can be made. */
  refusal: Error | undefined;
  attempts = 0;
  whenConnecting = (): void => {};

  constructor({ singleWriter = false, pipelineDepth = 1 } = {}) {
    this.singleWriter = singleWriter;
    this.pipelineDepth = pipelineDepth;
  }

  beginStatement(): string {
    return 'BEGIN';
  }

  async connect(): Promise<DriverConnection> {
    this.attempts += 1;
    this.whenConnecting();
    if (this.refusal !== undefined) throw this.refusal;
    const connection = new FakeConnection();
    this.connections.push(connection);
    return connection;
  }

  /** The statements that run, by connection. */
  get running(): string[][] {
    return this.connections.map(({ running }) => running.map(({ sql }) => sql));
  }
}

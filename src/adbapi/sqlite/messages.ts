/** The messages between a connection to SQLite and its thread. */
import type { MessagePort } from 'node:worker_threads';
import type { RemoteError } from '../../internal/remote-error.js';
import type { Row } from '../database-driver.js';

/** The properties of a connection. */
export interface OpenSettings {
  readonly path: string;
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
  /** Undefined: left as it is. */
  readonly journalMode: string | undefined;
  readonly bigints: boolean;
  readonly preparedStatements: number;
}

/** The channel between a connection and its thread. */
export interface ThreadLink {
  /** Receives arrays of {@link Request}; the answer to each is an array of {@link Outcome}. */
  readonly port: MessagePort;
  /** Shared memory: see `cells.ts`. */
  readonly cells: Int32Array;
}

/** A statement: its kind, slot, text and parameters; for rows in batches also the numbers of the stream and of rows. */
export type Request =
  | readonly [kind: 'execute', slot: number, sql: string, parameters: readonly unknown[]]
  | readonly [kind: 'runScript', slot: number, sql: string]
  | readonly [
      kind: 'firstRows',
      slot: number,
      sql: string,
      parameters: readonly unknown[],
      stream: number,
      count: number,
    ]
  | readonly [kind: 'nextRows', slot: number, stream: number, count: number];

/** The outcome of a statement. */
export type Outcome =
  | { readonly rows: Row[] }
  | { readonly changes: number; readonly id: number | bigint }
  | { readonly error: RemoteError };

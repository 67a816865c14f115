/** Requests and replies of tables, as values. */
import type { TableFailure } from './errors.js';

export interface TableRequest {
  /** The name of the map in socketmap_table; empty in tcp_table. */
  readonly map: string;
  readonly key: string;
}

export type TableReply =
  | { readonly type: 'found'; readonly value: string }
  | { readonly type: 'missing' }
  | { readonly type: TableFailure; readonly reason: string };

/** The longest reply of tcp_table(5), its newline included. */
export const MAX_TCP_REPLY_BYTES = 4_096;
/** The longest reply of socketmap_table(5), netstring framing excluded. */
export const MAX_SOCKETMAP_REPLY_BYTES = 100_000;
/** The longest request that is read by default. */
export const DEFAULT_MAX_REQUEST_BYTES = 4_096;

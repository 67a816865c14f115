/** The messages between a thread and the thread that started it. */
import type { MessagePort } from 'node:worker_threads';
import type { RemoteError } from '../internal/remote-error.js';

/** A function to call. */
export interface CallMessage {
  readonly type: 'call';
  readonly id: number;
  /** The module's URL. */
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The outcome of a call or of a request. */
export type OutcomeMessage =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: RemoteError };

/** The caller does not need the result of a call any more. The thread sends an outcome nevertheless. */
export interface CancelMessage {
  readonly type: 'cancel';
  readonly id: number;
}

export type ToThread = CallMessage | CancelMessage | OutcomeMessage;

/** A running call calls a function that its caller offered. The outcome has the same `id`. */
export interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  readonly call: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type FromThread = OutcomeMessage | RequestMessage;

/** The `workerData` of a thread. */
export interface ThreadStart {
  readonly port: MessagePort;
  /** {@link SENT}: the number of messages sent to the thread. A thread that does not return to its loop waits for changes. */
  readonly cells: Int32Array;
}

/** The cell that counts the messages sent to the thread. */
export const SENT = 0;

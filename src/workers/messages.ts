/**
 * The messages between a parent and its workers, over the message port of a thread or the channel of a process. Each message
 * has an envelope, because the application may use the same port or channel for its own messages.
 *
 *     parent                        worker
 *       | start (what to run) ------> |   imports the module, calls its function
 *       | <------- listening (0..n) - |
 *       | <---------- ready / failed -|
 *       | measure ------------------> |   any number of times
 *       | <----------------- measured-|
 *       | <------------------ problem-|   whenever the worker reports an error
 *       | ping ---------------------> |   while it is ready: does its loop still turn?
 *       | <-------------------- pong -|
 *       | drain --------------------> |   or the worker ends by itself
 *       | <------------------ drained-|   its last figures; then it exits
 */

import type { RemoteError } from '../internal/remote-error.js';
import type { CreateReactorOptions } from '../reactor/create-reactor.js';
import type { Measurement } from './measurement.js';

export type WorkerKind = 'threads' | 'processes';

/** The options of a worker's reactor that are plain values. */
export type WorkerReactorOptions = Pick<
  CreateReactorOptions,
  'kind' | 'poller' | 'busyPollUs' | 'collectAfterBytes' | 'measureTurns'
>;

/** The information with which a worker starts. */
export interface WorkerOrder {
  /** URL of the module. */
  readonly module: string;
  readonly index: number;
  readonly workers: number;
  readonly kind: WorkerKind;
  readonly data: unknown;
  readonly reactor: WorkerReactorOptions;
  /** The ports that the system chose for port 0, by the `key` of the `listening` message. */
  readonly ports: Readonly<Record<string, number>>;
  /** Whether this is the group's first worker, which checks that no other process has the ports. */
  readonly claimPorts: boolean;
}

export type ToWorker =
  | { readonly type: 'start'; readonly order: WorkerOrder }
  | { readonly type: 'drain'; readonly deadlineMs: number }
  | { readonly type: 'ping' }
  | { readonly type: 'measure'; readonly id: number };

export type FromWorker =
  | {
      readonly type: 'listening';
      /** Undefined if the module specified the port. */
      readonly key: string | undefined;
      readonly host: string;
      readonly port: number;
    }
  | { readonly type: 'ready' }
  | { readonly type: 'pong'; readonly debugged: boolean }
  | { readonly type: 'failed'; readonly error: RemoteError }
  | { readonly type: 'measured'; readonly id: number; readonly measurement: Measurement }
  | { readonly type: 'problem'; readonly error: RemoteError; readonly where: string }
  | { readonly type: 'drained'; readonly measurement: Measurement };

const MARK = 'ropewalk:workers';

export function toEnvelope(message: ToWorker | FromWorker): unknown {
  return [MARK, message];
}

/** The message in an envelope; undefined for messages of the application. */
export function fromEnvelope<M extends ToWorker | FromWorker>(envelope: unknown): M | undefined {
  return Array.isArray(envelope) && envelope[0] === MARK ? (envelope[1] as M) : undefined;
}

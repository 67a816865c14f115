/** A worker's connection to its parent: the port of a thread or the channel of a process. */

import { parentPort } from 'node:worker_threads';
import { whenParentIsGone } from '../internal/parent-process.js';

import { type FromWorker, fromEnvelope, type ToWorker, toEnvelope } from './messages.js';

export interface ParentLink {
  send(message: FromWorker): void;
  /** Settles when all messages have been sent. */
  flushed(): Promise<void>;
}

/**
 * @param received Called with each message of the parent.
 * @param gone Called when the parent process is gone. Threads end with their process.
 */
export function linkToParent(received: (message: ToWorker) => void, gone: () => void): ParentLink {
  const deliver = (envelope: unknown): void => {
    const message = fromEnvelope<ToWorker>(envelope);
    if (message !== undefined) received(message);
  };
  if (parentPort !== null) {
    const port = parentPort;
    port.on('message', deliver);
    return { send: (message) => port.postMessage(toEnvelope(message)), flushed: async () => {} };
  }
  process.on('message', deliver);
  whenParentIsGone(gone);
  let last: Promise<void> = Promise.resolve();
  return {
    send: (message) => {
      if (!process.connected) return;
      last = new Promise((resolve) => {
        process.send?.(toEnvelope(message), undefined, undefined, () => resolve());
      });
    },
    flushed: () => last,
  };
}

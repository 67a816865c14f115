/**
 * Callbacks that return a promise, a Deferred or another thenable. It is treated as a part of the callback: its rejection is an
 * error of the callback, as if that had thrown it. Call sites test `result !== undefined` first, which is the only cost for
 * other callbacks.
 */
import { RemoteProtocolError } from '../core/errors/base.js';
import type { Transport } from '../core/transport.js';
import { reportError } from '../internal/error-report.js';
import { isThenable } from './thenable.js';

/** Calls `rejected`, which must not throw, if a callback's result is a promise and rejects. Never throws. */
export function onRejection(result: unknown, rejected: (error: unknown) => void): void {
  try {
    if (isThenable(result)) result.then(undefined, rejected);
  } catch (error) {
    rejected(error);
  }
}

/** For callbacks that serve no connection. */
export function reportRejection(result: unknown, where: string): void {
  onRejection(result, (error) => reportError(error, where));
}

/** For callbacks of a connection, which a rejection ends. */
export function failOnRejection(result: unknown, transport: Transport, where: string): void {
  onRejection(result, (error) => failConnection(transport, error, where));
}

/** Ends a connection as if one of its callbacks had thrown `error`. */
export function failConnection(transport: Transport, error: unknown, where: string): void {
  if (transport.fail !== undefined) {
    transport.fail(error, where);
    return;
  }
  if (!(error instanceof RemoteProtocolError)) reportError(error, where);
  transport.abortConnection();
}

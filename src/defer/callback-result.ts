/**
 * Callbacks that return a promise, a Deferred or another thenable. It is part of the callback: if it rejects, that counts as
 * an error that the callback threw. {@link ReactorStoppedError} is the exception: callbacks that wait for a delayed call fail
 * with it at every stop, and nobody needs a report. Call sites test `result !== undefined` first, which is the only cost of
 * other callbacks.
 */
import { RemoteProtocolError } from '../core/errors/base.js';
import type { Consumer } from '../core/producer.js';
import { isInstance } from '../core/text-of.js';
import type { Transport } from '../core/transport.js';
import { reportError } from '../internal/error-report.js';
import { ReactorStoppedError } from './errors.js';
import { isThenable } from './thenable.js';

/**
 * Calls `rejected`, which must not throw, if a callback's result is a promise and rejects, unless the reactor was stopped.
 * Never throws.
 * @param fulfilled Called if it is fulfilled. Must not throw.
 */
export function onRejection(
  result: unknown,
  rejected: (error: unknown) => void,
  fulfilled?: (value: unknown) => void,
): void {
  const failed = (error: unknown): void => {
    if (!(error instanceof ReactorStoppedError)) rejected(error);
  };
  listen(result, failed, fulfilled);
}

function listen(
  result: unknown,
  rejected: (error: unknown) => void,
  fulfilled?: (value: unknown) => void,
): void {
  try {
    if (isThenable(result)) result.then(fulfilled, rejected);
  } catch (error) {
    rejected(error);
  }
}

/** For callbacks that serve no connection. */
export function reportRejection(result: unknown, where: string): void {
  onRejection(result, (error) => reportError(error, where));
}

/** Calls a callback that serves no connection. An exception or a rejection is reported as one of `where`. */
export function callReported<Args extends unknown[]>(
  where: string,
  callback: (...args: Args) => unknown,
  ...args: Args
): void {
  try {
    const result = callback(...args);
    if (result !== undefined) reportRejection(result, where);
  } catch (error) {
    reportError(error, where);
  }
}

/** For callbacks of a connection, which a rejection ends. */
export function failOnRejection(result: unknown, transport: Transport, where: string): void {
  listen(result, (error) => {
    if (error instanceof ReactorStoppedError) transport.abortConnection();
    else failConnection(transport, error, where);
  });
}

/** For callbacks of a producer: a rejection ends the connection that consumes; it is reported if the consumer is none. */
export function watchProducer(result: unknown, consumer: Consumer, where: string): void {
  if (result === undefined) return;
  if (isConnection(consumer)) failOnRejection(result, consumer, where);
  else reportRejection(result, where);
}

function isConnection(consumer: Consumer): consumer is Transport {
  return typeof (consumer as Partial<Transport>).abortConnection === 'function';
}

/** Ends a connection as if one of its callbacks had thrown `error`. */
export function failConnection(transport: Transport, error: unknown, where: string): void {
  if (transport.fail !== undefined) {
    transport.fail(error, where);
    return;
  }
  if (!isInstance(error, RemoteProtocolError)) reportError(error, where);
  transport.abortConnection();
}

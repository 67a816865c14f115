/** Limits on the time that a resource takes. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { Deferred } from '../defer/deferred.js';
import { CancelledError } from '../defer/errors.js';
import { HTTPStatusError } from '../http/errors.js';
import { checkClock, checkInteger, checkMilliseconds } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface LimitTimeOptions {
  /** Time until the response begins, in milliseconds: 0 or more. */
  readonly timeoutMs: number;
  /** The status of the answer after that time: 400 to 599. Default 503. */
  readonly status?: number;
}

const OPTIONS: OptionNames<LimitTimeOptions> = { timeoutMs: true, status: true };

/**
 * A resource whose response must begin in time. Otherwise the request is answered with an error, `context.signal` is aborted with an
 * HTTPStatusError, and a Deferred that the resource returned is cancelled; a later result is dropped. A response that has begun is limited
 * by `writeTimeoutMs` of the server only.
 *
 * @param clock The reactor, or the manual clock of a test.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function limitTime(clock: Clock, resource: Resource, options: LimitTimeOptions): Resource {
  checkClock('clock', clock);
  checkResource('resource', resource);
  checkOptions('limitTime', options, OPTIONS);
  const { timeoutMs, status = 503 } = options;
  checkMilliseconds('timeoutMs', timeoutMs);
  checkInteger('status', status, 400, 599);
  return {
    isLeaf: true,
    render(context) {
      const result = context.delegate(resource);
      const isAnswer = typeof result === 'string' || result instanceof Uint8Array;
      if (isAnswer || context.response.ended) return result;
      const call = clock.callLater(timeoutMs, () => {
        if (expire(context, status, timeoutMs) && result instanceof Deferred) result.cancel();
      });
      context.response.whenEnded(() => cancel(call));
      return result instanceof Deferred ? withoutCancellation(context, result) : result;
    },
  };
}

/** The failure of a Deferred that was cancelled is not an error of its own. */
async function withoutCancellation(
  { request }: WebContext,
  result: Deferred<WebResult>,
): Promise<WebResult> {
  try {
    return await result;
  } catch (error) {
    throw error instanceof CancelledError ? (request.failure ?? error) : error;
  }
}

/** @returns Whether the response had not begun. */
function expire(context: WebContext, status: number, timeoutMs: number): boolean {
  const { request, response } = context;
  if (response.headSent || response.ended) return false;
  const error = new HTTPStatusError(status, `the resource took longer than ${timeoutMs} ms`);
  context.logRefusal('warn', status, `limitTime: ${error.message}`, error);
  response.sendError(status);
  response.disown(error);
  request.abandon(error);
  return true;
}

function cancel(call: DelayedCall): void {
  if (call.active()) call.cancel();
}

/** Receives the content of a response that another request follows, so that its connection can be used again. */
import type { Clock } from '../../core/clock.js';
import type { Deferred } from '../../defer/deferred.js';
import { CancelledError } from '../../defer/errors.js';
import { Failure } from '../../defer/failure.js';
import type { AgentResponse } from './agent-response.js';

/** More content is not worth the connection. */
const MAX_DRAINED_BYTES = 65_536;

/** Nor is a longer wait, in milliseconds: a server could send a byte now and then for ever. */
const MAX_DRAIN_MS = 1_000;

/** Fires when the content was received, or its connection given up. Fails only if it is cancelled. */
export function drainBriefly(clock: Clock, response: AgentResponse): Deferred<void> {
  let isLate = false;
  const drain = response.drain(MAX_DRAINED_BYTES);
  const limit = clock.callLater(MAX_DRAIN_MS, () => {
    isLate = true;
    response.abort();
  });
  return drain.addBoth((drained): Failure | undefined => {
    if (limit.active()) limit.cancel();
    const isCancelled = drained instanceof Failure && drained.value instanceof CancelledError;
    return isCancelled && !isLate ? drained : undefined;
  }) as Deferred<void>;
}

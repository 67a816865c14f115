/** Waiting for the connections of a reactor to end. */
import type { Reactor } from '../core/reactor.js';
import { Deferred } from '../defer/deferred.js';
import { checkMilliseconds } from '../internal/check.js';
import { connectionLostChannel } from '../reactor/diagnostics.js';

/**
 * Waits until no connection of `reactor` is open, those that it made included.
 *
 * @param timeoutMs How long at most; 0 waits for ever.
 * @returns Fires with how many are still open: 0 if all ended in time. Cancelling ends the waiting.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function connectionsGone(reactor: Reactor, timeoutMs: number): Deferred<number> {
  checkMilliseconds('timeoutMs', timeoutMs);
  const gone = new Deferred<number>(() => stop());
  const open = (): number => reactor.statistics().connectionsOpen;
  const look = (): void => {
    if (open() === 0) finish();
  };
  const finish = (): void => {
    stop();
    if (!gone.fired) gone.callback(open());
  };
  const first = reactor.callLater(0, look);
  const deadline = timeoutMs > 0 ? reactor.callLater(timeoutMs, finish) : undefined;
  // The count is right once whoever is told of the loss before us has been.
  const onLost = (): void => look();
  connectionLostChannel.subscribe(onLost);
  function stop(): void {
    connectionLostChannel.unsubscribe(onLost);
    for (const call of [first, deadline]) if (call?.active() === true) call.cancel();
  }
  return gone;
}

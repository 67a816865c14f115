/** Waits for the connections of a reactor to end. */
import type { Reactor } from '../core/reactor.js';
import { Deferred } from '../defer/deferred.js';
import { succeed } from '../defer/succeed.js';
import { checkMilliseconds } from '../internal/check.js';
import { connectionLostChannel } from '../reactor/diagnostics.js';

/**
 * Waits until `reactor` has no open connection, including those that it made as a client.
 *
 * @param timeoutMs Time limit; 0 waits forever.
 * @returns Fires with the number of open connections: 0 if all ended in time. Cancelling ends the waiting.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function connectionsGone(reactor: Reactor, timeoutMs: number): Deferred<number> {
  checkMilliseconds('timeoutMs', timeoutMs);
  const open = (): number => reactor.statistics().connectionsOpen;
  if (open() === 0) return succeed(0);
  const gone = new Deferred<number>(() => stop());
  const look = (): void => {
    if (open() === 0) finish();
  };
  const finish = (): void => {
    stop();
    if (!gone.fired) gone.callback(open());
  };
  const deadline = timeoutMs > 0 ? reactor.callLater(timeoutMs, finish) : undefined;
  connectionLostChannel.subscribe(look);
  function stop(): void {
    connectionLostChannel.unsubscribe(look);
    if (deadline?.active()) deadline.cancel();
  }
  return gone;
}

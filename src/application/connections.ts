/** The connections that a listening port has accepted, at a drain. */
import type { Address } from '../core/address.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { SocketTransport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';
import { connectionLostChannel } from '../reactor/diagnostics.js';

export interface DrainedTransport extends SocketTransport {
  /** @param closes Whether the connection is closed if its protocol has no `serverClosing`. */
  serverClosing(closes: boolean): void;
}

/** The open connections of a port of a reactor. Other objects with the methods of a port have none that are known. */
export function connectionsOf(port: ListeningPort<Address>): Set<DrainedTransport> {
  const source = port as Partial<{ connections(): DrainedTransport[] }>;
  return new Set(source.connections?.());
}

/** Removes the connections that end. Fires when none is left; cancelling it ends the watch. */
export function watchUntilGone(open: Set<DrainedTransport>): Deferred<void> {
  const lost = (message: unknown): void => {
    open.delete((message as { transport: DrainedTransport }).transport);
    if (open.size === 0) finish();
  };
  const finish = (): void => {
    connectionLostChannel.unsubscribe(lost);
    if (!gone.fired) gone.callback();
  };
  const gone = new Deferred<void>(finish);
  connectionLostChannel.subscribe(lost);
  if (open.size === 0) finish();
  return gone;
}

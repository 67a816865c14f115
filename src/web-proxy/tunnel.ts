/** Joins a client's connection with one to a server. */
import type { HTTPRequest } from '../http/http-request.js';
import { IdleTimeout } from '../policies/idle-timeout.js';
import type { IdleTimeouts } from '../policies/idle-timeouts.js';
import { joinEnds, type RelayEnd } from '../policies/relay.js';
import { TunnelEnd } from './tunnel-end.js';

/**
 * Answers the request with 101, or 200 after CONNECT, and relays from then on. On Linux, the native reactor moves the bytes between plain TCP
 * connections by splice(2).
 * @param end The connection to the server, which has not received anything yet.
 * @param name The protocol that the server has switched to.
 * @throws As `request.upgrade`.
 */
export function openTunnel(
  request: HTTPRequest,
  end: RelayEnd,
  name: string | undefined,
  timeouts: IdleTimeouts,
  idleTimeoutMs: number,
): void {
  const client = new TunnelEnd((own) => {
    const { transport } = own;
    const idle = new IdleTimeout(timeouts, transport, () => transport.abortConnection());
    idle.set(idleTimeoutMs);
    joinEnds(own, end, idle);
  });
  request.upgrade(client, name);
}

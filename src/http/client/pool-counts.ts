/** The counts of a pool. */
import type { OriginConnections } from './origin-connections.js';

export interface PoolCounts {
  /** Open connections, idle ones included. */
  readonly connections: number;
  readonly idle: number;
  /** Attempts to connect. */
  readonly connecting: number;
  /** Requests that wait for a connection. */
  readonly queued: number;
  /** Connections of HTTP/2 among these, and the requests on them. */
  readonly http2: number;
  readonly streams: number;
}

export function poolCounts(
  origins: Iterable<OriginConnections>,
  connecting: number,
  queued: number,
): PoolCounts {
  let [connections, idle, http2, streams] = [0, 0, 0, 0];
  for (const origin of origins) {
    http2 += origin.shared.length;
    connections += origin.connections + origin.shared.length;
    idle += origin.idleCount;
    for (const connection of origin.shared) streams += connection.streamCount;
  }
  return { connections, idle, connecting, queued, http2, streams };
}

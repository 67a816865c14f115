/** The part of a reactor that stream ports, connectors and adopted connections need. */
import type { Clock } from '../../core/clock.js';
import type { ConnectionCounts } from '../life/connection-counts.js';
import type { PendingConnector, PortReactor } from '../life/port-reactor.js';

export interface StreamReactor extends PortReactor, Clock {
  /** The reactor ends their attempts when it stops. */
  readonly connectors: Set<PendingConnector>;
  readonly connections: ConnectionCounts;
  /** The open stream transports, of ports and of connectors. */
  transports(): Iterable<object>;
}

/** The part of a reactor that its ports need. */
import type { Address } from '../../core/address.js';
import type { Connector } from '../../core/connector.js';
import type { Deferred } from '../../defer/deferred.js';
import type { TurnReactor } from '../time/turn-reactor.js';

/** A port that is listening. */
export interface OpenPort {
  getHost(): Address;
  closeListening(): void;
}

/** A connector with an attempt in progress. */
export interface PendingConnector extends Connector {
  /** Ends the attempt at once. */
  shutDown(): void;
}

export interface PortReactor extends TurnReactor {
  /** The open ports: the reactor closes them when it stops. */
  readonly ports: Set<OpenPort>;
  /** @throws ReactorDisposedError, ReactorStoppingError */
  checkOpen(): void;
  /** Fires in the next turn. */
  nextTurn(): Deferred<void>;
}

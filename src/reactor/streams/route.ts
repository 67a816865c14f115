/** How a connector gets to its destination. */
import type { Address } from '../../core/address.js';
import type { Destination } from '../../core/destination.js';
import type { ConnectError } from '../../core/errors/connecting.js';
import type { Dial, DialListener } from './dial.js';

/** Begins one connect(2). */
export type Way = (listener: DialListener) => Dial;

/** How to get to a destination. */
export interface Route<D extends Destination = Destination> {
  readonly destination: D;
  /** Where this end is, once the socket can't be asked any more. */
  readonly localAddress: Address;
  /**
   * Finds the ways to be tried, in order. Calls one of the two, at once or in a later turn.
   * @returns What calls it off.
   */
  findWays(
    found: (ways: readonly Way[]) => void,
    failed: (reason: ConnectError) => void,
  ): () => void;
}

/** The path of a connector to its destination. */
import type { Address } from '../../core/address.js';
import type { Destination } from '../../core/destination.js';
import type { ConnectError } from '../../core/errors/connecting.js';
import type { Dial, DialListener } from './dial.js';
import type { StreamOwner } from './stream-owner.js';

/** One address of a destination, to which an attempt may connect. */
export interface Candidate {
  readonly destination: Destination;
  /** Begins one connect(2); the transport will belong to `owner`. */
  dial(owner: StreamOwner, listener: DialListener): Dial;
}

/** A destination, and its candidates. */
export interface Route<D extends Destination = Destination> {
  readonly destination: D;
  /** The local address, for when the socket can't be asked any more. */
  readonly localAddress: Address;
  /** The time between the beginnings of two attempts: see {@link ConnectionRace}. */
  readonly attemptDelayMs: number;
  /**
   * Finds the candidates, at least one, in order. Calls one of the two callbacks, at once or in a later turn.
   * @returns A function that cancels the search.
   */
  findCandidates(
    found: (candidates: readonly Candidate[]) => void,
    failed: (reason: ConnectError) => void,
  ): () => void;
}

/** One connect(2) of a connector. */
import type { Address } from '../../core/address.js';
import type { StreamTransport } from './stream-transport.js';

/** A connect(2) in progress. Exactly one of its listener's methods is called, in a later turn, unless it is cancelled. */
export interface Dial {
  cancel(): void;
}

export interface DialListener {
  dialSucceeded(transport: StreamTransport, peer: Address): void;
  dialFailed(cause: Error): void;
}

/** One attempt of a connector to connect a socket. */
import type { Address } from '../../core/address.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamTransport } from './stream-transport.js';

/** A connect(2) in progress. Exactly one of its listener's methods is called, in a later turn, unless it is cancelled. */
export interface Dial {
  cancel(): void;
}

export interface DialListener extends StreamOwner {
  dialSucceeded(transport: StreamTransport, peer: Address): void;
  dialFailed(cause: Error): void;
}

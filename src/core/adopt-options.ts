/** Options of sockets that were opened elsewhere. */
import type { DatagramOptions } from './datagram.js';

export interface AdoptOptions {
  /**
   * Takes the descriptor itself, from the moment the call succeeds: don't close it. Default false: it is duplicated, and the
   * caller closes its own whenever it likes. The pure-JS reactor can only take.
   */
  readonly takeOver?: boolean;
}

export interface AdoptPortOptions extends AdoptOptions {
  /** Removes the file of a UNIX socket when the port stops, as that of one that was opened here. Default false. */
  readonly ownsFile?: boolean;
}

export interface AdoptConnectionOptions extends AdoptOptions {
  /** What was received before and not dealt with: the protocol is given it first, in the next turn. */
  readonly unread?: Uint8Array;
}

export interface AdoptDatagramOptions extends AdoptOptions, DatagramOptions {}

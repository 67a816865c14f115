/** The end of a datagram socket that loses nothing: another process may continue with the same socket. */
import { Deferred } from '../../defer/deferred.js';
import type { TurnReactor } from '../time/turn-reactor.js';

/** The time after which unsent datagrams are given up, in milliseconds. */
export const MAX_DATAGRAM_DRAIN_MS = 1_000;

/** The part of a datagram socket that a drain reads. */
interface DrainedSocket {
  readonly bufferedBytes: number;
  readonly undelivered?: boolean;
  watchDrain(): void;
}

/** Waits until the datagrams that were read from the system are delivered, and those that were written are sent. */
export class DatagramDrain {
  /** Fires at the end, in a turn in which nothing is being delivered. */
  readonly done: Deferred<void> = new Deferred();
  readonly #reactor: TurnReactor;
  readonly #socket: DrainedSocket;
  readonly #limit: { active(): boolean; cancel(): void } | undefined;

  constructor(reactor: TurnReactor, socket: DrainedSocket) {
    this.#reactor = reactor;
    this.#socket = socket;
    this.#limit = reactor.clock?.callLater(MAX_DATAGRAM_DRAIN_MS, () => this.end());
    reactor.soon(this.#look);
  }

  /** No datagrams are unsent. */
  sent(): void {
    this.#look();
  }

  /** The socket is closed, or the time is over. */
  end(): void {
    if (this.#limit?.active() === true) this.#limit.cancel();
    if (!this.done.fired) this.done.callback();
  }

  readonly #look = (): void => {
    if (this.done.fired) return;
    if (this.#socket.undelivered === true) this.#reactor.soon(this.#look);
    else if (this.#socket.bufferedBytes > 0) this.#socket.watchDrain();
    else this.end();
  };
}

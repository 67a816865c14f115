/**
 * How sockets of the pure-JS reactor are closed once everything is sent: by the rules of native/reactor/lingering.cc, which
 * explains them, and with the same limits. Node can't say whether input is unread, so a socket reads on until the loop has
 * polled once more: if nothing arrives, it is closed.
 */
import { LINGER_BYTES, LINGER_MS, LINGER_QUIET_MS } from '../streams/lingering.js';
import type { OwnedSocket } from './owned-socket.js';

const TICK_MS = 100;
const LINGER_TICKS = LINGER_MS / TICK_MS;
const LINGER_QUIET_TICKS = LINGER_QUIET_MS / TICK_MS;
/** A peer counts as sending for this long after its last input. */
const SENDING_TICKS = 1000 / TICK_MS;
/** The maximum number of lingering sockets whose `connectionLost` has been called. */
const MAX_ORPHANS = 1024;
/** Passes of the loop until all available input is read: from the end of a turn, which comes after polling. */
export const PASSES_FROM_TURN_END = 1;
/** From anywhere else: the current pass may have polled already. */
export const PASSES_FROM_ANYWHERE = 2;

/** A read of this size means that the peer is in the midst of sending. */
export const BULK_READ_BYTES: number = 16 * 1024;

/** One socket that is being closed. Its input is discarded. */
export class ClosingSocket {
  readonly #all: ClosingSockets;
  readonly #socket: OwnedSocket;
  #peerSends: boolean;
  #passesLeft: number;
  #ticksLeft = LINGER_TICKS;
  #quietTicksLeft = LINGER_QUIET_TICKS;
  #bytesLeft = LINGER_BYTES;
  #orphan = false;

  /** @param peerSends Whether the peer is known to be in the midst of sending. */
  constructor(all: ClosingSockets, socket: OwnedSocket, peerSends: boolean, passes: number) {
    this.#all = all;
    this.#socket = socket;
    this.#peerSends = peerSends;
    this.#passesLeft = passes;
    socket.resume();
  }

  /** Whether `connectionLost` has been called: no limit of connections counts it any more. */
  get orphan(): boolean {
    return this.#orphan;
  }

  /** `connectionLost` is being called. */
  abandon(): void {
    if (this.#orphan) return;
    this.#orphan = true;
    this.#all.abandoned(this);
  }

  /** Bytes arrived. */
  discard(bytes: number): void {
    this.#peerSends = true;
    this.#quietTicksLeft = LINGER_QUIET_TICKS;
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft <= 0) this.destroy();
  }

  /** The peer has finished sending. */
  destroy(): void {
    this.#all.remove(this);
    this.#socket.destroy();
  }

  /** Whether the peer is sending, or may be: a close of the socket might reset the connection. */
  get peerSends(): boolean {
    return !this.#socket.destroyed && this.#quietTicksLeft > LINGER_QUIET_TICKS - SENDING_TICKS;
  }

  /** A pass of the loop is over. @returns Whether to wait for another one. */
  passed(): boolean {
    if (this.#socket.destroyed) return false;
    if (!this.#peerSends) {
      this.#passesLeft -= 1;
      if (this.#passesLeft > 0) return true;
      this.#socket.destroy();
      return false;
    }
    if (!this.#socket.writableEnded) this.#socket.end();
    this.#all.linger(this);
    return false;
  }

  /** @returns Whether it continues to linger. */
  tick(): boolean {
    if (this.#socket.destroyed) return false;
    this.#ticksLeft -= 1;
    this.#quietTicksLeft -= 1;
    if (this.#ticksLeft > 0 && this.#quietTicksLeft > 0) return true;
    this.#socket.destroy();
    return false;
  }
}

/** All closing sockets of one reactor: they share a timer, which does not keep the process alive. The sockets do. */
export class ClosingSockets {
  #looking: ClosingSocket[] = [];
  readonly #lingering: Set<ClosingSocket> = new Set();
  /** The number of orphans among them. */
  #orphans = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Closes a socket whose bytes are all sent. */
  close(socket: OwnedSocket, peerSends: boolean, passes: number): ClosingSocket {
    const closing = new ClosingSocket(this, socket, peerSends, passes);
    if (this.#looking.push(closing) === 1) setImmediate(this.#endPass);
    return closing;
  }

  /** The number of sockets whose peer is sending, or may be. */
  get senders(): number {
    return [...this.#looking, ...this.#lingering].filter(({ peerSends }) => peerSends).length;
  }

  /** Closes all at once. */
  destroyAll(): void {
    for (const closing of [...this.#looking, ...this.#lingering]) closing.destroy();
  }

  /** @internal */
  linger(closing: ClosingSocket): void {
    this.#lingering.add(closing);
    this.#timer ??= setInterval(this.#tick, TICK_MS).unref();
    if (closing.orphan) this.#addOrphan(closing);
  }

  /** @internal */
  abandoned(closing: ClosingSocket): void {
    if (this.#lingering.has(closing)) this.#addOrphan(closing);
  }

  /** @internal */
  remove(closing: ClosingSocket): void {
    if (!this.#lingering.delete(closing)) return;
    if (closing.orphan) this.#orphans -= 1;
    this.#stopUnlessNeeded();
  }

  #addOrphan(closing: ClosingSocket): void {
    this.#orphans += 1;
    if (this.#orphans > MAX_ORPHANS) closing.destroy();
  }

  readonly #endPass = (): void => {
    const looking = this.#looking;
    this.#looking = looking.filter((closing) => closing.passed());
    if (this.#looking.length > 0) setImmediate(this.#endPass);
  };

  readonly #tick = (): void => {
    for (const closing of this.#lingering) {
      if (!closing.tick()) this.remove(closing);
    }
  };

  #stopUnlessNeeded(): void {
    if (this.#lingering.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

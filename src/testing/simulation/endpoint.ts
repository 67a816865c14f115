/** One end of a simulated connection at the level of the system: a socket. A transport uses it. */

import { systemError } from '../../internal/system-error.js';
import type { Pipe } from './pipe.js';
import type { Trace } from './trace.js';

/** The user of an endpoint. Called from events of the simulation only. */
export interface EndpointListener {
  /** There is data to read, or the end of it. */
  readable(): void;
  /** `send` may take more. */
  sendable(): void;
  /** The connection is gone, and the endpoint is of no further use. */
  broken(cause: Error): void;
  /** The event that it waits for, in a few words. */
  describe(): string;
}

export interface EndpointOptions {
  readonly trace: Trace;
  /** Whether an abort resets the connection. Otherwise the other end sees the end of the sent data. */
  readonly resets: boolean;
  readonly outgoing: Pipe;
  readonly incoming: Pipe;
  /** It is closed, or broken. */
  left(): void;
}

export class Endpoint {
  readonly #trace: Trace;
  readonly #resets: boolean;
  readonly #outgoing: Pipe;
  readonly #incoming: Pipe;
  readonly #left: () => void;
  #listener: EndpointListener | undefined;
  #other: Endpoint | undefined;
  #open = true;

  constructor(options: EndpointOptions) {
    this.#trace = options.trace;
    this.#resets = options.resets;
    this.#outgoing = options.outgoing;
    this.#incoming = options.incoming;
    this.#left = () => options.left();
  }

  /** Whether it has a user, or may still get one. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether `read` returns something now or later: data, or the end. */
  get readable(): boolean {
    return this.#open && (this.#incoming.unreadBytes > 0 || this.#incoming.finished);
  }

  /** Arrived bytes that were not read. */
  get unreadBytes(): number {
    return this.#incoming.unreadBytes;
  }

  /** Whether all data was read, and the other end has finished sending. */
  get ended(): boolean {
    return this.#incoming.finished;
  }

  /** Sets its user. */
  attach(listener: EndpointListener): void {
    this.#listener = listener;
    if (this.readable) listener.readable();
  }

  /** @internal */
  join(other: Endpoint): void {
    this.#other = other;
  }

  /** Takes as much as there is room for. @returns How many bytes. */
  send(data: Buffer): number {
    return this.#open ? this.#outgoing.send(data) : 0;
  }

  /** Ends the sending side, after all sent data. */
  finishSending(): void {
    if (this.#open) this.#outgoing.finish();
  }

  /** Takes at most `most` of the arrived bytes; undefined if there are none for now. */
  read(most: number): Buffer | undefined {
    return this.#open ? this.#incoming.read(most) : undefined;
  }

  /** Works like close(2): sent data still goes out, except that unread received data causes a reset. */
  close(): void {
    if (!this.#open) return;
    if (this.#incoming.unreadBytes > 0)
      this.#drop(`closed with ${this.#incoming.unreadBytes} B unread`);
    else this.#finish();
  }

  /** Drops the connection; the other end is reset, or, over a UNIX socket, sees the end of the data that the system has taken. */
  reset(why = 'aborted'): void {
    if (!this.#open) return;
    if (this.#resets || this.#incoming.unreadBytes > 0) this.#drop(why);
    else this.#finish();
  }

  #finish(): void {
    this.#trace.add('connections', this.#outgoing.name, 'closes');
    this.#leave();
    this.#outgoing.finish();
  }

  #drop(why: string): void {
    this.#leave();
    this.#outgoing.stopSending();
    this.#sendReset(why);
  }

  /** Sets how fast this end reads. */
  setReadRate(bytesPerSecond: number): void {
    this.#incoming.setReadRate(bytesPerSecond);
  }

  /** @internal A piece reached this end. @returns False if nobody can take it. */
  pieceArrived(bytes: number): boolean {
    if (this.#open) return true;
    if (bytes > 0) {
      this.#incoming.destroy();
      this.#sendReset('data came after it was closed');
    }
    return false;
  }

  /** @internal */
  notifyReadable(): void {
    if (this.#open) this.#listener?.readable();
  }

  /** @internal */
  notifySendable(): void {
    if (this.#open) this.#listener?.sendable();
  }

  /** @internal The connection is gone. Unread and unsent bytes are lost. */
  break(cause: Error): void {
    this.#incoming.destroy();
    this.#outgoing.destroy();
    const listener = this.#listener;
    if (!this.#open) return;
    this.#leave();
    listener?.broken(cause);
  }

  describe(): string {
    if (!this.#open) return 'closed';
    const counts = [
      [this.#outgoing.unsentBytes, 'to send'],
      [this.#outgoing.underWayBytes, 'in transit'],
      [this.#incoming.unreadBytes, 'unread'],
    ] as const;
    const bytes = counts
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${count} B ${what}`);
    return [this.#listener?.describe() ?? 'not accepted yet', ...bytes].join(', ');
  }

  #leave(): void {
    this.#open = false;
    this.#listener = undefined;
    this.#left();
  }

  #sendReset(why: string): void {
    this.#trace.add('connections', this.#outgoing.name, `resets: ${why}`);
    this.#outgoing.lane.carry(0, () => this.#other?.break(systemError('read', 'ECONNRESET')));
  }
}

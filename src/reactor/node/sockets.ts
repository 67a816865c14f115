/**
 * State shared by all sockets over Node's own: the memory they read into, the bytes written in this turn, and the turn itself. It
 * begins with the first event of a socket in a pass of Node's loop and ends after the pass's polling, by `setImmediate`, which
 * sends the bytes written until then. The pure-JS reactor has one; the native one has one on Windows, for named pipes.
 */

import type { Clock } from '../../core/clock.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { ROOT_CONTEXT } from '../../internal/async-context.js';
import { collectGiven } from '../../internal/given-memory.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import type { TurnTimes } from '../time/turn-times.js';
import { ClosingSockets } from './closing-sockets.js';
import { EncryptedSockets } from './encrypted-sockets.js';
import { Landing } from './landing.js';
import { type Flushed, Outgoing } from './outgoing.js';

/** The maximum that a socket is given at a time: the rest waits until the system has taken that. */
const HANDED_OVER_BYTES = 64 * 1024;

/** A transport that may have more to read. */
interface Unread {
  readAgain(): void;
}

/** The reactor that owns the sockets. */
export interface NodeSocketsHost extends TurnReactor {
  now(): number;
  readonly poisonsLentBytes: boolean;
  readonly collectAfterBytes: number;
}

export class NodeSockets implements TurnReactor {
  readonly report: ErrorReporter;
  readonly clock: Clock | undefined;
  readonly outgoing: Outgoing = new Outgoing();
  readonly closing: ClosingSockets = new ClosingSockets();
  readonly encrypted: EncryptedSockets = new EncryptedSockets();
  /** Transports whose protocol's `connectionLost` has not been called. */
  readonly open: Set<StreamTransport> = new Set();
  /** All sockets are read into it, one after the other. */
  readonly landing: Landing;
  /** Bytes for a socket are copied here; a socket that keeps them for longer keeps this buffer. */
  #copies: Buffer | undefined = undefined;
  /** Bytes given to Node's sockets, including those that a socket still keeps. */
  bytesSent = 0;
  bytesReceived = 0;
  turns = 0;
  readonly #host: NodeSocketsHost;
  readonly #turnTimes: TurnTimes | undefined;
  /** Whether a socket had an event in this pass of the loop. */
  #inTurn = false;
  #turnBegan = 0;
  #endQueued = false;
  /** Those that may have more to read. */
  #unread: Unread[] = [];

  /** @param turnTimes Receives the length of each turn. */
  constructor(host: NodeSocketsHost, turnTimes?: TurnTimes) {
    this.report = host.report;
    this.clock = host.clock;
    this.landing = new Landing(host.poisonsLentBytes);
    this.#host = host;
    this.#turnTimes = turnTimes;
  }

  soon(callback: () => void): void {
    this.#host.soon(callback);
  }

  /** A socket has an event. */
  beginTurn(): void {
    if (this.#inTurn) return;
    this.#inTurn = true;
    this.turns += 1;
    if (this.#turnTimes !== undefined) this.#turnBegan = this.#host.now();
    this.#queueEnd();
  }

  flushAtEndOfTurn(socket: Flushed): void {
    if (this.outgoing.schedule(socket)) this.#queueEnd();
  }

  readAgainNextTurn(transport: Unread): void {
    this.#unread.push(transport);
  }

  /** Memory for the next bytes given to a socket. */
  get copies(): Buffer {
    this.#copies ??= Buffer.allocUnsafeSlow(HANDED_OVER_BYTES);
    return this.#copies;
  }

  /** A socket keeps the bytes it was given. */
  leaveCopies(): void {
    this.#copies = undefined;
  }

  countReceived(bytes: number): void {
    this.bytesReceived += bytes;
  }

  /** Runs a function in no caller's `AsyncLocalStorage` context: the callbacks of sockets that it makes have none either. */
  runAtRoot<R>(run: () => R): R {
    return ROOT_CONTEXT.runInAsyncScope(run);
  }

  #queueEnd(): void {
    if (this.#endQueued) return;
    this.#endQueued = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#endQueued = false;
    this.outgoing.flush();
    collectGiven(this.#host.collectAfterBytes);
    const unread = this.#unread;
    if (unread.length > 0) {
      this.#unread = [];
      for (const transport of unread) transport.readAgain();
    }
    if (!this.#inTurn) return;
    this.#inTurn = false;
    this.#turnTimes?.record(this.#host.now() - this.#turnBegan);
  };
}

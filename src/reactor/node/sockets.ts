/**
 * What all sockets over Node's own share: the memory they are read into, what was written in this turn, and the turn itself. It
 * begins with the first event of a socket in a pass of Node's loop and ends behind the pass's polling, by `setImmediate`; what was
 * written until then is sent there. The pure-JS reactor has one; the native one has one on Windows, for named pipes.
 */
import { AsyncResource } from 'node:async_hooks';

import type { ErrorReporter } from '../../core/error-reporter.js';
import type { StreamTransport } from '../streams/stream-transport.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import type { TurnTimes } from '../time/turn-times.js';
import { ClosingSockets } from './closing-sockets.js';
import { Landing } from './landing.js';
import { type Flushed, Outgoing } from './outgoing.js';

/** What a socket is handed at a time: more waits until the system has taken that. */
const HANDED_OVER_BYTES = 64 * 1024;

/** A transport that may have more to read. */
interface Unread {
  readAgain(): void;
}

/** The reactor that has the sockets. */
export interface NodeSocketsHost extends TurnReactor {
  now(): number;
  readonly poisonsLentBytes: boolean;
}

export class NodeSockets implements TurnReactor {
  readonly report: ErrorReporter;
  readonly outgoing: Outgoing = new Outgoing();
  readonly closing: ClosingSockets = new ClosingSockets();
  /** Transports whose protocol has not been told of their end. */
  readonly open: Set<StreamTransport> = new Set();
  /** All sockets are read into it, one after the other. */
  readonly landing: Landing;
  /** What is handed to a socket at a time is copied here; one that keeps it for longer is left with it. */
  #copies: Buffer | undefined = undefined;
  /** Bytes handed to Node's sockets: those that a socket still keeps are counted too. */
  bytesSent = 0;
  bytesReceived = 0;
  turns = 0;
  readonly #host: NodeSocketsHost;
  readonly #turnTimes: TurnTimes | undefined;
  /** Whether a socket had something to say in this pass of the loop. */
  #inTurn = false;
  #turnBegan = 0;
  #endQueued = false;
  /** Those that may have more to read. */
  #unread: Unread[] = [];
  /** Where nobody's `AsyncLocalStorage` context is in force but that in which the reactor was made. */
  readonly #root: AsyncResource = new AsyncResource('ROPEWALK', { requireManualDestroy: true });

  /** @param turnTimes Told how long each turn took. */
  constructor(host: NodeSocketsHost, turnTimes?: TurnTimes) {
    this.report = host.report;
    this.landing = new Landing(host.poisonsLentBytes);
    this.#host = host;
    this.#turnTimes = turnTimes;
  }

  soon(callback: () => void): void {
    this.#host.soon(callback);
  }

  /** A socket has something to say. */
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

  /** Memory for what is handed to a socket next. */
  get copies(): Buffer {
    this.#copies ??= Buffer.allocUnsafeSlow(HANDED_OVER_BYTES);
    return this.#copies;
  }

  /** A socket keeps what it was handed. */
  leaveCopies(): void {
    this.#copies = undefined;
  }

  countReceived(bytes: number): void {
    this.bytesReceived += bytes;
  }

  runAtRoot<R>(run: () => R): R {
    return this.#root.runInAsyncScope(run);
  }

  #queueEnd(): void {
    if (this.#endQueued) return;
    this.#endQueued = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#endQueued = false;
    this.outgoing.flush();
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

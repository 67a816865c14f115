/**
 * What all sockets over Node's own share: the memory they are read into, what was written in this turn, and the turn itself. It
 * begins with the first event of a socket in a pass of Node's loop and ends behind the pass's polling, by `setImmediate`; what was
 * written until then is sent there. The pure-JS reactor has one; the native one has one on Windows, for named pipes.
 */
import { AsyncResource } from 'node:async_hooks';

import { UNIXAddress } from '../../core/address.js';
import type { ErrorReporter } from '../../core/error-reporter.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { Dial, DialListener } from '../streams/stream-connector.js';
import type { ListenSocket, StreamPort } from '../streams/stream-port.js';
import type { StreamReactor } from '../streams/stream-transport.js';
import { DEFAULT_BACKLOG } from '../streams/tcp-settings.js';
import type {
  UNIXConnectSettings,
  UNIXListenSettings,
  UNIXSettings,
} from '../streams/unix-settings.js';
import type { TurnTimes } from '../time/turn-times.js';
import { ClosingSockets } from './closing-sockets.js';
import { NodeDial } from './dial.js';
import { Landing } from './landing.js';
import { listenUNIX } from './listen.js';
import { NodeListenSocket } from './listen-socket.js';
import { keepsAbstractNames, setsBacklog } from './net-handle.js';
import { type Flushed, Outgoing } from './outgoing.js';
import type { NodeTransport } from './transport.js';

/** What a socket is handed at a time: more waits until the system has taken that. */
const HANDED_OVER_BYTES = 64 * 1024;

/** The reactor that has the sockets. */
export interface NodeSocketsHost extends StreamReactor {
  now(): number;
  readonly poisonsLentBytes: boolean;
}

export class NodeSockets implements StreamReactor {
  readonly report: ErrorReporter;
  readonly outgoing: Outgoing = new Outgoing();
  readonly closing: ClosingSockets = new ClosingSockets();
  /** Transports whose protocol has not been told of their end. */
  readonly open: Set<NodeTransport> = new Set();
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
  #unread: NodeTransport[] = [];
  /** Where nobody's `AsyncLocalStorage` context is in force but that in which the reactor was made. */
  readonly #root: AsyncResource = new AsyncResource('ROPEWALK', { requireManualDestroy: true });

  /** @param turnTimes Told how long each turn took. */
  constructor(host: NodeSocketsHost, turnTimes?: TurnTimes) {
    this.report = host.report;
    this.landing = new Landing(host.poisonsLentBytes);
    this.#host = host;
    this.#turnTimes = turnTimes;
  }

  /** @throws UnsupportedError */
  checkSupportsUNIX(settings: UNIXSettings & { backlog?: number }): void {
    const { backlog = DEFAULT_BACKLOG } = settings;
    if (backlog !== DEFAULT_BACKLOG && !setsBacklog) {
      throw new UnsupportedError('backlog', 'this engine has one of its own');
    }
    if (settings.sendBufferBytes !== undefined) {
      throw new UnsupportedError('sendBufferBytes', 'Node has no way to set it');
    }
    if (settings.path.startsWith('\0') && !keepsAbstractNames()) {
      throw new UnsupportedError('an abstract name', 'this Node or system has none, or pads them');
    }
  }

  /** @throws CannotListenError */
  listenUNIX(settings: UNIXListenSettings, port: StreamPort): ListenSocket {
    return new NodeListenSocket(this, listenUNIX(settings), undefined, port);
  }

  /** Starts a connect(2) to a UNIX socket. */
  dialUNIX({ path }: UNIXConnectSettings, listener: DialListener): Dial {
    const peer = new UNIXAddress(path);
    return this.runAtRoot(() => new NodeDial(this, peer, { path }, undefined, listener));
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

  readAgainNextTurn(transport: NodeTransport): void {
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

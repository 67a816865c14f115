/**
 * A connection of the pure-JS reactor: a stream transport over a `net.Socket`.
 *
 * What is written waits in the reactor's {@link Outgoing} until the turn ends; then `flush` hands it to the socket, which
 * sends what the system takes at once and keeps the rest. Closing, half-closing and telling producers all wait for the
 * same thing, that nothing is left to send, and all happen in `settle`: no caller is ever called back.
 */
import { type Address, addressFrom } from '../../core/address.js';
import { InvalidArgumentTypeError, UnsupportedError } from '../../core/errors.js';
import type { StreamProtocol } from '../../core/protocol.js';
import { type DetachedConnection, LARGE_WRITE_BYTES } from '../../core/transport.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkBoolean } from '../../internal/check.js';
import { OwnBytes } from '../received-bytes.js';
import { type StreamOwner, type StreamReactor, StreamTransport } from '../stream-transport.js';
import type { SocketSettings } from '../tcp-settings.js';
import {
  BULK_READ_BYTES,
  type ClosingSocket,
  PASSES_FROM_ANYWHERE,
  PASSES_FROM_TURN_END,
} from './closing-sockets.js';
import { LANDING_BYTES } from './landing.js';
import { descriptorOf, unsentBytes } from './net-handle.js';
import { keepAliveIdleMs, type OwnedSocket } from './node-socket.js';
import type { NodeSockets } from './node-sockets.js';
import type { OutgoingOwner } from './outgoing.js';

const NOTHING: Uint8Array = new Uint8Array(0);

export class NodeTransport extends StreamTransport implements OutgoingOwner {
  readonly #reactor: NodeSockets;
  readonly #socket: OwnedSocket;
  readonly #settings: SocketSettings | undefined;
  readonly #peer: Address;
  #host: Address | undefined = undefined;
  #noDelay: boolean | undefined;
  #keepAlive: boolean | undefined;
  /** What was written this turn, where it is not in a run that can still grow. */
  #queued: Uint8Array | Uint8Array[] | undefined = undefined;
  #queuedBytes = 0;
  /** What was handed to the socket so far. */
  #sentBytes = 0;
  #scheduled = false;
  #watchingDrain = false;
  /** The peer is in the midst of sending. */
  #peerSends = false;
  /** Everything is sent, and the socket is on its way out. */
  #closing: ClosingSocket | undefined = undefined;
  #onSent: ((error?: Error | null) => void) | undefined = undefined;

  /** @param settings Undefined for a socket that was opened elsewhere. */
  constructor(
    reactor: NodeSockets,
    owner: StreamOwner,
    socket: OwnedSocket,
    peer: Address,
    settings: SocketSettings | undefined,
  ) {
    super(owner);
    this.#reactor = reactor;
    this.#socket = socket;
    this.#settings = settings;
    this.#peer = peer;
    this.#noDelay = settings?.noDelay;
    this.#keepAlive = settings?.keepAlive;
    socket.transport = this;
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  override get bufferedBytes(): number {
    const socket = this.#socket;
    if (socket.destroyed) return 0;
    if (socket.writableLength === 0) return this.#queuedBytes;
    return this.#queuedBytes + unsentBytes(socket, this.#sentBytes);
  }

  override getPeer(): Address {
    return this.#peer;
  }

  override getHost(): Address {
    if (this.#host === undefined) {
      const { localAddress, localPort } = this.#socket;
      this.#host =
        localAddress === undefined || localPort === undefined
          ? this.owner.localAddress()
          : addressFrom('TCP', localAddress, localPort);
    }
    return this.#host;
  }

  override getTcpNoDelay(): boolean {
    return known('getTcpNoDelay', this.#noDelay);
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.#noDelay = checkBoolean('enabled', enabled);
    this.#socket.setNoDelay(enabled);
  }

  override getTcpKeepAlive(): boolean {
    return known('getTcpKeepAlive', this.#keepAlive);
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.#keepAlive = checkBoolean('enabled', enabled);
    this.#socket.setKeepAlive(enabled, keepAliveIdleMs(this.#settings));
  }

  override fileno(): number {
    const fd = descriptorOf(this.#socket);
    if (fd < 0 && !this.#socket.destroyed) return super.fileno();
    return fd;
  }

  override detach(): Deferred<DetachedConnection> {
    throw new UnsupportedError('detach', 'Node closes what it lets go of');
  }

  override write(data: Uint8Array | string): void {
    const reactor = this.#reactor;
    if (typeof data === 'string') {
      if (!this.writable) return;
      this.#queuedBytes += reactor.outgoing.addText(this, data);
    } else if (data instanceof Uint8Array) {
      if (!this.writable) return;
      this.#queuedBytes += data.byteLength;
      reactor.outgoing.add(this, data);
    } else {
      throw new InvalidArgumentTypeError('data', 'a Uint8Array or a string', data);
    }
    if (!this.#scheduled) this.schedule();
    if (this.producer !== undefined) this.regulateProducer(this.producer);
  }

  /** @internal */
  override start(protocol: StreamProtocol): void {
    this.#reactor.open.add(this);
    super.start(protocol);
  }

  /**
   * @internal The landing buffer holds so many bytes for this transport.
   * @returns Whether to go on reading at once.
   */
  landed(bytes: number): boolean {
    const reactor = this.#reactor;
    reactor.beginTurn();
    reactor.countReceived(bytes);
    if (!this.discards(bytes)) this.receivedIn(reactor.landing, 0, bytes);
    // libuv would read 32 times in a row from a socket that has so much: others shall have their turn.
    const more = bytes === LANDING_BYTES;
    if (more) reactor.readAgainNextTurn(this);
    return !more;
  }

  /** @internal The engine has read so much, into memory of its own. What is too much for one turn waits for the next. */
  arrived(bytes: Buffer): void {
    const reactor = this.#reactor;
    const socket = this.#socket;
    const part = bytes.subarray(0, LANDING_BYTES);
    const rest = bytes.subarray(LANDING_BYTES);
    reactor.beginTurn();
    reactor.countReceived(part.byteLength);
    if (rest.byteLength > 0 || socket.readableLength > 0) {
      socket.pause();
      if (rest.byteLength > 0) socket.unshift(rest);
      reactor.readAgainNextTurn(this);
    }
    if (this.discards(part.byteLength)) return;
    this.receivedIn(new OwnBytes(part, reactor.landing.poisons), 0, part.byteLength);
  }

  /** @internal */
  readAgain(): void {
    const socket = this.#socket;
    const wanted = this.#closing !== undefined || (this.state === 'open' && this.reading === 'on');
    if (!wanted || socket.destroyed) return;
    if (socket.isPaused()) socket.resume();
    else socket.read(0);
  }

  /** @internal */
  queue(part: Uint8Array): void {
    const queued = this.#queued;
    if (queued === undefined) this.#queued = part;
    else if (Array.isArray(queued)) queued.push(part);
    else this.#queued = [queued, part];
  }

  /** @internal The turn ends. */
  flush(): void {
    this.#scheduled = false;
    this.send();
    if (this.#socket.destroyed) return;
    if (this.awaitsEmptiness) this.settle(PASSES_FROM_TURN_END);
    if (this.state === 'closing' && this.#closing === undefined) this.#socket.pause();
  }

  /** @internal */
  flushFailed(error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error));
    this.closeNow(true);
    this.#reactor.soon(() => this.lost(cause));
  }

  /** @internal The peer has finished sending. */
  peerEnded(): void {
    this.#closing?.destroy();
    if (this.state !== 'open' || this.reading !== 'on') return;
    this.#reactor.beginTurn();
    if (this.protocol?.readConnectionLost !== undefined) {
      this.readEnded();
      return;
    }
    this.closeNow(false);
    this.lost(undefined);
  }

  /** @internal The socket is gone. */
  socketClosed(cause: Error | undefined): void {
    // A reset is no news once everything is sent.
    this.lost(this.#closing === undefined ? cause : undefined);
  }

  protected override get reactor(): StreamReactor {
    return this.#reactor;
  }

  protected override finish(reason: Error): void {
    this.#reactor.open.delete(this);
    super.finish(reason);
  }

  protected override setReading(enabled: boolean): void {
    if (!enabled) {
      // A socket that is about to be closed reads on until the end of the turn: most need not be paused at all.
      if (this.state === 'closing') this.schedule();
      else this.#socket.pause();
    } else if (this.#socket.readableEnded) this.#reactor.soon(() => this.peerEnded());
    else this.#socket.resume();
  }

  protected override watchDrain(): void {
    this.#watchingDrain = true;
    this.schedule();
  }

  protected override shutdownWriting(): void {
    this.schedule();
  }

  protected override closeFlushed(): void {
    this.schedule();
  }

  protected override closeNow(reset: boolean): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (reset) {
      this.reset(socket);
      return;
    }
    this.send();
    if (socket.writableLength > 0) {
      socket.destroy();
      return;
    }
    // Nobody waits for what the peer may still send.
    socket.unref();
    this.closeGracefully(PASSES_FROM_ANYWHERE);
  }

  /** Whether the sending side can be shut down while the other stays open. */
  protected get mayLinger(): boolean {
    return true;
  }

  private closeGracefully(passes: number): void {
    const socket = this.#socket;
    if (this.#closing !== undefined) return;
    if (socket.readableEnded || !this.mayLinger) socket.destroy();
    else this.#closing = this.#reactor.closing.close(socket, this.#peerSends, passes);
  }

  /** Whether bytes that came are for nobody. */
  private discards(bytes: number): boolean {
    this.#peerSends = bytes >= BULK_READ_BYTES || this.state === 'closing';
    if (this.#closing !== undefined) this.#closing.discard(bytes);
    return this.#closing !== undefined;
  }

  protected reset(socket: OwnedSocket): void {
    // libuv refuses a reset, and Node then leaks the descriptor, while a shutdown(2) is under way: one pass of the loop.
    if (socket.writableEnded && !socket.writableFinished) {
      socket.once('finish', () => socket.resetAndDestroy());
    } else {
      socket.resetAndDestroy();
    }
  }

  private schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#reactor.flushAtEndOfTurn(this);
  }

  /** Whether something is to happen once nothing waits to be sent. */
  private get awaitsEmptiness(): boolean {
    if (this.#watchingDrain) return true;
    return this.producer === undefined && (this.state === 'closing' || this.writing === 'shutting');
  }

  /** Hands what was written this turn to the socket. */
  private send(): void {
    const socket = this.#socket;
    this.#reactor.outgoing.closeRun();
    const queued = this.#queued;
    const bytes = this.#queuedBytes;
    this.#queued = undefined;
    this.#queuedBytes = 0;
    // After `end`: a producer that was registered while the sending side was being shut down.
    if (socket.destroyed || socket.writableEnded) return;
    this.#reactor.bytesSent += bytes;
    this.#sentBytes += bytes;
    if (queued === undefined) return;
    // What will wait, for how long nobody knows, must not keep a slab alive for the sake of a few bytes.
    const waits = socket.writableLength > 0;
    if (Array.isArray(queued)) {
      socket.cork();
      for (const part of joinedRuns(queued)) socket.write(waits ? unslabbed(part) : part);
      socket.uncork();
    } else {
      socket.write(waits ? unslabbed(queued) : queued);
    }
  }

  /**
   * Does what was to be done once nothing waits to be sent, or asks to be called again then.
   * @param passes Until it is known whether more has come.
   */
  private settle(passes: number): void {
    const socket = this.#socket;
    if (this.#queuedBytes > 0) return;
    if (socket.writableLength > 0) {
      this.#onSent ??= (error) => {
        if (!error && !socket.destroyed && !this.#scheduled) this.settle(PASSES_FROM_ANYWHERE);
      };
      // The one way to learn when what was handed over without a callback is sent.
      socket.write(NOTHING, this.#onSent);
      return;
    }
    if (this.#watchingDrain) {
      this.#watchingDrain = false;
      this.#reactor.runAtRoot(() => this.drained());
    }
    if (this.producer !== undefined || this.#queuedBytes > 0) return;
    if (this.state === 'closing') this.closeGracefully(passes);
    else if (this.state === 'open' && this.writing === 'shutting' && !socket.writableEnded) {
      socket.end((error?: Error | null) => {
        if (!error) this.writeShut();
      });
    }
  }
}

/**
 * The parts, with small ones that follow each other joined: where many connections are written to in turns, as in a chat, each
 * has thousands of runs, of which the system takes 1,024 at a time. What was kept by reference stays apart, since it may have
 * been transferred away.
 */
function* joinedRuns(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let first = 0;
  for (let at = 0; at <= parts.length; at++) {
    const part = parts[at];
    if (part !== undefined && part.byteLength < LARGE_WRITE_BYTES && part.byteLength > 0) continue;
    if (at > first + 1) yield Buffer.concat(parts.slice(first, at));
    else if (at > first) yield parts[first] as Uint8Array;
    if (part !== undefined) yield part;
    first = at + 1;
  }
}

function unslabbed(part: Uint8Array): Uint8Array {
  return part.byteLength < LARGE_WRITE_BYTES ? Buffer.from(part) : part;
}

/** What is set can be told; Node has no way to ask the system. */
function known(method: string, value: boolean | undefined): boolean {
  if (value !== undefined) return value;
  throw new UnsupportedError(method, 'the socket was opened elsewhere, and Node can not ask it');
}

function onEnd(this: OwnedSocket): void {
  this.transport?.peerEnded();
}

function onError(this: OwnedSocket, cause: Error): void {
  this.transport?.socketClosed(cause);
}

function onClose(this: OwnedSocket): void {
  this.transport?.socketClosed(undefined);
}

/**
 * A connection of the pure-JS reactor: a stream transport over a `net.Socket`.
 *
 * Written bytes wait in the reactor's {@link Outgoing} until the turn ends; then `flush` gives them to the socket, piece by
 * piece for as long as the system takes them at once. The socket keeps one piece at most; the rest waits here. Closing,
 * half-closing and calling producers all wait for the same condition, no unsent bytes, and all happen in `settle`:
 * callbacks never run inside a caller's call.
 */
import { type Address, addressFrom } from '../../core/address.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { DetachedConnection } from '../../core/transport.js';
import type { Deferred } from '../../defer/deferred.js';
import { checkBoolean } from '../../internal/check.js';
import { OwnBytes } from '../streams/received-bytes.js';
import type { SocketSecurableStream, SocketStream } from '../streams/secure-stream.js';
import type { StreamOwner } from '../streams/stream-owner.js';
import { StreamTransport } from '../streams/stream-transport.js';
import type { SocketSettings } from '../streams/tcp-settings.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import {
  BULK_READ_BYTES,
  type ClosingSocket,
  PASSES_FROM_ANYWHERE,
  PASSES_FROM_TURN_END,
} from './closing-sockets.js';
import { EncryptedSocket } from './encrypted-socket.js';
import { LANDING_BYTES } from './landing.js';
import { descriptorOf, isReading, unsentBytes } from './net-handle.js';
import type { OutgoingOwner } from './outgoing.js';
import type { OwnedSocket } from './owned-socket.js';
import { PartQueue } from './part-queue.js';
import { keepAliveIdleMs } from './socket.js';
import type { NodeSockets } from './sockets.js';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Pieces given to a socket in a turn, however fast the system takes them; further ones wait. */
const MAX_PIECES_PER_TURN = 16;

export class NodeTransport extends StreamTransport implements OutgoingOwner, SocketSecurableStream {
  readonly #reactor: NodeSockets;
  readonly #socket: OwnedSocket;
  readonly #settings: SocketSettings | undefined;
  readonly #peer: Address;
  #host: Address | undefined = undefined;
  #noDelay: boolean | undefined;
  #keepAlive: boolean | undefined;
  /** Bytes not given to the socket yet, except those in a growing run. */
  #parts: PartQueue | undefined = undefined;
  /** The number of all written bytes that were not given to the socket yet. */
  #queuedBytes = 0;
  /** The number of bytes given to the socket so far. */
  #sentBytes = 0;
  #scheduled = false;
  #watchingDrain = false;
  #awaitingSent = false;
  /** The peer is in the midst of sending. */
  #peerSends = false;
  /** Everything is sent, and the socket is closing. */
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
    this.checkTcp('getTcpNoDelay');
    return known('getTcpNoDelay', this.#noDelay);
  }

  override setTcpNoDelay(enabled: boolean): void {
    this.checkTcp('setTcpNoDelay');
    this.#noDelay = checkBoolean('enabled', enabled);
    this.#socket.setNoDelay(enabled);
  }

  override getTcpKeepAlive(): boolean {
    this.checkTcp('getTcpKeepAlive');
    return known('getTcpKeepAlive', this.#keepAlive);
  }

  override setTcpKeepAlive(enabled: boolean): void {
    this.checkTcp('setTcpKeepAlive');
    this.#keepAlive = checkBoolean('enabled', enabled);
    this.#socket.setKeepAlive(enabled, keepAliveIdleMs(this.#settings));
  }

  override fileno(): number {
    const fd = descriptorOf(this.#socket);
    if (fd < 0 && !this.#socket.destroyed) return super.fileno();
    return fd;
  }

  override detach(): Deferred<DetachedConnection> {
    throw new UnsupportedError('detach', 'Node closes the sockets that it releases');
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
    if (this.producer !== undefined) this.regulateProducer(this.producer, data);
  }

  /** @internal */
  override start(protocol: StreamProtocol, failed?: (error: unknown) => void): boolean {
    this.#reactor.open.add(this);
    return super.start(protocol, failed);
  }

  /**
   * @internal The landing buffer holds that many bytes for this transport.
   * @returns Whether to continue reading at once.
   */
  landed(bytes: number): boolean {
    const reactor = this.#reactor;
    reactor.beginTurn();
    reactor.countReceived(bytes);
    if (!this.discards(bytes)) this.receivedIn(reactor.landing, 0, bytes);
    // libuv would read 32 times in a row from a socket that has more; this gives others a turn.
    const more = bytes === LANDING_BYTES;
    if (more) reactor.readAgainNextTurn(this);
    return !more;
  }

  /** @internal The engine has read bytes into memory of its own. Bytes beyond the limit of a turn wait for the next. */
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
  socketStream(): SocketStream | undefined {
    const socket = this.#socket;
    if (!this.sendAtOnce() || socket.isPaused()) return undefined;
    // In the event `connect`, Node does not read yet.
    socket.read(0);
    return isReading(socket) ? new EncryptedSocket(this, this.#reactor, socket) : undefined;
  }

  /** @internal Bytes were decrypted. @returns Whether to deliver them. */
  decrypted(bytes: number): boolean {
    const reactor = this.#reactor;
    reactor.beginTurn();
    reactor.countReceived(bytes);
    return !this.discards(bytes);
  }

  /** @internal The encrypted input has ended: a close does not wait for more of it. */
  inputClosed(): void {
    this.#peerSends = false;
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
  queue(part: Uint8Array, borrowed: boolean): void {
    this.#parts ??= new PartQueue();
    this.#parts.push(part, borrowed);
  }

  /** @internal The turn ends, or the socket has sent its bytes. */
  flush(passes: number = PASSES_FROM_TURN_END): void {
    this.#scheduled = false;
    this.send(MAX_PIECES_PER_TURN);
    if (this.#socket.destroyed) return;
    if (this.#parts !== undefined || this.awaitsEmptiness) this.settle(passes);
    if (this.state === 'closing' && this.#closing === undefined) this.pauseSocket();
  }

  /** @internal */
  flushFailed(error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error));
    this.closeNow(true);
    // Before the socket reports its close, which would be a clean end.
    this.#reactor.runAtRoot(() => this.lost(cause));
  }

  /** @internal The peer has finished sending. */
  peerEnded(): void {
    this.#closing?.destroy();
    if (this.state !== 'open' || this.reading !== 'on') return;
    this.#reactor.beginTurn();
    this.readEnded();
  }

  /** @internal The socket is gone. */
  socketClosed(cause: Error | undefined): void {
    // A reset makes no difference once everything is sent.
    this.lost(this.#closing === undefined ? cause : undefined);
  }

  protected override get reactor(): TurnReactor {
    return this.#reactor;
  }

  protected override finish(reason: Error): void {
    this.#reactor.open.delete(this);
    super.finish(reason);
  }

  protected override setReading(enabled: boolean): void {
    if (!enabled) {
      // A socket that is about to be closed reads on until the end of the turn: most need not be paused.
      if (this.state === 'closing') this.schedule();
      else this.pauseSocket();
    } else if (this.#socket.readableEnded || this.#socket.encrypted?.endReported) {
      this.#reactor.soon(() => this.peerEnded());
    } else this.#socket.resume();
  }

  protected override watchDrain(): void {
    this.#watchingDrain = true;
    this.schedule();
  }

  /** @internal */
  expectInput(): void {
    this.#peerSends = true;
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
    if (reset || !this.sendAtOnce()) {
      this.reset(socket);
      return;
    }
    // Further input of the peer is not waited for.
    socket.unref();
    this.closeGracefully(PASSES_FROM_ANYWHERE);
    this.#closing?.abandon();
  }

  /** @returns Whether the system took everything: a peer must not take a part for the whole. */
  private sendAtOnce(): boolean {
    try {
      this.send(Number.POSITIVE_INFINITY);
    } catch {
      return false;
    }
    return this.#parts === undefined && this.#socket.writableLength === 0;
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

  /** Whether received bytes are discarded. */
  private discards(bytes: number): boolean {
    this.#peerSends = bytes >= BULK_READ_BYTES || this.state === 'closing';
    if (this.#closing !== undefined) this.#closing.discard(bytes);
    return this.#closing !== undefined;
  }

  protected reset(socket: OwnedSocket): void {
    // libuv refuses a reset, and Node then leaks the descriptor, while a shutdown(2) is in progress: one pass of the loop.
    const plain = socket.writableEnded && !socket.writableFinished ? socket : undefined;
    const ending = socket.encrypted === undefined ? plain : socket.encrypted.ending;
    if (ending === undefined) socket.resetAndDestroy();
    else ending.once('finish', () => socket.resetAndDestroy());
  }

  private pauseSocket(): void {
    const socket = this.#socket;
    // Pausing hides whether the end was read.
    if (socket.encrypted?.inputEnded) return;
    socket.pause();
  }

  private schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#reactor.flushAtEndOfTurn(this);
  }

  /** Whether an action waits for the last unsent byte. */
  private get awaitsEmptiness(): boolean {
    if (this.#watchingDrain) return true;
    return this.producer === undefined && (this.state === 'closing' || this.writing === 'shutting');
  }

  /** Gives the socket as much as the system takes at once, and one more piece. @throws SystemError EFAULT */
  private send(mostPieces: number): void {
    const socket = this.#socket;
    this.#reactor.outgoing.closeRun();
    // After `end`: a producer that was registered while the sending side was being shut down.
    if (socket.destroyed || socket.writableEnded) {
      this.#parts = undefined;
      this.#queuedBytes = 0;
      return;
    }
    for (let i = 0; this.#parts !== undefined && socket.writableLength === 0; i++) {
      if (i === mostPieces) {
        this.schedule();
        break;
      }
      this.handOver(this.#parts);
    }
    this.#parts?.leaveSlabs();
  }

  private handOver(parts: PartQueue): void {
    const reactor = this.#reactor;
    const socket = this.#socket;
    const piece = parts.take(reactor.copies);
    if (parts.empty) this.#parts = undefined;
    this.#queuedBytes -= piece.byteLength;
    this.#sentBytes += piece.byteLength;
    reactor.bytesSent += piece.byteLength;
    socket.write(piece);
    if (socket.writableLength > 0) reactor.leaveCopies();
  }

  /**
   * Does the work that waited for the last unsent byte, or asks to be called again then.
   * @param passes Until it is known whether more input has arrived.
   */
  private settle(passes: number): void {
    const socket = this.#socket;
    if (socket.writableLength > 0) {
      this.awaitSent();
      return;
    }
    if (this.#queuedBytes > 0) return;
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

  /** Continues when the system has taken all of the socket's bytes. */
  private awaitSent(): void {
    if (this.#awaitingSent) return;
    this.#awaitingSent = true;
    this.#onSent ??= (error) => {
      this.#awaitingSent = false;
      if (error || this.#socket.destroyed || this.#scheduled) return;
      try {
        this.flush(PASSES_FROM_ANYWHERE);
      } catch (fault) {
        this.flushFailed(fault);
      }
    };
    // The only way to learn when bytes that were given without a callback are sent.
    this.#socket.write(NOTHING, this.#onSent);
  }
}

/** Values that were set are known; Node can't ask the system. */
function known(method: string, value: boolean | undefined): boolean {
  if (value !== undefined) return value;
  throw new UnsupportedError(method, 'the socket was opened elsewhere, and Node cannot ask it');
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

/**
 * TLS by `node:tls` over a `net.Socket`, which Node encrypts in place: ciphertext never passes JavaScript. The transport that owns the
 * socket still closes it. `node:tls` does not distinguish a close_notify from the end of the socket; that transport does.
 */
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import type { SocketStream } from '../reactor/streams/secure-stream.js';
import { MAX_UNSENT_REPLIES, type TLSEngineListener, type TLSEngineOptions } from './engine.js';
import { type NodeTLSContext, NodeTLSEngine, takePlaintext } from './node-engine.js';

/** Maximum ratio of the length of a written record to that of its plaintext, except for the last one. */
const RECORD_GROWTH = 1.01;

const NOTHING = new Uint8Array(0);

/** The listener of an engine that stops its own input. */
export interface SocketTLSListener extends TLSEngineListener {
  stopInput(): void;
  resumeInput(): void;
}

export class SocketTLSEngine extends NodeTLSEngine {
  readonly #stream: SocketStream;
  readonly #upper: SocketTLSListener;
  #closing = false;
  /** close_notify is sent. */
  #finished = false;
  #awaitingReplies = false;

  constructor(
    context: NodeTLSContext,
    options: TLSEngineOptions,
    listener: SocketTLSListener,
    stream: SocketStream,
  ) {
    super(context, options, listener);
    this.#stream = stream;
    this.#upper = listener;
  }

  override start(): void {
    this.#stream.runAtRoot(() => super.start());
  }

  override receive(): void {
    throw new Error('the socket receives');
  }

  override close(): void {
    if (this.phase === 'over') return;
    this.#closing = true;
    if (this.writes === 0) this.encrypt();
    // A reset must not have to wait for the shutdown of the socket: Node refuses it until then.
    if (this.writes === 0) this.#end();
  }

  protected override emptied(): void {
    if (this.#closing) this.#end();
    else super.emptied();
  }

  /** Node shuts down the socket at once, and loses the close_notify if other ciphertext, such as tickets, is on its way. */
  #end(): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (this.#stream.unsentBytes === 0) socket.end();
    else socket.write(NOTHING, (error) => error || this.#end());
  }

  protected override encrypt(): number {
    const bytes = super.encrypt();
    this.#stream.encrypted(bytes);
    return bytes;
  }

  protected override openStream(): Duplex {
    return this.#stream.socket;
  }

  protected override listenTo(socket: TLSSocket): void {
    this.#stream.encryptedBy(socket, () => this.#limitReplies(socket));
    socket.on('finish', () => {
      this.#finished = true;
      if (this.phase !== 'over') this.listener.finished();
    });
    takePlaintext(socket, (bytes) => {
      if (bytes === null) this.#ended();
      else this.#received(bytes);
      return false;
    });
  }

  /** The transport destroys the socket, and Node the `TLSSocket` then. */
  protected override release(): void {}

  protected override socketFailed(error: Error): void {
    if ('syscall' in error) this.#stream.socketClosed(error);
    else super.socketFailed(error);
  }

  #received(bytes: Buffer): void {
    if (!this.#stream.decrypted(bytes.byteLength) || this.phase !== 'open') return;
    this.listener.plaintext(bytes);
  }

  #ended(): void {
    const clean = this.phase === 'open' && !this.#stream.inputEnded;
    if (clean) {
      this.#stream.inputClosed();
      this.listener.closed();
    }
    // Node reports nothing behind a close_notify: a transport that waits for the peer's end has to be content with it.
    if (!clean || this.#finished) this.#stream.peerEnded();
  }

  /** Node answers key updates (RFC 8446 section 4.6.3) itself, and without limit. */
  #limitReplies(socket: TLSSocket): void {
    // Records are longer than their plaintext by less than this.
    const written = this.pendingBytes * RECORD_GROWTH;
    const replies = this.#stream.unsentBytes - written;
    if (this.#awaitingReplies || this.phase !== 'open' || replies <= MAX_UNSENT_REPLIES) return;
    this.#awaitingReplies = true;
    this.#upper.stopInput();
    socket.write(NOTHING, () => {
      this.#awaitingReplies = false;
      if (this.phase === 'open') this.#upper.resumeInput();
    });
  }
}

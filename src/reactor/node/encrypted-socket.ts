/**
 * A transport's socket that `node:tls` encrypts in place. Node reports a close_notify and the end of the socket alike; they differ in
 * whether libuv still reads.
 */
import type { Socket } from 'node:net';

import type { SocketStream } from '../streams/secure-stream.js';
import { isReading, queuedBytes } from './net-handle.js';
import type { OwnedSocket, SocketEncryption, SocketOwner } from './owned-socket.js';
import type { NodeSockets } from './sockets.js';

/** The transport. */
interface EncryptedOwner extends SocketOwner {
  decrypted(bytes: number): boolean;
  inputClosed(): void;
}

export class EncryptedSocket implements SocketStream, SocketEncryption {
  readonly socket: OwnedSocket;
  readonly #owner: EncryptedOwner;
  readonly #sockets: NodeSockets;
  #secure: Socket | undefined = undefined;
  #inputEnded = false;
  #endReported = false;

  constructor(owner: EncryptedOwner, sockets: NodeSockets, socket: OwnedSocket) {
    this.#owner = owner;
    this.#sockets = sockets;
    this.socket = socket;
  }

  get inputEnded(): boolean {
    // The end is not read while reading is paused.
    if (!this.#inputEnded && !this.socket.isPaused()) this.#inputEnded = !isReading(this.socket);
    return this.#inputEnded;
  }

  get unsentBytes(): number {
    return this.#secure === undefined ? 0 : queuedBytes(this.#secure);
  }

  get endReported(): boolean {
    return this.#endReported;
  }

  get ending(): Socket | undefined {
    return [this.#secure, this.socket].find((s) => s?.writableEnded && !s.writableFinished);
  }

  runAtRoot<R>(run: () => R): R {
    return this.#sockets.runAtRoot(run);
  }

  encryptedBy(socket: Socket, inspect: () => void): void {
    this.#secure = socket;
    this.socket.encrypted = this;
    this.#sockets.encrypted.add(this.socket, inspect);
  }

  encrypted(bytes: number): void {
    this.#sockets.bytesSent += bytes;
  }

  decrypted(bytes: number): boolean {
    return this.#owner.decrypted(bytes);
  }

  inputClosed(): void {
    this.#owner.inputClosed();
  }

  peerEnded(): void {
    this.#endReported = true;
    this.#owner.peerEnded();
  }

  socketClosed(cause: Error | undefined): void {
    this.#owner.socketClosed(cause);
  }
}

/** A port that accepts streams, TCP or UNIX: its factory, its states, and what becomes of an accepted connection. */
import type { Address } from '../../core/address.js';
import { NotListeningError } from '../../core/errors/listening.js';
import type { ClientProtocolFactory } from '../../core/factory.js';
import type { ListeningPort, StopListeningOptions } from '../../core/listening-port.js';
import type { StreamProtocol } from '../../core/protocol.js';
import { Deferred } from '../../defer/deferred.js';
import { type AsyncContext, captureContext } from '../../internal/async-context.js';
import { checkBoolean } from '../../internal/check.js';
import { serverSocketChannel } from '../diagnostics.js';
import type { HostedReactor } from '../hosted-reactor.js';
import type { StreamOwner, StreamTransport } from './stream-transport.js';

/** A bound and listening socket of a reactor. */
export interface ListenSocket {
  readonly address: Address;
  /** @throws UnsupportedError */
  fileno(): number;
  /**
   * Accepts those that wait already, and then no more; `drained` is called when that is done, or at `close`. Without this
   * method the system resets those that wait when the socket is closed.
   */
  drain?(drained: () => void): void;
  /** @param keepFile Leaves the file of a UNIX socket. */
  close(keepFile?: boolean): void;
}

export class StreamPort<A extends Address = Address> implements ListeningPort<A>, StreamOwner {
  readonly context: AsyncContext = captureContext();
  readonly #reactor: HostedReactor;
  readonly #factory: ClientProtocolFactory;
  readonly #open: (port: StreamPort) => ListenSocket;
  #socket: ListenSocket | undefined;
  #address: Address | undefined;
  /** Those who wait for the draining that is under way: it is asked for once. */
  readonly #drains: Deferred<void>[] = [];

  /** @param open Makes the port's socket, each time that it begins to listen. */
  constructor(
    reactor: HostedReactor,
    factory: ClientProtocolFactory,
    open: (port: StreamPort) => ListenSocket,
  ) {
    this.#reactor = reactor;
    this.#factory = factory;
    this.#open = open;
  }

  get listening(): boolean {
    return this.#socket !== undefined;
  }

  getHost(): A {
    return this.#address as A;
  }

  fileno(): number {
    if (this.#socket === undefined) throw new NotListeningError();
    return this.#socket.fileno();
  }

  startListening(): void {
    if (this.#socket !== undefined) return;
    this.#reactor.checkOpen();
    const socket = this.#open(this);
    try {
      this.#factory.doStart();
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#socket = socket;
    this.#address = socket.address;
    this.#reactor.ports.add(this);
  }

  stopListening(options: StopListeningOptions = {}): Deferred<void> {
    const socket = this.#socket;
    const drain = checkBoolean('drain', options.drain ?? false);
    const keepFile = checkBoolean('keepFile', options.keepFile ?? false);
    if (!drain || socket?.drain === undefined) {
      this.closeListening(keepFile);
      return this.#reactor.nextTurn();
    }
    const drained = new Deferred<void>();
    this.#drains.push(drained);
    if (this.#drains.length === 1) socket.drain(() => this.#drained(socket, keepFile));
    return drained.addCallback(() => this.#reactor.nextTurn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** @internal */
  closeListening(keepFile = false): void {
    if (this.#socket === undefined) return;
    const socket = this.#socket;
    this.#socket = undefined;
    this.#reactor.ports.delete(this);
    socket.close(keepFile);
    this.#reactor.soon(() => this.#factory.doStop());
  }

  /** @internal The reactor accepted a connection. */
  accepted(transport: StreamTransport, peer: Address): void {
    const reactor = this.#reactor;
    reactor.connections.accepted += 1;
    let protocol: StreamProtocol | null;
    try {
      const factory = this.#factory;
      protocol =
        this.context === undefined
          ? factory.buildProtocol(peer)
          : this.context.runInAsyncScope(factory.buildProtocol, factory, peer);
    } catch (error) {
      reactor.report(error, 'buildProtocol');
      protocol = null;
    }
    if (protocol === null) {
      transport.discard();
      return;
    }
    reactor.connections.open += 1;
    if (serverSocketChannel.hasSubscribers) serverSocketChannel.publish({ socket: transport });
    transport.start(protocol);
  }

  /** @internal */
  connectionEnded(transport: StreamTransport, reason: Error): void {
    this.#reactor.connections.ended(transport, reason);
  }

  /** @internal */
  localAddress(): Address {
    return this.getHost();
  }

  /** The socket has accepted those who waited, or was closed first. */
  #drained(socket: ListenSocket, keepFile: boolean): void {
    if (this.#socket === socket) this.closeListening(keepFile);
    for (const drained of this.#drains.splice(0)) if (!drained.fired) drained.callback();
  }
}

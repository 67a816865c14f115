/** A port that accepts streams, TCP or UNIX: its factory, its states, and its accepted connections. */
import type { Address } from '../../core/address.js';
import { NotListeningError } from '../../core/errors/listening.js';
import { builtProtocol } from '../../core/factory.js';
import type { ListeningPort, StopListeningOptions } from '../../core/listening-port.js';
import type { ClientProtocolFactory } from '../../core/protocol-factory.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { SocketTransport } from '../../core/transport.js';
import { onRejection } from '../../defer/callback-result.js';
import { Deferred } from '../../defer/deferred.js';
import { type AsyncContext, captureContext } from '../../internal/async-context.js';
import { checkBoolean } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { showAsText } from '../../internal/shown-as-text.js';
import { serverSocketChannel } from '../diagnostics.js';
import type { ListenSocket } from './listen-socket.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamReactor } from './stream-reactor.js';
import type { StreamTransport } from './stream-transport.js';

export const STOP_OPTIONS: OptionNames<StopListeningOptions> = { drain: true, keepFile: true };

export class StreamPort<A extends Address = Address> implements ListeningPort<A>, StreamOwner {
  readonly context: AsyncContext = captureContext();
  readonly #reactor: StreamReactor;
  readonly #factory: ClientProtocolFactory;
  readonly #open: (port: StreamPort) => ListenSocket;
  #socket: ListenSocket | undefined;
  #address: Address | undefined;
  /** Callers that wait for the current draining, which is started once. */
  readonly #drains: Deferred<void>[] = [];

  /** @param open Makes the port's socket, each time the port begins to listen. */
  constructor(
    reactor: StreamReactor,
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
      this.#watch(this.#factory.doStart(), 'startFactory');
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#socket = socket;
    this.#address = socket.address;
    this.#reactor.ports.add(this);
  }

  stopListening(options: StopListeningOptions = {}): Deferred<void> {
    checkOptions('stopListening', options, STOP_OPTIONS);
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

  /** @internal The open connections that it has accepted. */
  connections(): StreamTransport[] {
    const open: StreamTransport[] = [];
    for (const transport of this.#reactor.transports()) {
      if ((transport as StreamTransport).owner === this) open.push(transport as StreamTransport);
    }
    return open;
  }

  /** @internal */
  closeListening(keepFile = false): void {
    if (this.#socket === undefined) return;
    const socket = this.#socket;
    this.#socket = undefined;
    this.#reactor.ports.delete(this);
    socket.close(keepFile);
    this.#reactor.soon(() => this.#stopFactory());
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
          ? builtProtocol(factory, peer)
          : this.context.runInAsyncScope(builtProtocol, undefined, factory, peer);
    } catch (error) {
      reactor.report(error, 'buildProtocol', peer);
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
  connectionEnded(transport: SocketTransport, reason: Error): void {
    this.#reactor.connections.ended(transport, reason);
  }

  /** @internal */
  localAddress(): Address {
    return this.getHost();
  }

  #stopFactory(): void {
    try {
      this.#watch(this.#factory.doStop(), 'stopFactory');
    } catch (error) {
      this.#reactor.report(error, 'stopFactory');
    }
  }

  #watch(result: unknown, where: string): void {
    if (result !== undefined) onRejection(result, (error) => this.#reactor.report(error, where));
  }

  /** The socket has accepted the pending connections, or was closed first. */
  #drained(socket: ListenSocket, keepFile: boolean): void {
    if (this.#socket === socket) this.closeListening(keepFile);
    for (const drained of this.#drains.splice(0)) if (!drained.fired) drained.callback();
  }

  toString(): string {
    const where =
      this.#address === undefined ? 'port' : `${this.#address.type} port ${this.#address}`;
    return `<${where}, ${this.listening ? 'listening' : 'not listening'}>`;
  }
}

showAsText(StreamPort);

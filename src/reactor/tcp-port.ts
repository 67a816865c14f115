/** The listening port of all reactors: its factory, its states, and what becomes of an accepted connection. */
import type { Address } from '../core/address.js';
import type { ClientProtocolFactory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { StreamProtocol } from '../core/protocol.js';
import type { Deferred } from '../defer/deferred.js';
import { type AsyncContext, captureContext } from '../internal/async-context.js';
import { serverSocketChannel } from './diagnostics.js';
import type { HostedReactor } from './hosted-reactor.js';
import type { StreamOwner, StreamTransport } from './stream-transport.js';
import type { ListenSettings } from './tcp-settings.js';

/** A bound and listening socket of a reactor. */
export interface ListenSocket {
  readonly address: Address;
  close(): void;
}

export class TCPPort implements ListeningPort, StreamOwner {
  readonly context: AsyncContext = captureContext();
  readonly #reactor: HostedReactor;
  readonly #factory: ClientProtocolFactory;
  readonly #settings: ListenSettings;
  #socket: ListenSocket | undefined;
  #address: Address | undefined;

  constructor(reactor: HostedReactor, factory: ClientProtocolFactory, settings: ListenSettings) {
    this.#reactor = reactor;
    this.#factory = factory;
    this.#settings = settings;
  }

  get listening(): boolean {
    return this.#socket !== undefined;
  }

  getHost(): Address {
    return this.#address as Address;
  }

  startListening(): void {
    if (this.#socket !== undefined) return;
    const socket = this.#reactor.openListenSocket(this.#settings, this);
    this.#socket = socket;
    this.#address = socket.address;
    this.#reactor.ports.add(this);
    this.#factory.doStart();
  }

  stopListening(): Deferred<void> {
    this.closeListening();
    return this.#reactor.nextTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** @internal */
  closeListening(): void {
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#socket = undefined;
    this.#reactor.ports.delete(this);
    this.#reactor.soon(() => this.#factory.doStop());
  }

  /** @internal The reactor accepted a connection. */
  accepted(transport: StreamTransport, peer: Address): void {
    const reactor = this.#reactor;
    reactor.connectionsAccepted += 1;
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
    reactor.connectionsOpen += 1;
    if (serverSocketChannel.hasSubscribers) serverSocketChannel.publish({ socket: transport });
    transport.start(protocol);
  }

  /** @internal */
  connectionEnded(transport: StreamTransport, reason: Error): void {
    this.#reactor.connectionEnded(transport, reason);
  }

  /** @internal */
  localAddress(): Address {
    return this.getHost();
  }
}

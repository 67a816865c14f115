/** The two ends of a loopback session: their factories, and how they end. */
import type { Address } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ClientProtocolFactory, ProtocolFactory } from '../core/protocol-factory.js';
import { isStreamProtocol, type StreamProtocol } from '../core/stream-protocol.js';
import type { Transport } from '../core/transport.js';
import { Deferred } from '../defer/deferred.js';

/** The reasons that `connectionLost` received at both ends. */
export interface LoopbackReasons {
  readonly server: Error;
  readonly client: Error;
}

export class LoopbackEnds {
  readonly serverFactory: ProtocolFactory;
  readonly clientFactory: ClientProtocolFactory;
  readonly #server: WatchedProtocol;
  readonly #client: WatchedProtocol;
  readonly #done: Deferred<LoopbackReasons>;
  #port: ListeningPort<Address> | undefined;
  #connector: Connector | undefined;
  #stopping = false;

  /** @throws InvalidArgumentTypeError */
  constructor(server: StreamProtocol, client: StreamProtocol) {
    const ended = (): void => this.#ended();
    this.#server = new WatchedProtocol('server', server, ended);
    this.#client = new WatchedProtocol('client', client, ended);
    let unused: StreamProtocol | null = this.#server;
    this.serverFactory = {
      // Further connections are refused.
      buildProtocol: () => {
        const protocol = unused;
        unused = null;
        return protocol;
      },
      doStart() {},
      doStop() {},
    };
    this.clientFactory = {
      buildProtocol: () => this.#client,
      clientConnectionFailed: (_connector, reason) => this.#failed(reason),
      doStart() {},
      doStop() {},
    };
    this.#done = new Deferred(() => this.#abort());
  }

  run(port: ListeningPort<Address>, connect: () => Connector): Deferred<LoopbackReasons> {
    this.#port = port;
    try {
      this.#connector = connect();
    } catch (error) {
      void port.stopListening();
      throw error;
    }
    return this.#done;
  }

  #ended(): void {
    const [server, client] = [this.#server.reason, this.#client.reason];
    if (server === undefined || client === undefined) return;
    this.#stop(() => this.#done.callback({ server, client }));
  }

  #failed(reason: Error): void {
    this.#stop(() => this.#done.errback(reason));
  }

  #stop(then: () => void): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#port?.stopListening().addBoth(() => {
      if (!this.#done.fired) then();
    });
  }

  #abort(): void {
    this.#stopping = true;
    this.#connector?.disconnect();
    for (const { transport } of [this.#server, this.#client]) transport?.abortConnection();
    void this.#port?.stopListening();
  }
}

/**
 * Passes all calls on to a protocol, returns its promises, and remembers the end. The protocol's transport is the real
 * one.
 */
class WatchedProtocol implements StreamProtocol {
  reason: Error | undefined = undefined;
  readonly #protocol: StreamProtocol;
  #transport: Transport | undefined = undefined;
  readonly #ended: () => void;

  constructor(what: string, protocol: StreamProtocol, ended: () => void) {
    if (typeof protocol !== 'object' || protocol === null || !isStreamProtocol(protocol)) {
      throw new InvalidArgumentTypeError(what, 'a protocol', protocol);
    }
    this.#protocol = protocol;
    this.#ended = ended;
  }

  get acceptsLentBytes(): boolean {
    return this.#protocol.acceptsLentBytes === true;
  }

  /** Undefined if the protocol has no such method: whether it exists decides how a connection ends. */
  get readConnectionLost(): () => void {
    const { readConnectionLost } = this.#protocol;
    return readConnectionLost?.bind(this.#protocol) as () => void;
  }

  get writeConnectionLost(): () => void {
    const { writeConnectionLost } = this.#protocol;
    return writeConnectionLost?.bind(this.#protocol) as () => void;
  }

  get fileDescriptorReceived(): (fd: number) => void {
    const { fileDescriptorReceived } = this.#protocol;
    return fileDescriptorReceived?.bind(this.#protocol) as (fd: number) => void;
  }

  get handshakeCompleted(): () => unknown {
    const { handshakeCompleted } = this.#protocol;
    return handshakeCompleted?.bind(this.#protocol) as () => unknown;
  }

  get unreadBytes(): number {
    return this.#protocol.unreadBytes ?? 0;
  }

  get transport(): Transport | undefined {
    return this.#transport;
  }

  /** Set by `startTLS`. */
  set transport(transport: Transport) {
    this.#transport = transport;
    if ('transport' in this.#protocol) this.#protocol.transport = transport;
  }

  makeConnection(transport: Transport): unknown {
    this.#transport = transport;
    return this.#protocol.makeConnection(transport);
  }

  dataReceived(data: Buffer): unknown {
    return this.#protocol.dataReceived(data);
  }

  connectionLost(reason: Error): unknown {
    this.reason = reason;
    try {
      return this.#protocol.connectionLost(reason);
    } finally {
      this.#ended();
    }
  }
}

/** The transport below a layer such as TLS, with its methods as they were before it was retired. */
import type { Address } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { PullProducer, PushProducer } from '../../core/producer.js';
import type { StreamProtocol } from '../../core/stream-protocol.js';
import type { TurnReactor } from '../time/turn-reactor.js';
import type { StreamOwner } from './stream-owner.js';
import type { StreamTransport } from './stream-transport.js';

export class LowerTransport {
  readonly owner: StreamOwner;
  readonly reactor: TurnReactor;
  readonly #transport: StreamTransport;
  readonly #methods: StreamTransport;

  /**
   * Created before the transport is retired.
   * @param protocol Receives its bytes from now on, and is half-closable.
   */
  constructor(transport: StreamTransport, protocol: StreamProtocol) {
    this.owner = transport.owner;
    this.reactor = transport.replaceProtocol(protocol);
    this.#transport = transport;
    this.#methods = Object.getPrototypeOf(transport) as StreamTransport;
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  getPeer(): Address {
    return this.#transport.getPeer();
  }

  getHost(): Address {
    return this.#transport.getHost();
  }

  getTcpNoDelay(): boolean {
    return this.#transport.getTcpNoDelay();
  }

  setTcpNoDelay(enabled: boolean): void {
    this.#transport.setTcpNoDelay(enabled);
  }

  getTcpKeepAlive(): boolean {
    return this.#transport.getTcpKeepAlive();
  }

  setTcpKeepAlive(enabled: boolean): void {
    this.#transport.setTcpKeepAlive(enabled);
  }

  write(data: Uint8Array): void {
    this.#methods.write.call(this.#transport, data);
  }

  loseConnection(): void {
    this.#methods.loseConnection.call(this.#transport);
  }

  /** Ends the sending side, or the connection if this transport cannot be half-closed. */
  finishSending(): void {
    try {
      this.#methods.loseWriteConnection.call(this.#transport);
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      this.loseConnection();
    }
  }

  abortConnection(): void {
    this.#methods.abortConnection.call(this.#transport);
  }

  pauseProducing(): void {
    this.#methods.pauseProducing.call(this.#transport);
  }

  resumeProducing(): void {
    this.#methods.resumeProducing.call(this.#transport);
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    this.#methods.registerProducer.call(this.#transport, producer, streaming);
  }

  unregisterProducer(): void {
    this.#methods.unregisterProducer.call(this.#transport);
  }

  fail(error: unknown, where: string): void {
    this.#methods.fail.call(this.#transport, error, where);
  }

  endWith(reason: Error): void {
    this.#methods.endWith.call(this.#transport, reason);
  }

  shutDown(reason: Error): void {
    this.#methods.shutDown.call(this.#transport, reason);
  }

  cutOff(reason: Error): void {
    this.#methods.cutOff.call(this.#transport, reason);
  }
}

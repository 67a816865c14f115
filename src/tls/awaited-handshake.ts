/** A client's connection that counts as made when its handshake is complete: for endpoints. */
import type { Destination } from '../core/destination.js';
import { ConnectingCancelledError } from '../core/errors/connecting.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { Deferred } from '../defer/deferred.js';
import { fail, succeed } from '../defer/succeed.js';
import { SecuringProtocol, TLSClientFactory } from './factories.js';

/** Builds an {@link AwaitedHandshake} around each protocol. */
export class AwaitedHandshakeFactory extends TLSClientFactory {
  protected override wrap(protocol: StreamProtocol): AwaitedHandshake {
    return new AwaitedHandshake(protocol, this.context, this.securing);
  }
}

export class AwaitedHandshake extends SecuringProtocol {
  /** The reason for which the connection ended before; undefined: the handshake is complete. */
  #outcome: { readonly failure: Error | undefined } | undefined = undefined;
  #waiting: Deferred<StreamProtocol> | undefined = undefined;

  /** Present even if the wrapped protocol has no such method. */
  override get handshakeCompleted(): () => void {
    return this.passHandshakeCompleted;
  }

  override connectionLost(reason: Error): void {
    try {
      super.connectionLost(reason);
    } finally {
      this.#settle(reason);
    }
  }

  /**
   * To be called once.
   * @returns Fires with the wrapped protocol when its `handshakeCompleted` has returned; fails with the reason of `connectionLost` if
   * that comes first. Cancelling aborts the connection.
   */
  whenCompleted(): Deferred<StreamProtocol> {
    if (this.#outcome !== undefined) {
      const { failure } = this.#outcome;
      return failure === undefined ? succeed(this.wrappedProtocol) : fail(failure);
    }
    this.#waiting = new Deferred<StreamProtocol>(() => this.#cancel());
    return this.#waiting;
  }

  /** It stays between the transport and the protocol until the handshake is complete. */
  protected override secured(): void {}

  protected override passHandshakeCompleted(): void {
    super.passHandshakeCompleted();
    this.stepAside();
    this.#settle(undefined);
  }

  #settle(failure: Error | undefined): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = { failure };
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.fired) return;
    if (failure === undefined) waiting.callback(this.wrappedProtocol);
    else waiting.errback(failure);
  }

  #cancel(): void {
    const peer = this.transport.getPeer();
    const why = 'the TLS handshake was cancelled';
    this.transport.abortConnection();
    this.#waiting?.errback(new ConnectingCancelledError(why, peer as Destination));
  }
}

/** Connects once: from the factory's callbacks to a Deferred. */
import type { Address } from '../core/address.js';
import type { Connector } from '../core/connector.js';
import { ConnectingCancelledError } from '../core/errors/connecting.js';
import { builtProtocol, type FactoryLike, toFactory } from '../core/factory.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { ProtocolOf } from '../core/stream-endpoint.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import { Deferred } from '../defer/deferred.js';
import { NoProtocolError } from './errors.js';

/**
 * `StreamClientEndpoint.connect` by means of a reactor's method.
 * @param begin Starts to connect with the given factory.
 * @throws InvalidArgumentTypeError
 */
export function connectOnce<F extends FactoryLike>(
  factory: F,
  begin: (factory: ClientProtocolFactory) => Connector,
): Deferred<ProtocolOf<F>> {
  const attempt = new ConnectingFactory(toFactory(factory));
  try {
    begin(attempt);
  } catch (error) {
    attempt.fail(error);
  }
  return attempt.connected as Deferred<unknown> as Deferred<ProtocolOf<F>>;
}

/** The reactor's view of the caller's factory, for one connection. */
class ConnectingFactory implements ClientProtocolFactory {
  readonly connected: Deferred<StreamProtocol> = new Deferred<StreamProtocol>(() => this.#cancel());
  readonly #wrapped: ClientProtocolFactory;
  #connector: Connector | undefined;
  #building = false;
  #protocol: StreamProtocol | undefined;

  constructor(wrapped: ClientProtocolFactory) {
    this.#wrapped = wrapped;
  }

  buildProtocol(address: Address): StreamProtocol | null {
    this.#building = true;
    try {
      const protocol = builtProtocol(this.#wrapped, address);
      // The attempt may have been cancelled meanwhile.
      if (this.connected.fired) return null;
      if (protocol === null) this.fail(this.#noProtocol());
      else this.#protocol = protocol;
      return protocol;
    } catch (error) {
      this.fail(error);
      return null;
    } finally {
      this.#building = false;
    }
  }

  doStart(): unknown {
    return this.#wrapped.doStart();
  }

  doStop(): unknown {
    return this.#wrapped.doStop();
  }

  startedConnecting(connector: Connector): void {
    this.#connector = connector;
  }

  clientConnectionMade(): void {
    if (!this.connected.fired) this.connected.callback(this.#protocol as StreamProtocol);
  }

  clientConnectionFailed(_connector: Connector, reason: Error): void {
    this.fail(reason);
  }

  /** Before the connection was announced: its `connectionMade` threw `reason`. */
  clientConnectionLost(_connector: Connector, reason: Error): void {
    this.fail(reason);
  }

  fail(reason: unknown): void {
    if (!this.connected.fired) this.connected.errback(reason);
  }

  #cancel(): void {
    const connector = this.#connector as Connector;
    const why = 'the connection attempt was cancelled';
    this.fail(new ConnectingCancelledError(why, connector.getDestination()));
    if (!this.#building) connector.disconnect();
  }

  #noProtocol(): NoProtocolError {
    const connector = this.#connector as Connector;
    return new NoProtocolError('the factory built no protocol', connector.getDestination());
  }
}

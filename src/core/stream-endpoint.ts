/** Endpoints: a description of where to connect or listen, separate from the protocol that is used there. */
import type { Deferred } from '../defer/deferred.js';
import type { Address } from './address.js';
import type { FactoryLike } from './factory.js';
import type { ListeningPort } from './listening-port.js';
import type { Protocol } from './protocol.js';
import type { StreamProtocol } from './stream-protocol.js';

type Built<R> = R extends StreamProtocol ? R : R extends null ? never : Protocol;

/** The type of the protocol that a factory builds. */
export type ProtocolOf<F> = F extends new () => infer P
  ? Built<P>
  : F extends (...args: never[]) => infer R
    ? Built<R>
    : F extends { buildProtocol(...args: never[]): infer R }
      ? Built<R>
      : StreamProtocol;

/** A place to connect to, any number of times. */
export interface StreamClientEndpoint {
  /** The host that it connects to, if there is one: TLS verifies that the peer has a certificate for it. */
  readonly host?: string;
  /**
   * Makes one connection and builds its protocol with `factory`, whose `startedConnecting`, `clientConnectionFailed` and
   * `clientConnectionLost` are not called.
   *
   * @returns Fires with the protocol after its `connectionMade`. Fails with a ConnectError; with a NoProtocolError if
   * `buildProtocol` returned null; with the error that `buildProtocol` or `connectionMade` threw. Cancelling ends the attempt:
   * it fails with a ConnectingCancelledError at once.
   * @throws InvalidArgumentTypeError `factory` is not one of the values that `connectTCP` accepts.
   */
  connect<F extends FactoryLike>(factory: F): Deferred<ProtocolOf<F>>;
}

/** A place to listen on. */
export interface StreamServerEndpoint {
  /**
   * Accepts connections and builds a protocol for each.
   *
   * @returns Fires with the port, usually immediately. Fails with a CannotListenError; an endpoint of an inherited or adopted
   * socket can listen once, and then fails with an AlreadyListenedError.
   * @throws InvalidArgumentTypeError `factory` is not one of the values that `listenTCP` accepts.
   */
  listen(factory: FactoryLike): Deferred<ListeningPort<Address>>;
}

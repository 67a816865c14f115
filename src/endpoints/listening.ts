/** `StreamServerEndpoint.listen` by means of a reactor's method. */
import type { Address } from '../core/address.js';
import { type FactoryLike, toFactory } from '../core/factory.js';
import type { ListeningPort } from '../core/listening-port.js';
import type { ClientProtocolFactory } from '../core/protocol-factory.js';
import type { Deferred } from '../defer/deferred.js';
import { maybeDeferred } from '../defer/succeed.js';

/** @throws InvalidArgumentTypeError */
export function listenOnce(
  factory: FactoryLike,
  listen: (factory: ClientProtocolFactory) => ListeningPort<Address>,
): Deferred<ListeningPort<Address>> {
  return maybeDeferred(listen, toFactory(factory));
}

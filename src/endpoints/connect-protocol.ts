/** Connects one protocol, without a factory. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import { isStreamProtocol, type StreamProtocol } from '../core/stream-protocol.js';
import type { Deferred } from '../defer/deferred.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';

/**
 * Connects `protocol` through an endpoint.
 *
 * @returns Fires with `protocol` after its `connectionMade`; otherwise as {@link StreamClientEndpoint.connect}.
 * @throws InvalidArgumentTypeError
 * @example const chat = await connectProtocol(clientFromString(reactor, 'tcp:example.com:6667'), new Chat());
 */
export function connectProtocol<P extends StreamProtocol>(
  endpoint: StreamClientEndpoint,
  protocol: P,
): Deferred<P> {
  checkClientEndpoint(endpoint);
  if (typeof protocol !== 'object' || protocol === null || !isStreamProtocol(protocol)) {
    throw new InvalidArgumentTypeError('protocol', 'a protocol', protocol);
  }
  return endpoint.connect(() => protocol) as Deferred<unknown> as Deferred<P>;
}

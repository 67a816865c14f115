/** Checks arguments that must be endpoints. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { StreamClientEndpoint, StreamServerEndpoint } from '../core/stream-endpoint.js';

/** @throws InvalidArgumentTypeError */
export function checkClientEndpoint(endpoint: StreamClientEndpoint): void {
  if (typeof (endpoint as Partial<StreamClientEndpoint> | null)?.connect === 'function') return;
  throw new InvalidArgumentTypeError('endpoint', 'a client endpoint', endpoint);
}

/** @throws InvalidArgumentTypeError */
export function checkServerEndpoint(endpoint: StreamServerEndpoint): void {
  if (typeof (endpoint as Partial<StreamServerEndpoint> | null)?.listen === 'function') return;
  throw new InvalidArgumentTypeError('endpoint', 'a server endpoint', endpoint);
}

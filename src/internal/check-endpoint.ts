/** Checks arguments that must be endpoints. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { StreamClientEndpoint, StreamServerEndpoint } from '../core/stream-endpoint.js';

/** @throws InvalidArgumentTypeError */
export function checkClientEndpoint(endpoint: StreamClientEndpoint): void {
  if (typeof (endpoint as Partial<StreamClientEndpoint> | null)?.connect === 'function') return;
  throw new InvalidArgumentTypeError(
    'endpoint',
    `a client endpoint${hint(endpoint, 'clientFromString')}`,
    endpoint,
  );
}

/** @throws InvalidArgumentTypeError */
export function checkServerEndpoint(endpoint: StreamServerEndpoint): void {
  if (typeof (endpoint as Partial<StreamServerEndpoint> | null)?.listen === 'function') return;
  throw new InvalidArgumentTypeError(
    'endpoint',
    `a server endpoint${hint(endpoint, 'serverFromString')}`,
    endpoint,
  );
}

function hint(endpoint: unknown, parser: string): string {
  if (typeof endpoint === 'number') return ` (such as ${parser}(reactor, 'tcp:${endpoint}'))`;
  return typeof endpoint === 'string' ? ` (${parser} makes one of a string)` : '';
}

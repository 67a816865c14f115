/**
 * A transport whose connection a layer above it has taken over, such as TLS. For everybody but that layer, methods that would
 * send in clear throw, and those that close or pause act on the layer. The prototype of the transport is replaced, so that
 * other transports pay nothing for the check.
 */
import { TransportUpgradedError } from '../../core/errors/tls.js';
import type { TLSConnection } from '../../core/tls.js';
import type { SendsFiles } from '../../internal/sends-files.js';
import type { StreamTransport } from './stream-transport.js';

/** The methods that throw. */
const REFUSED = [
  'write',
  'writeSequence',
  'registerProducer',
  'unregisterProducer',
  'sendFile',
  'sendFileDescriptor',
  'detach',
  'startTLS',
] as const satisfies readonly (keyof SendsFiles | keyof StreamTransport)[];

/** The methods that are passed on to the layer above. */
const PASSED_ON = [
  'loseConnection',
  'loseWriteConnection',
  'abortConnection',
  'stopProducing',
  'pauseProducing',
  'resumeProducing',
  'fail',
  'shutDown',
  'cutOff',
] as const satisfies readonly (keyof StreamTransport)[];

const successors = new WeakMap<StreamTransport, StreamTransport>();

/** By the prototype that they replace. */
const prototypes = new WeakMap<object, object>();

/** From now on `successor` owns the connection of `transport`. */
export function retire(transport: StreamTransport, successor: StreamTransport): void {
  const prototype = Object.getPrototypeOf(transport) as object;
  let retired = prototypes.get(prototype);
  if (retired === undefined) {
    retired = retiredPrototype(prototype);
    prototypes.set(prototype, retired);
  }
  successors.set(transport, successor);
  Object.setPrototypeOf(transport, retired);
}

function retiredPrototype(prototype: object): object {
  const retired = Object.create(prototype) as Record<string, unknown>;
  for (const method of REFUSED) {
    retired[method] = () => {
      throw new TransportUpgradedError(method);
    };
  }
  for (const method of PASSED_ON) {
    retired[method] = function (this: StreamTransport, ...args: unknown[]): void {
      const successor = successors.get(this) as StreamTransport;
      (successor[method] as (...args: unknown[]) => void)(...args);
    };
  }
  Object.defineProperty(retired, 'tls', {
    get(this: StreamTransport): TLSConnection | undefined {
      return successors.get(this)?.tls;
    },
  });
  return retired;
}

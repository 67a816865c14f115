/** Converts the protocol argument of `listenUDP` and similar methods into the receiver that a reactor calls. */
import type { Address } from '../../core/address.js';
import type {
  DatagramHandlers,
  DatagramProtocolLike,
  DatagramReceiver,
  DatagramTransport,
} from '../../core/datagram.js';
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { DatagramError } from '../../core/errors/datagram.js';

/** @throws InvalidArgumentTypeError */
export function toDatagramReceiver<A extends Address>(
  protocol: DatagramProtocolLike<A>,
): DatagramReceiver<A> {
  if (typeof protocol === 'function') return receiverOf({ datagramReceived: protocol });
  if (typeof protocol !== 'object' || protocol === null) {
    throw new InvalidArgumentTypeError('protocol', 'a datagram protocol', protocol);
  }
  return isReceiver(protocol) ? protocol : receiverOf(protocol);
}

function isReceiver<A extends Address>(
  protocol: DatagramReceiver<A> | DatagramHandlers<A>,
): protocol is DatagramReceiver<A> {
  return typeof (protocol as Partial<DatagramReceiver<A>>).makeConnection === 'function';
}

/** Methods that the handlers lack are omitted: a reactor behaves differently if a failure can't be delivered. */
function receiverOf<A extends Address>(handlers: DatagramHandlers<A>): DatagramReceiver<A> {
  let transport = undefined as unknown as DatagramTransport<A>;
  const receiver: DatagramReceiver<A> = {
    acceptsLentBytes: handlers.acceptsLentBytes === true,
    makeConnection(made) {
      transport = made;
      return handlers.startProtocol?.(made);
    },
    datagramReceived: (data, from, made, details) =>
      handlers.datagramReceived?.(data, from, made, details),
    stopProtocol: () => handlers.stopProtocol?.(transport),
    connectionRefused: () => handlers.connectionRefused?.(transport),
  };
  if (handlers.datagramFailed === undefined) return receiver;
  return Object.assign(receiver, {
    datagramFailed: (error: DatagramError) => handlers.datagramFailed?.(error, transport),
  });
}

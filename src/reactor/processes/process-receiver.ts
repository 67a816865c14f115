/** Converts the protocol argument of `spawnProcess` into the receiver that a reactor calls. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type {
  ProcessHandlers,
  ProcessProtocolLike,
  ProcessReceiver,
  ProcessTransport,
} from '../../core/process.js';

/** @throws InvalidArgumentTypeError */
export function toProcessReceiver(protocol: ProcessProtocolLike): ProcessReceiver {
  if (typeof protocol !== 'object' || protocol === null) {
    throw new InvalidArgumentTypeError('protocol', 'a protocol of processes', protocol);
  }
  return isReceiver(protocol) ? protocol : receiverOf(protocol);
}

function isReceiver(protocol: ProcessProtocolLike): protocol is ProcessReceiver {
  return typeof (protocol as Partial<ProcessReceiver>).makeConnection === 'function';
}

function receiverOf(handlers: ProcessHandlers): ProcessReceiver {
  let transport = undefined as unknown as ProcessTransport;
  return {
    acceptsLentBytes: handlers.acceptsLentBytes === true,
    makeConnection(made) {
      transport = made;
      return handlers.connectionMade?.(made);
    },
    childDataReceived: (number, data) => handlers.childDataReceived?.(number, data, transport),
    childConnectionLost: (number) => handlers.childConnectionLost?.(number, transport),
    processExited: (reason) => handlers.processExited?.(reason, transport),
    processEnded: (reason) => handlers.processEnded?.(reason, transport),
  };
}

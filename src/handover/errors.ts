/** Errors of passing sockets between two processes. */
import { RemoteProtocolError, RopewalkError } from '../core/errors/base.js';

/** The other process violated the protocol, or did not send the descriptors that belong to a message. */
export class HandoverProtocolError extends RemoteProtocolError {
  override readonly name = 'HandoverProtocolError';
  override readonly code = 'ERR_HANDOVER_PROTOCOL';
}

/** The listeners could not be taken over, for the reason in `message`. The process that has them continues. */
export class HandoverError extends RopewalkError {
  override readonly name = 'HandoverError';
  override readonly code = 'ERR_HANDOVER';
}

/** What goes wrong between two processes that hand sockets over. */
import { RemoteProtocolError, RopewalkError } from '../core/errors/base.js';

/** The other process said what it must not, or said it without the descriptors that belong to it. */
export class HandoverProtocolError extends RemoteProtocolError {
  override readonly name = 'HandoverProtocolError';
  override readonly code = 'ERR_HANDOVER_PROTOCOL';
}

/** The listeners could not be taken over: `message` says why. The process that has them goes on. */
export class HandoverError extends RopewalkError {
  override readonly name = 'HandoverError';
  override readonly code = 'ERR_HANDOVER';
}

/** The errors of handing sockets over between two processes. */
import { RemoteProtocolError, RopewalkError } from '../core/errors/base.js';

/** The other process sent an invalid message, or a message without its descriptors. */
export class HandoverProtocolError extends RemoteProtocolError {
  override readonly name = 'HandoverProtocolError';
  override readonly code = 'ERR_HANDOVER_PROTOCOL';
}

/** The listeners could not be taken over: `message` has the reason. The process that has them continues. */
export class HandoverError extends RopewalkError {
  override readonly name = 'HandoverError';
  override readonly code = 'ERR_HANDOVER';
}

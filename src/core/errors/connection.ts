/** Errors of an established connection, and the reasons why one ended. */
import { RopewalkError, withoutStack } from './base.js';

/** Why a connection ended: what `connectionLost` is given, unless application code threw. */
export abstract class ConnectionClosed extends RopewalkError {}

/** The connection was closed cleanly, by either side. */
export class ConnectionDone extends ConnectionClosed {
  override readonly name = 'ConnectionDone';
  override readonly code = 'ERR_CONNECTION_DONE';

  constructor() {
    super('the connection was closed cleanly');
  }
}

/** The connection broke: reset by the peer, timed out by the system, or ended by the reactor's shutdown. */
export class ConnectionLost extends ConnectionClosed {
  override readonly name: string = 'ConnectionLost';
  override readonly code: string = 'ERR_CONNECTION_LOST';

  constructor(message = 'the connection was lost', options?: ErrorOptions) {
    super(message, options);
  }
}

/** This side called `abortConnection`. */
export class ConnectionAborted extends ConnectionClosed {
  override readonly name = 'ConnectionAborted';
  override readonly code = 'ERR_CONNECTION_ABORTED';

  constructor() {
    super('the connection was aborted by this side');
  }
}

/** This side took the connection out of the reactor, to go on with it elsewhere: `detach`. */
export class ConnectionDetached extends ConnectionClosed {
  override readonly name = 'ConnectionDetached';
  override readonly code = 'ERR_CONNECTION_DETACHED';

  constructor() {
    super('the connection was detached from the reactor');
  }
}

/**
 * The one `ConnectionDone`. Clean closes are the most frequent event of a busy server and an Error's stack trace costs
 * more than the close itself; the trace would show the reactor only.
 */
export const CONNECTION_DONE: ConnectionDone = Object.freeze(
  withoutStack(() => new ConnectionDone()),
);

/** `sendFileDescriptor`: as many descriptors as may wait do so, for a peer that does not read. The connection goes on. */
export class DescriptorLimitError extends RopewalkError {
  override readonly name = 'DescriptorLimitError';
  override readonly code = 'ERR_DESCRIPTOR_LIMIT';
  readonly limit: number;

  constructor(limit: number) {
    super(`too many unsent descriptors: the limit is ${limit}`);
    this.limit = limit;
  }
}

/** `detach`: bytes that were written have not been taken by the system yet. The connection goes on. */
export class UnsentBytesError extends RopewalkError {
  override readonly name = 'UnsentBytesError';
  override readonly code = 'ERR_UNSENT_BYTES';
  readonly bytes: number;

  constructor(bytes: number) {
    super(`${bytes} bytes wait to be sent: the connection can not be detached`);
    this.bytes = bytes;
  }
}

/** A transport was used before the protocol had one. */
export class NotConnectedError extends RopewalkError {
  override readonly name = 'NotConnectedError';
  override readonly code = 'ERR_NOT_CONNECTED';
  /** The method that was called. */
  readonly method: string;

  /** @param from The callback from which on there is a transport. */
  constructor(method: string, from: string) {
    super(`transport.${method}: the protocol has no transport yet; it can be used from ${from} on`);
    this.method = method;
  }
}

/** A second producer was registered on a transport that has one. */
export class ProducerRegisteredError extends RopewalkError {
  override readonly name = 'ProducerRegisteredError';
  override readonly code = 'ERR_PRODUCER_REGISTERED';

  constructor() {
    super('a producer is already registered: unregister it first');
  }
}

/** Errors of an established connection, and the reasons for its end. */
import { RopewalkError, withoutStack } from './base.js';

/** The reason for the end of a connection, which `connectionLost` receives unless application code threw. */
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

/** This side removed the connection from the reactor, to continue it elsewhere: `detach`. */
export class ConnectionDetached extends ConnectionClosed {
  override readonly name = 'ConnectionDetached';
  override readonly code = 'ERR_CONNECTION_DETACHED';

  constructor() {
    super('the connection was detached from the reactor');
  }
}

/**
 * The only `ConnectionDone`. Clean closes are the most frequent event of a busy server, and the stack trace of an Error costs
 * more than the close itself; it would show only the reactor.
 */
export const CONNECTION_DONE: ConnectionDone = Object.freeze(
  withoutStack(() => new ConnectionDone()),
);

/** `sendFileDescriptor`: the maximum number of descriptors is unsent, because the peer does not read. The connection continues. */
export class DescriptorLimitError extends RopewalkError {
  override readonly name = 'DescriptorLimitError';
  override readonly code = 'ERR_DESCRIPTOR_LIMIT';
  /** The option that was exceeded. */
  readonly option = 'maxWaitingDescriptors';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`too many unsent descriptors: the limit is ${limit}`);
    this.limit = limit;
  }
}

/** `detach`: the system has not accepted all written bytes yet. The connection continues. */
export class UnsentBytesError extends RopewalkError {
  override readonly name = 'UnsentBytesError';
  override readonly code = 'ERR_UNSENT_BYTES';
  readonly bytes: number;

  constructor(bytes: number) {
    super(`the connection cannot be detached: ${bytes} bytes are unsent`);
    this.bytes = bytes;
  }
}

/** A transport was used before the protocol had one. */
export class NotConnectedError extends RopewalkError {
  override readonly name = 'NotConnectedError';
  override readonly code = 'ERR_NOT_CONNECTED';
  /** The method that was called. */
  readonly method: string;

  /** @param from The first callback in which there is a transport. */
  constructor(method: string, from: string) {
    super(`transport.${method}: the protocol has no transport yet; it can be used from ${from} on`);
    this.method = method;
  }
}

/**
 * A callback transferred lent bytes (`postMessage`, `structuredClone`, `transfer`), and with them the memory of bytes that were not
 * delivered yet. The connection ends.
 */
export class LentBytesTransferredError extends RopewalkError {
  override readonly name = 'LentBytesTransferredError';
  override readonly code = 'ERR_LENT_BYTES_TRANSFERRED';
  /** The callback that received the bytes. */
  readonly callback: string;

  constructor(callback: string) {
    super(
      `${callback} transferred bytes that were lent to it: transfer a copy (Buffer.copyBytesFrom), or do not ask for lent bytes`,
    );
    this.callback = callback;
  }
}

/** A producer was registered on a transport that already has one. */
export class ProducerRegisteredError extends RopewalkError {
  override readonly name = 'ProducerRegisteredError';
  override readonly code = 'ERR_PRODUCER_REGISTERED';

  constructor() {
    super('a producer is already registered: unregister it first');
  }
}

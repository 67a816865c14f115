/** Errors of datagrams. */
import type { Address } from '../address.js';
import { RopewalkError } from './base.js';

/** A datagram was lost or is delayed on this host. The subclass says why, and whose fault it is. */
export abstract class DatagramError extends RopewalkError {
  /** The other end, if it is known. */
  readonly address: Address | undefined;

  constructor(message: string, address: Address | undefined, options?: ErrorOptions) {
    const where = address === undefined ? '' : `: ${address}`;
    super(`${message}${where}`, options);
    this.address = address;
  }
}

/** A datagram is too long for its kind or for the path to its destination. Thrown by `write`, or reported later. */
export class MessageLengthError extends DatagramError {
  override readonly name = 'MessageLengthError';
  override readonly code = 'ERR_MESSAGE_LENGTH';
  /** The length of the datagram in bytes. */
  readonly length: number;

  constructor(length: number, address: Address | undefined, options?: ErrorOptions) {
    super(`a datagram of ${length} bytes is too long to be sent`, address, options);
    this.length = length;
  }
}

/** A received datagram was longer than `maxPacketSize` and was dropped. */
export class DatagramTruncatedError extends DatagramError {
  override readonly name = 'DatagramTruncatedError';
  override readonly code = 'ERR_DATAGRAM_TRUNCATED';
  /** The option that was exceeded. */
  readonly option = 'maxPacketSize';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(limit: number, address: Address | undefined) {
    super(`a datagram longer than ${limit} bytes was dropped`, address);
    this.limit = limit;
  }
}

/** The system refused to send a datagram, for the reason in `cause`. */
export class DatagramNotSentError extends DatagramError {
  override readonly name = 'DatagramNotSentError';
  override readonly code = 'ERR_DATAGRAM_NOT_SENT';

  constructor(address: Address | undefined, cause: Error) {
    super(`a datagram was not sent (${cause.message})`, address, { cause });
  }
}

/** The system failed to receive, for the reason in `cause`. Reported once until a datagram is received; receiving is retried. */
export class DatagramReceiveError extends DatagramError {
  override readonly name = 'DatagramReceiveError';
  override readonly code = 'ERR_DATAGRAM_RECEIVE';

  constructor(cause: Error) {
    super(`cannot receive datagrams (${cause.message})`, undefined, { cause });
  }
}

/** The destination of a datagram is missing, is not an IP address, or belongs to another family than the socket. */
export class InvalidAddressError extends RopewalkError {
  override readonly name = 'InvalidAddressError';
  override readonly code = 'ERR_INVALID_ADDRESS';

  constructor(message: string) {
    super(message);
  }
}

/** `connect` of a datagram socket that is already connected. */
export class AlreadyConnectedError extends RopewalkError {
  override readonly name = 'AlreadyConnectedError';
  override readonly code = 'ERR_ALREADY_CONNECTED';

  constructor() {
    super('the datagram socket is already connected');
  }
}

/** A multicast group could not be joined or left. `cause` is the system's error. */
export class MulticastJoinError extends RopewalkError {
  override readonly name = 'MulticastJoinError';
  override readonly code = 'ERR_MULTICAST_JOIN';
  readonly group: string;

  constructor(group: string, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    super(`cannot join or leave the multicast group ${group}${why}`, options);
    this.group = group;
  }
}

/** What goes wrong with datagrams, each an error that this package raises on purpose. */
import type { Address } from '../address.js';
import { RopewalkError } from './base.js';

/** A datagram was lost on this host, or waits there. Which one, and whose fault it is, the subclass says. */
export abstract class DatagramError extends RopewalkError {
  /** The other end, where it is known. */
  readonly address: Address | undefined;

  constructor(message: string, address: Address | undefined, options?: ErrorOptions) {
    const where = address === undefined ? '' : `: ${address}`;
    super(`${message}${where}`, options);
    this.address = address;
  }
}

/** A datagram is longer than its kind, or the way to its destination, can take. Thrown by `write`, or told later. */
export class MessageLengthError extends DatagramError {
  override readonly name = 'MessageLengthError';
  override readonly code = 'ERR_MESSAGE_LENGTH';
  /** Bytes that it had. */
  readonly length: number;

  constructor(length: number, address: Address | undefined, options?: ErrorOptions) {
    super(`a datagram of ${length} bytes is too long to be sent`, address, options);
    this.length = length;
  }
}

/** A datagram came that is longer than `maxPacketSize`; it was dropped. */
export class DatagramTruncatedError extends DatagramError {
  override readonly name = 'DatagramTruncatedError';
  override readonly code = 'ERR_DATAGRAM_TRUNCATED';
  readonly maxPacketSize: number;

  constructor(maxPacketSize: number, address: Address | undefined) {
    super(`a datagram longer than ${maxPacketSize} bytes was dropped`, address);
    this.maxPacketSize = maxPacketSize;
  }
}

/** The system refused to send a datagram: `cause`. */
export class DatagramNotSentError extends DatagramError {
  override readonly name = 'DatagramNotSentError';
  override readonly code = 'ERR_DATAGRAM_NOT_SENT';

  constructor(address: Address | undefined, cause: Error) {
    super(`a datagram was not sent (${cause.message})`, address, { cause });
  }
}

/** The system failed to receive: `cause`. Told once until something is received; it is tried again, and what fits waits. */
export class DatagramReceiveError extends DatagramError {
  override readonly name = 'DatagramReceiveError';
  override readonly code = 'ERR_DATAGRAM_RECEIVE';

  constructor(cause: Error) {
    super(`cannot receive datagrams (${cause.message})`, undefined, { cause });
  }
}

/** A datagram's destination is missing, is no IP address, or is of another family than the socket. */
export class InvalidAddressError extends RopewalkError {
  override readonly name = 'InvalidAddressError';
  override readonly code = 'ERR_INVALID_ADDRESS';

  constructor(message: string) {
    super(message);
  }
}

/** `connect` of a datagram socket that is connected. */
export class AlreadyConnectedError extends RopewalkError {
  override readonly name = 'AlreadyConnectedError';
  override readonly code = 'ERR_ALREADY_CONNECTED';

  constructor() {
    super('the datagram socket is connected already');
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

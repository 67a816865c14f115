/** Errors of connection attempts, and their derivation from errors of the system or the resolver. */

import { type Destination, destinationText } from '../destination.js';
import { messageOf } from '../text-of.js';
import { RopewalkError, type SystemError } from './base.js';
import { NameResolutionError } from './names.js';

/** A connection attempt failed. `cause` is the system's error, if there was one. */
export class ConnectError extends RopewalkError {
  override readonly name: string = 'ConnectError';
  override readonly code: string = 'ERR_CONNECT';
  /** The requested host and port of a TCP connection. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** The requested path of a UNIX connection. */
  readonly path: string | undefined;
  /**
   * If several addresses of a name were tried: the error of each, in the order of the attempts, with the address as its `host`.
   * Otherwise empty.
   */
  readonly errors: readonly ConnectError[];

  constructor(
    message: string,
    destination: Destination,
    options?: ErrorOptions,
    errors: readonly ConnectError[] = [],
  ) {
    super(`${message}: ${destinationText(destination)}`, options);
    const unix = 'path' in destination;
    this.host = unix ? undefined : destination.host;
    this.port = unix ? undefined : destination.port;
    this.path = unix ? destination.path : undefined;
    this.errors = errors;
  }
}

/** The local address or port of `connectTCP` could not be bound. */
export class ConnectBindError extends ConnectError {
  override readonly name = 'ConnectBindError';
  override readonly code = 'ERR_CONNECT_BIND';
}

/** The host name has no address, or the resolver failed. */
export class DNSLookupError extends ConnectError {
  override readonly name = 'DNSLookupError';
  override readonly code = 'ERR_DNS_LOOKUP';
}

/** There is no route to the host or network. */
export class NoRouteError extends ConnectError {
  override readonly name = 'NoRouteError';
  override readonly code = 'ERR_NO_ROUTE';
}

/** Nothing listens there, or a firewall answered with a reset. */
export class ConnectionRefusedError extends ConnectError {
  override readonly name = 'ConnectionRefusedError';
  override readonly code = 'ERR_CONNECTION_REFUSED';
}

/** The operating system received no answer in time. */
export class TCPTimedOutError extends ConnectError {
  override readonly name = 'TCPTimedOutError';
  override readonly code = 'ERR_TCP_TIMED_OUT';
}

/** `timeoutMs` passed before the connection was made. This includes the resolution of the name. */
export class ConnectTimeoutError extends ConnectError {
  override readonly name = 'ConnectTimeoutError';
  override readonly code = 'ERR_CONNECT_TIMEOUT';
}

/** `stopConnecting`, an `AbortSignal` or the reactor's shutdown ended the attempt. */
export class ConnectingCancelledError extends ConnectError {
  override readonly name = 'ConnectingCancelledError';
  override readonly code = 'ERR_CONNECTING_CANCELLED';
}

/** `stopConnecting`, `disconnect` or `connect` was called in a state that does not allow it. */
export class ConnectorStateError extends RopewalkError {
  override readonly name = 'ConnectorStateError';
  override readonly code = 'ERR_CONNECTOR_STATE';
}

type ConnectErrorClass = new (
  message: string,
  destination: Destination,
  options?: ErrorOptions,
  errors?: readonly ConnectError[],
) => ConnectError;

/** The error class for each errno of connect(2). */
const CONNECT_ERRORS: Readonly<Record<string, ConnectErrorClass>> = {
  EADDRINUSE: ConnectBindError,
  EADDRNOTAVAIL: ConnectBindError,
  ECONNREFUSED: ConnectionRefusedError,
  // For a UNIX socket: the file does not exist, or is not a socket.
  ENOENT: ConnectionRefusedError,
  ENOTSOCK: ConnectionRefusedError,
  EHOSTUNREACH: NoRouteError,
  ENETUNREACH: NoRouteError,
  ENOTFOUND: DNSLookupError,
  EAI_AGAIN: DNSLookupError,
  ETIMEDOUT: TCPTimedOutError,
};

/** Converts a failed resolution, bind or connect(2) into the public error. */
export function connectErrorFrom(cause: Error, destination: Destination): ConnectError {
  if (cause instanceof NameResolutionError) return lookupErrorFrom(cause, destination);
  const { code, syscall } = cause as Partial<SystemError>;
  const ErrorClass =
    syscall === 'bind'
      ? ConnectBindError
      : syscall === 'getaddrinfo'
        ? DNSLookupError
        : (CONNECT_ERRORS[code ?? ''] ?? ConnectError);
  return new ErrorClass(`cannot connect (${reasonOf(cause)})`, destination, { cause });
}

/** The error of a connector whose resolver failed. The cause is the system's error, if there is one. */
export function lookupErrorFrom(reason: Error, destination: Destination): DNSLookupError {
  const cause =
    reason instanceof NameResolutionError && reason.cause instanceof Error ? reason.cause : reason;
  return new DNSLookupError(`cannot connect (${reasonOf(cause)})`, destination, { cause });
}

/** An attempt to connect to one of the addresses of a name. */
export interface AddressAttempt {
  readonly destination: Destination;
  /** Undefined if there was no answer. */
  readonly failure: Error | undefined;
}

/** The number of addresses in the message of an error. */
const MAX_LISTED = 8;

/**
 * The error of a connector whose attempts have all failed. It belongs to their class if that is the same for all.
 * @param attempts At least one; each has failed.
 */
export function allFailedError(
  attempts: readonly AddressAttempt[],
  destination: Destination,
): ConnectError {
  const [first] = attempts;
  if (attempts.length === 1) return connectErrorFrom(first?.failure as Error, destination);
  const errors = errorsOf(attempts);
  const classes = new Set(errors.map((error) => error.constructor as ConnectErrorClass));
  const [FirstClass = ConnectError] = classes;
  const ErrorClass = classes.size === 1 ? FirstClass : ConnectError;
  const message = `cannot connect (${addressesText(attempts)})`;
  return new ErrorClass(message, destination, { cause: first?.failure }, errors);
}

/** The error of a connector whose time is over. @param attempts Those that had begun. */
export function connectTimeoutError(
  timeoutMs: number,
  attempts: readonly AddressAttempt[],
  destination: Destination,
): ConnectTimeoutError {
  const message = `no connection in ${timeoutMs} ms`;
  if (attempts.length < 2) return new ConnectTimeoutError(message, destination);
  const text = `${message} (${addressesText(attempts)})`;
  return new ConnectTimeoutError(text, destination, {}, errorsOf(attempts));
}

function errorsOf(attempts: readonly AddressAttempt[]): ConnectError[] {
  return attempts.map(({ destination, failure }) =>
    failure === undefined
      ? new ConnectTimeoutError('no answer', destination)
      : connectErrorFrom(failure, destination),
  );
}

function addressesText(attempts: readonly AddressAttempt[]): string {
  const listed = attempts.slice(0, MAX_LISTED).map(({ destination, failure }) => {
    const host = 'path' in destination ? destination.path : destination.host;
    return `${host} ${failure === undefined ? 'no answer' : reasonOf(failure)}`;
  });
  const more = attempts.length - listed.length;
  return `${listed.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function reasonOf(failure: Error): string {
  return (failure as Partial<SystemError>).code ?? messageOf(failure);
}

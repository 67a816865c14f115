/**
 * Every error this package raises on purpose. Match on `code`, not on the message. docs/errors.md lists them all,
 * with whose fault each is and what to do.
 */

import type { UNIXAddress } from './address.js';
import { type Destination, destinationText } from './connector.js';

/** Base of all of Ropewalk's errors. */
export abstract class RopewalkError extends Error {
  abstract override readonly name: string;
  /** Stable across releases: `ERR_...`. */
  abstract readonly code: string;
}

/**
 * The peer broke the rules of the protocol. The connection is of no further use: close it, and don't send the same again.
 */
export abstract class RemoteProtocolError extends RopewalkError {}

/** The caller asked a protocol for something that its rules or limits don't allow. Thrown at the call; nothing was sent. */
export abstract class LocalProtocolError extends RopewalkError {}

/** What the operating system said: the shape of Node's own system errors, found as `cause`. */
export interface SystemError extends Error {
  /** The errno's name, such as `ECONNRESET`. */
  readonly code: string;
  /** The negative errno, as Node gives it. */
  readonly errno: number;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;
}

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

/** Why a connection attempt failed. `cause` is the system's error where there was one. */
export class ConnectError extends RopewalkError {
  override readonly name: string = 'ConnectError';
  override readonly code: string = 'ERR_CONNECT';
  /** The host and port that were asked for, of a TCP connection. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** The path that was asked for, of a UNIX connection. */
  readonly path: string | undefined;

  constructor(message: string, destination: Destination, options?: ErrorOptions) {
    super(`${message}: ${destinationText(destination)}`, options);
    const unix = 'path' in destination;
    this.host = unix ? undefined : destination.host;
    this.port = unix ? undefined : destination.port;
    this.path = unix ? destination.path : undefined;
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

/** The operating system gave up waiting for an answer. */
export class TCPTimedOutError extends ConnectError {
  override readonly name = 'TCPTimedOutError';
  override readonly code = 'ERR_TCP_TIMED_OUT';
}

/** `timeoutMs` passed before the connection, resolution of the name included, was made. */
export class ConnectTimeoutError extends ConnectError {
  override readonly name = 'ConnectTimeoutError';
  override readonly code = 'ERR_CONNECT_TIMEOUT';
}

/** `stopConnecting`, an `AbortSignal` or the reactor's shutdown ended the attempt. */
export class ConnectingCancelledError extends ConnectError {
  override readonly name = 'ConnectingCancelledError';
  override readonly code = 'ERR_CONNECTING_CANCELLED';
}

/** A name was not resolved. `connectTCP` reports it as a {@link DNSLookupError}. */
export abstract class NameResolutionError extends RopewalkError {
  /** The name that was asked for. */
  readonly hostName: string;

  constructor(message: string, hostName: string, options?: ErrorOptions) {
    super(`${message}: ${hostName.slice(0, MAX_SHOWN_NAME)}`, options);
    this.hostName = hostName;
  }
}

/** There is no such name, or it has no address of a family that was asked for. */
export class NameNotFoundError extends NameResolutionError {
  override readonly name = 'NameNotFoundError';
  override readonly code = 'ERR_NAME_NOT_FOUND';
}

/** Whether there is such a name could not be found out. `cause.code` is `EAI_AGAIN` where it may be later. */
export class NameLookupFailedError extends NameResolutionError {
  override readonly name = 'NameLookupFailedError';
  override readonly code = 'ERR_NAME_LOOKUP_FAILED';
}

/** `timeoutMs` passed before there was an answer. */
export class NameLookupTimeoutError extends NameResolutionError {
  override readonly name = 'NameLookupTimeoutError';
  override readonly code = 'ERR_NAME_LOOKUP_TIMEOUT';
  /** The time that was allowed. */
  readonly timeoutMs: number;

  constructor(hostName: string, timeoutMs: number) {
    super(`no answer in ${timeoutMs} ms`, hostName);
    this.timeoutMs = timeoutMs;
  }
}

/** As many as a resolver allows wait for an answer already. */
export class TooManyLookupsError extends NameResolutionError {
  override readonly name = 'TooManyLookupsError';
  override readonly code = 'ERR_TOO_MANY_LOOKUPS';
}

/** No host can have that name. */
export class InvalidHostNameError extends NameResolutionError {
  override readonly name = 'InvalidHostNameError';
  override readonly code = 'ERR_INVALID_HOST_NAME';
}

/** The port or path could not be listened on: in use, not permitted, or no such interface. */
export class CannotListenError extends RopewalkError {
  override readonly name = 'CannotListenError';
  override readonly code = 'ERR_CANNOT_LISTEN';
  /** The interface and port that were asked for, of a TCP or UDP port. */
  readonly interface: string | undefined;
  readonly port: number | undefined;
  /** The path that was asked for, of a UNIX socket. */
  readonly path: string | undefined;

  constructor(
    where: { readonly interface: string; readonly port: number } | UNIXAddress,
    options?: ErrorOptions,
  ) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    const unix = 'path' in where;
    const place = unix ? where.toString() : `${where.interface || '*'}:${where.port}`;
    super(`cannot listen on ${place}${why}`, options);
    this.interface = unix ? undefined : where.interface;
    this.port = unix ? undefined : where.port;
    this.path = unix ? where.path : undefined;
  }
}

/** The port's socket was asked for while it does not listen. */
export class NotListeningError extends RopewalkError {
  override readonly name = 'NotListeningError';
  override readonly code = 'ERR_NOT_LISTENING';

  constructor() {
    super('the port does not listen');
  }
}

/** A descriptor given to be adopted or sent is not open, or not a socket of the kind that was asked for. `cause` says which. */
export class DescriptorError extends RopewalkError {
  override readonly name = 'DescriptorError';
  override readonly code = 'ERR_DESCRIPTOR';
  readonly fd: number;

  constructor(wanted: string, fd: number, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    super(`descriptor ${fd} is not ${wanted}${why}`, options);
    this.fd = fd;
  }
}

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

/**
 * A listener can not accept: the process or system is out of descriptors or memory, or forbids it. Reported once; the
 * listener tries again by itself.
 */
export class AcceptError extends RopewalkError {
  override readonly name = 'AcceptError';
  override readonly code = 'ERR_ACCEPT';

  constructor(cause: Error) {
    super(`a connection could not be accepted: ${cause.message}`, { cause });
  }
}

/**
 * A system call failed that sockets depend on: to have one watched, to ask which are ready, to receive. Reported once until
 * all goes well again; the call is repeated until it does, and nothing is lost meanwhile.
 */
export class SystemCallRetriedError extends RopewalkError {
  override readonly name = 'SystemCallRetriedError';
  override readonly code = 'ERR_SYSTEM_CALL_RETRIED';

  constructor(cause: Error) {
    super(`a system call failed and is tried again: ${cause.message}`, { cause });
  }
}

/** `stopConnecting`, `disconnect` or `connect` was called in a state that does not allow it. */
export class ConnectorStateError extends RopewalkError {
  override readonly name = 'ConnectorStateError';
  override readonly code = 'ERR_CONNECTOR_STATE';
}

/** The delayed call has run already. */
export class AlreadyCalledError extends RopewalkError {
  override readonly name = 'AlreadyCalledError';
  override readonly code = 'ERR_ALREADY_CALLED';

  constructor() {
    super('the delayed call has run already');
  }
}

/** The delayed call was cancelled before. */
export class AlreadyCancelledError extends RopewalkError {
  override readonly name = 'AlreadyCancelledError';
  override readonly code = 'ERR_ALREADY_CANCELLED';

  constructor() {
    super('the delayed call was cancelled already');
  }
}

/** `run` was called on a reactor that runs, or that is still shutting down. */
export class ReactorAlreadyRunningError extends RopewalkError {
  override readonly name = 'ReactorAlreadyRunningError';
  override readonly code = 'ERR_REACTOR_ALREADY_RUNNING';

  constructor() {
    super('the reactor is running already');
  }
}

/** `stop` or `crash` was called on a reactor that does not run. */
export class ReactorNotRunningError extends RopewalkError {
  override readonly name = 'ReactorNotRunningError';
  override readonly code = 'ERR_REACTOR_NOT_RUNNING';

  constructor() {
    super('the reactor is not running');
  }
}

/** The reactor was disposed of and can make nothing new. */
export class ReactorDisposedError extends RopewalkError {
  override readonly name = 'ReactorDisposedError';
  override readonly code = 'ERR_REACTOR_DISPOSED';

  constructor() {
    super('the reactor was disposed of');
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

/** This reactor or platform can't do what was asked; another may. */
export class UnsupportedError extends RopewalkError {
  override readonly name = 'UnsupportedError';
  override readonly code = 'ERR_UNSUPPORTED';
  /** What was asked for: an option's or a method's name. */
  readonly feature: string;

  constructor(feature: string, why: string) {
    super(`${feature} is not supported: ${why}`);
    this.feature = feature;
  }
}

/** A file that was tried as the addon, and why it is not. */
export interface AddonAttempt {
  readonly file: string;
  /** `MODULE_NOT_FOUND` is the `code` where there is no such file. */
  readonly error: Error;
}

export interface AddonNotLoadedOptions extends ErrorOptions {
  readonly attempts?: readonly AddonAttempt[];
  readonly advice?: string;
}

/** The native reactor was asked for and its addon could not be loaded. `cause` is the reason of the likeliest file. */
export class AddonNotLoadedError extends RopewalkError {
  override readonly name = 'AddonNotLoadedError';
  override readonly code = 'ERR_ADDON_NOT_LOADED';
  /** All files that were tried, in order; none where no addon can be loaded whatever its file. */
  readonly attempts: readonly AddonAttempt[];
  /** What to do about it: a sentence or two. */
  readonly advice: string;

  constructor(
    message: string,
    { attempts = [], advice = '', ...options }: AddonNotLoadedOptions = {},
  ) {
    super(message, options);
    this.attempts = attempts;
    this.advice = advice;
  }
}

/** An option or argument has the wrong type. */
export class InvalidArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';

  constructor(what: string, expected: string, received: unknown) {
    super(`${what} must be ${expected}, not ${describe(received)}`);
  }
}

/** An option or argument has the right type and an impossible value. */
export class InvalidArgumentValueError extends RangeError {
  readonly code = 'ERR_INVALID_ARG_VALUE';

  constructor(what: string, expected: string, received: unknown) {
    super(`${what} must be ${expected}, not ${describe(received)}`);
  }
}

/** Names come from anywhere, and no valid one is longer. */
const MAX_SHOWN_NAME = 255;

type ConnectErrorClass = new (
  message: string,
  destination: Destination,
  options?: ErrorOptions,
) => ConnectError;

/** connect(2)'s errno, and what users catch for it. */
const CONNECT_ERRORS: Readonly<Record<string, ConnectErrorClass>> = {
  EADDRINUSE: ConnectBindError,
  EADDRNOTAVAIL: ConnectBindError,
  ECONNREFUSED: ConnectionRefusedError,
  // Of a UNIX socket: no file, or one that is no socket.
  ENOENT: ConnectionRefusedError,
  ENOTSOCK: ConnectionRefusedError,
  EHOSTUNREACH: NoRouteError,
  ENETUNREACH: NoRouteError,
  ENOTFOUND: DNSLookupError,
  EAI_AGAIN: DNSLookupError,
  ETIMEDOUT: TCPTimedOutError,
};

/** Turns a failed resolution, bind or connect(2) into the error users catch. */
export function connectErrorFrom(cause: Error, destination: Destination): ConnectError {
  if (cause instanceof NameResolutionError) return lookupErrorFrom(cause, destination);
  const { code, syscall } = cause as Partial<SystemError>;
  const ErrorClass =
    syscall === 'bind'
      ? ConnectBindError
      : syscall === 'getaddrinfo'
        ? DNSLookupError
        : (CONNECT_ERRORS[code ?? ''] ?? ConnectError);
  return new ErrorClass(`cannot connect (${code ?? cause.message})`, destination, { cause });
}

/** What a connector reports when its resolver failed, in whatever way. The cause is the system's error where there is one. */
export function lookupErrorFrom(reason: Error, destination: Destination): DNSLookupError {
  const cause =
    reason instanceof NameResolutionError && reason.cause instanceof Error ? reason.cause : reason;
  const { code } = cause as Partial<SystemError>;
  return new DNSLookupError(`cannot connect (${code ?? cause.message})`, destination, { cause });
}

/**
 * Makes an error without paying for a stack trace that would show the reactor only. Where `Error` is frozen
 * (`node --frozen-intrinsics`), `Reflect.set` does nothing: the error then has its trace.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
    if (typeof value === 'object' && value !== null) {
      return `an object (${value.constructor?.name})`;
    }
    return String(value);
  } catch {
    return 'an object that can not be looked at';
  }
}

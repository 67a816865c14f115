/** Errors of listening ports, and of sockets that were opened elsewhere. */
import type { UNIXAddress } from '../address.js';
import { hostPortText } from '../destination.js';
import { RopewalkError } from './base.js';

/** Advice for a TCP or UDP port that cannot be opened, by error code. */
const PORT_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Choose a port that this user may open, usually 1024 or higher',
  EADDRINUSE: 'Another socket uses the port: choose another one, or 0 to let the system choose',
  EADDRNOTAVAIL: 'Choose an interface that has an address of this machine',
};

/** Listening on the port or path failed: it is in use or not permitted, or there is no such interface. */
export class CannotListenError extends RopewalkError {
  override readonly name = 'CannotListenError';
  override readonly code = 'ERR_CANNOT_LISTEN';
  /** The requested interface and port of a TCP or UDP port. */
  readonly interface: string | undefined;
  readonly port: number | undefined;
  /** The requested path of a UNIX socket. */
  readonly path: string | undefined;

  /** @param hint Advice, instead of that for the error code. */
  constructor(
    where: { readonly interface: string; readonly port: number } | UNIXAddress,
    options?: ErrorOptions,
    hint?: string,
  ) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    const unix = 'path' in where;
    const place = unix ? where.toString() : hostPortText(where.interface || '*', where.port);
    const advice = hint ?? (unix ? undefined : PORT_HINTS[codeOf(options?.cause) ?? '']);
    super(`cannot listen on ${place}${why}${advice === undefined ? '' : `. ${advice}`}`, options);
    this.interface = unix ? undefined : where.interface;
    this.port = unix ? undefined : where.port;
    this.path = unix ? where.path : undefined;
  }
}

function codeOf(cause: unknown): string | undefined {
  return (cause as { readonly code?: string } | undefined)?.code;
}

/** The port's socket was requested while the port is not listening. */
export class NotListeningError extends RopewalkError {
  override readonly name = 'NotListeningError';
  override readonly code = 'ERR_NOT_LISTENING';

  constructor() {
    super('the port is not listening');
  }
}

/** A descriptor to be adopted or sent is not open, or is not a socket of the required kind: see `cause`. */
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

/**
 * A listener cannot accept: the process or system is out of descriptors or memory, or forbids it. Reported once; the listener
 * tries again by itself.
 */
export class AcceptError extends RopewalkError {
  override readonly name = 'AcceptError';
  override readonly code = 'ERR_ACCEPT';

  constructor(cause: Error) {
    super(`a connection could not be accepted: ${cause.message}`, { cause });
  }
}

/**
 * A system call for sockets failed: to watch one, to find the ready ones, or to receive. Reported once until it succeeds;
 * the call is repeated until then, and nothing is lost meanwhile.
 */
export class SystemCallRetriedError extends RopewalkError {
  override readonly name = 'SystemCallRetriedError';
  override readonly code = 'ERR_SYSTEM_CALL_RETRIED';

  constructor(cause: Error) {
    super(`a system call failed and is tried again: ${cause.message}`, { cause });
  }
}

/** Errors of name resolution. */
import { RopewalkError } from './base.js';

/** Names may come from any source; no valid one is longer. */
const MAX_SHOWN_NAME = 255;

/** A name could not be resolved. `connectTCP` reports it as a {@link DNSLookupError}. */
export abstract class NameResolutionError extends RopewalkError {
  /** The requested name. */
  readonly hostName: string;

  constructor(message: string, hostName: string, options?: ErrorOptions) {
    super(`${message}: ${hostName.slice(0, MAX_SHOWN_NAME)}`, options);
    this.hostName = hostName;
  }
}

/** The name does not exist, or has no address of a requested family. */
export class NameNotFoundError extends NameResolutionError {
  override readonly name = 'NameNotFoundError';
  override readonly code = 'ERR_NAME_NOT_FOUND';
}

/** The look-up failed, so it is unknown whether the name exists. `cause.code` is `EAI_AGAIN` if a later attempt may succeed. */
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

/** The maximum number of requests is already waiting for the resolver. */
export class TooManyLookupsError extends NameResolutionError {
  override readonly name = 'TooManyLookupsError';
  override readonly code = 'ERR_TOO_MANY_LOOKUPS';
  /** The most requests that may wait. */
  readonly limit: number;

  constructor(hostName: string, limit: number) {
    super(`${limit} requests are already waiting`, hostName);
    this.limit = limit;
  }
}

/** The name is not a valid host name. */
export class InvalidHostNameError extends NameResolutionError {
  override readonly name = 'InvalidHostNameError';
  override readonly code = 'ERR_INVALID_HOST_NAME';
}

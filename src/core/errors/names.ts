/** Errors of name resolution. */
import { RopewalkError } from './base.js';

/** Names come from anywhere, and no valid one is longer. */
const MAX_SHOWN_NAME = 255;

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

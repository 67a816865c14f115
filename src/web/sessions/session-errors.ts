/** Errors of sessions. */
import { LocalProtocolError, RopewalkError } from '../../core/errors/base.js';

/** The store of sessions failed, or was slower than `storeTimeoutMs`. `cause` is its error. */
export class SessionStoreError extends RopewalkError {
  override readonly name = 'SessionStoreError';
  override readonly code = 'ERR_SESSION_STORE';

  constructor(options?: ErrorOptions) {
    super('the store of sessions failed', options);
  }
}

/** A value makes a session larger than `maxBytes`. Nothing was changed. */
export class SessionTooLargeError extends LocalProtocolError {
  override readonly name = 'SessionTooLargeError';
  override readonly code = 'ERR_SESSION_TOO_LARGE';
  /** The option that was exceeded. */
  readonly option = 'maxBytes';
  /** Its value in bytes. */
  readonly limit: number;

  constructor(key: string, bytes: number, limit: number) {
    super(
      `the session would have at least ${bytes} bytes with the new value of ${JSON.stringify(key)}: more than maxBytes, ${limit}`,
    );
    this.limit = limit;
  }
}

/** A function of a wrapper, such as `sessionOf`, was called for a request that did not pass through the wrapper. */
export class MissingWrapperError extends LocalProtocolError {
  override readonly name = 'MissingWrapperError';
  override readonly code = 'ERR_MISSING_WRAPPER';
  /** The missing wrapper, such as `withSessions`. */
  readonly wrapper: string;

  constructor(what: string, wrapper: string) {
    super(`${what} needs the wrapper ${wrapper} around the resource, or around one above it`);
    this.wrapper = wrapper;
  }
}

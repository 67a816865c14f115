/** Errors of the HTTP server. */
import { RemoteProtocolError } from '../core/errors/base.js';

/** A client was too slow. Content that is being read fails with it. */
export class HTTPTimeoutError extends RemoteProtocolError {
  override readonly name = 'HTTPTimeoutError';
  override readonly code = 'ERR_HTTP_TIMEOUT';
  /** The status that was answered. */
  readonly status: number = 408;
  /** The name of the exceeded time. */
  readonly limit: 'headTimeoutMs' | 'contentTimeoutMs';
  /** Its value in milliseconds. */
  readonly max: number;

  constructor(limit: 'headTimeoutMs' | 'contentTimeoutMs', max: number) {
    super(`the HTTP client was slower than ${limit}, ${max} ms, allows`);
    this.limit = limit;
    this.max = max;
  }
}

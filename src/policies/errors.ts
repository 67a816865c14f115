/** Errors with which policies end connections. */
import { RopewalkError } from '../core/errors/base.js';

/** The peer reads too slowly or not at all: the connection has more unsent bytes than its policy allows. */
export class TooManyUnsentBytesError extends RopewalkError {
  override readonly name = 'TooManyUnsentBytesError';
  override readonly code = 'ERR_TOO_MANY_UNSENT_BYTES';
  /** The unsent bytes of this connection when it was aborted. */
  readonly unsentBytes: number;
  /** The limit that was exceeded. */
  readonly maxBytes: number;
  /** The kind of limit: of this connection, or of all connections together, of which this one had the most unsent bytes. */
  readonly limit: 'connection' | 'total';

  constructor(unsentBytes: number, maxBytes: number, limit: 'connection' | 'total') {
    const whose = limit === 'connection' ? 'of this connection' : 'of all connections together';
    super(`the peer does not read: ${unsentBytes} bytes unsent, the limit ${whose} is ${maxBytes}`);
    this.unsentBytes = unsentBytes;
    this.maxBytes = maxBytes;
    this.limit = limit;
  }
}

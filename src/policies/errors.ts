/** Errors with which policies end connections. */
import { RopewalkError } from '../core/errors/base.js';

/** `maxUnsentBytes` is that of event streams, the others are those of `LimitUnsentBytesFactory`. */
export type UnsentBytesOption = 'maxBytes' | 'maxUnsentBytes' | 'total';

/** The peer reads too slowly or not at all: the connection has more unsent bytes than its policy allows. */
export class TooManyUnsentBytesError extends RopewalkError {
  override readonly name = 'TooManyUnsentBytesError';
  override readonly code = 'ERR_TOO_MANY_UNSENT_BYTES';
  /** The unsent bytes of this connection when it was aborted. */
  readonly unsentBytes: number;
  /**
   * The option that was exceeded: the bytes of this connection, or with `total` of all connections together, of which this one had the
   * most unsent bytes.
   */
  readonly option: UnsentBytesOption;
  /** Its value in bytes. */
  readonly limit: number;

  constructor(unsentBytes: number, limit: number, option: UnsentBytesOption) {
    const whose = option === 'total' ? 'of all connections together' : 'of this connection';
    super(`the peer does not read: ${unsentBytes} bytes unsent, the limit ${whose} is ${limit}`);
    this.unsentBytes = unsentBytes;
    this.option = option;
    this.limit = limit;
  }
}

/** Errors of Postfix's table protocols. */
import { RemoteProtocolError, RopewalkError } from '../../core/errors/base.js';

/** The peer sent a request or reply that the table protocol does not allow. */
export class InvalidTableMessageError extends RemoteProtocolError {
  override readonly name = 'InvalidTableMessageError';
  override readonly code = 'ERR_INVALID_TABLE_MESSAGE';

  constructor(problem: string) {
    super(`invalid message of a table protocol: ${problem}`);
  }
}

/**
 * A look-up failed. A look-up function of a server throws it to choose the reply, with a text for the mail server's log; the look-up
 * of a client fails with it.
 */
export class TableLookupError extends RopewalkError {
  override readonly name = 'TableLookupError';
  override readonly code = 'ERR_TABLE_LOOKUP';
  /** `permanent` and `timeout` exist in socketmap_table only; in tcp_table they are temporary too. */
  readonly kind: TableFailure;

  constructor(message: string, kind: TableFailure = 'temporary') {
    super(message);
    this.kind = kind;
  }
}

/** `temporary`: the mail server tries again later. */
export type TableFailure = 'temporary' | 'timeout' | 'permanent';

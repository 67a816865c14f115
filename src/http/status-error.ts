/** An error that says which status a server answers. */
import { RopewalkError } from '../core/errors/base.js';
import { checkInteger } from '../internal/check.js';
import { reasonOf } from './status-lines.js';

/**
 * Thrown by a handler: the request is answered with this status, and the error is not reported. Only the status is sent to the
 * client, never the message.
 */
export class HTTPStatusError extends RopewalkError {
  override readonly name = 'HTTPStatusError';
  override readonly code = 'ERR_HTTP_STATUS';
  /** 400 to 599. */
  readonly status: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError `status` is not a whole number from 400 to 599. */
  constructor(status: number, message: string = reasonOf(status), options?: ErrorOptions) {
    super(message, options);
    this.status = checkInteger('status', status, 400, 599);
  }
}

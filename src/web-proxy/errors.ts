/** Errors of proxies. */
import { RopewalkError } from '../core/errors/base.js';

/** A forward proxy may not connect to the requested host or port. Answered with 403. */
export class DestinationRefusedError extends RopewalkError {
  override readonly name = 'DestinationRefusedError';
  override readonly code = 'ERR_DESTINATION_REFUSED';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, why: string) {
    super(`the proxy does not connect to ${JSON.stringify(host)}, port ${port}: ${why}`);
    this.host = host;
    this.port = port;
  }
}

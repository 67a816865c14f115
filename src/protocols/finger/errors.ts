/** Errors of finger. */
import { RemoteProtocolError } from '../../core/errors/base.js';

/** A client's query does not follow RFC 1288. The server answers with a refusal and closes the connection. */
export class InvalidFingerQueryError extends RemoteProtocolError {
  override readonly name = 'InvalidFingerQueryError';
  override readonly code = 'ERR_INVALID_FINGER_QUERY';

  constructor(problem: string) {
    super(`invalid finger query: ${problem}`);
  }
}

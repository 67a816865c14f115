/** Errors of the simple services. */
import { RemoteProtocolError } from '../../core/errors/base.js';

/** A time server's answer is not four bytes (RFC 868). */
export class InvalidTimeAnswerError extends RemoteProtocolError {
  override readonly name = 'InvalidTimeAnswerError';
  override readonly code = 'ERR_INVALID_TIME_ANSWER';
  /** The number of bytes that the server sent. */
  readonly receivedBytes: number;

  constructor(receivedBytes: number) {
    super(`a time server answers with 4 bytes, not ${receivedBytes}`);
    this.receivedBytes = receivedBytes;
  }
}

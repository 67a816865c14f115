/** Errors of answers: a client of one question, one answer received something else. */
import { RemoteProtocolError } from '../core/errors/base.js';

/** A server's answer is longer than the client accepts. */
export class AnswerTooLongError extends RemoteProtocolError {
  override readonly name = 'AnswerTooLongError';
  override readonly code = 'ERR_ANSWER_TOO_LONG';
  /** The option that was exceeded; undefined if the protocol has a fixed limit. */
  readonly option: string | undefined;
  /** The limit in bytes. */
  readonly limit: number;

  constructor(limit: number, option?: string) {
    super(`the server's answer has more than ${limit} bytes`);
    this.option = option;
    this.limit = limit;
  }
}

/** A server closed the connection before its answer was complete. */
export class AnswerIncompleteError extends RemoteProtocolError {
  override readonly name = 'AnswerIncompleteError';
  override readonly code = 'ERR_ANSWER_INCOMPLETE';
  /** The bytes of the answer that arrived. */
  readonly receivedBytes: number;

  constructor(receivedBytes: number) {
    super(`the server closed the connection after ${receivedBytes} bytes, before the answer ended`);
    this.receivedBytes = receivedBytes;
  }
}

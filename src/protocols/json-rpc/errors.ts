/** Errors of JSON-RPC messages. */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors/base.js';

/** The peer sent something that is not a JSON-RPC 2.0 message, or an answer to nothing. */
export class InvalidJSONRPCMessageError extends RemoteProtocolError {
  override readonly name = 'InvalidJSONRPCMessageError';
  override readonly code = 'ERR_INVALID_JSON_RPC_MESSAGE';
  /** The fault, in a few words. */
  readonly problem: string;
  /** The code to answer with: -32700 if the message is not JSON, otherwise -32600. */
  readonly answer: -32700 | -32600;

  constructor(problem: string, answer: -32700 | -32600 = -32600, options?: ErrorOptions) {
    super(`invalid JSON-RPC message: ${problem}`, options);
    this.problem = problem;
    this.answer = answer;
  }
}

/** The peer sent a JSON-RPC message that exceeds a limit. */
export class JSONRPCLimitError extends RemoteProtocolError {
  override readonly name = 'JSONRPCLimitError';
  override readonly code = 'ERR_JSON_RPC_LIMIT';
  /** The option that was exceeded. */
  readonly option: 'maxBytes' | 'maxDepth' | 'maxBatch';
  readonly limit: number;

  constructor(option: 'maxBytes' | 'maxDepth' | 'maxBatch', limit: number) {
    super(`a JSON-RPC message exceeds a limit: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** A value cannot be sent as JSON: it is cyclic, a bigint, or the toJSON method of an object failed. Nothing was sent. */
export class InvalidJSONRPCValueError extends LocalProtocolError {
  override readonly name = 'InvalidJSONRPCValueError';
  override readonly code = 'ERR_INVALID_JSON_RPC_VALUE';

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} cannot be sent as JSON`, options);
  }
}

/** Too many calls are unanswered. Nothing was sent. */
export class JSONRPCOverloadError extends LocalProtocolError {
  override readonly name = 'JSONRPCOverloadError';
  override readonly code = 'ERR_JSON_RPC_OVERLOAD';
  /** The option that was exceeded. */
  readonly option = 'maxUnanswered';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`too many calls are unanswered: maxUnanswered is ${limit}`);
    this.limit = limit;
  }
}

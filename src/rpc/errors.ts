/** Errors of remote procedure calls. */
import { RopewalkError } from '../core/errors/base.js';
import { checkInteger, checkString } from '../internal/check.js';

/** Codes of faults that both protocols share (JSON-RPC 2.0 section 5.1, and the conventions for XML-RPC of 2001). */
export const RPC_FAULT: Readonly<
  Record<
    | 'malformed'
    | 'invalidRequest'
    | 'methodNotFound'
    | 'invalidParams'
    | 'internal'
    | 'timeout'
    | 'overload',
    number
  >
> = Object.freeze({
  malformed: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  timeout: -32_001,
  overload: -32_002,
});

/**
 * The peer answered a call with an error. A method throws one to answer with it: nothing of other errors reaches the caller.
 */
export class RPCFaultError extends RopewalkError {
  override readonly name = 'RPCFaultError';
  override readonly code = 'ERR_RPC_FAULT';
  /** 32 bits. {@link RPC_FAULT} has those that this package uses, which lie between -32768 and -32000. */
  readonly faultCode: number;
  /** The text of the fault. */
  readonly faultText: string;
  /** Further facts, which only JSON-RPC has. */
  readonly data: unknown;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(faultCode: number, faultText: string, data?: unknown, options?: ErrorOptions) {
    checkInteger('faultCode', faultCode, -(2 ** 31), 2 ** 31 - 1);
    super(`fault ${faultCode}: ${checkString('faultText', faultText).slice(0, 1_024)}`, options);
    this.faultCode = faultCode;
    this.faultText = faultText;
    this.data = data;
  }
}

/** The server answered a call by HTTP with another status than 200, or with content of another type. */
export class RPCResponseError extends RopewalkError {
  override readonly name = 'RPCResponseError';
  override readonly code = 'ERR_RPC_RESPONSE';
  /** The status of the response. */
  readonly status: number;
  /** Its media type; undefined if it has none. */
  readonly mediaType: string | undefined;

  constructor(method: string, status: number, mediaType: string | undefined) {
    super(
      `the server answered the call of ${method} with status ${status} and the media type ${mediaType ?? 'none'}`,
    );
    this.status = status;
    this.mediaType = mediaType;
  }
}

/** The connection of a {@link JSONRPCPeer} ended before the answer: the call may have been executed. */
export class RPCConnectionLostError extends RopewalkError {
  override readonly name = 'RPCConnectionLostError';
  override readonly code = 'ERR_RPC_CONNECTION_LOST';

  constructor(options?: ErrorOptions) {
    super('the connection ended before the answer to a remote call', options);
  }
}

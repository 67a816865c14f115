/** Errors of XML-RPC messages. */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors/base.js';

/** The peer sent bytes that are not the expected XML-RPC message. */
export class InvalidXMLRPCMessageError extends RemoteProtocolError {
  override readonly name = 'InvalidXMLRPCMessageError';
  override readonly code = 'ERR_INVALID_XML_RPC_MESSAGE';
  /** The fault, in a few words. */
  readonly problem: string;
  /** Whether the message is not even well-formed XML. */
  readonly isMalformed: boolean;

  constructor(problem: string, isMalformed = false, options?: ErrorOptions) {
    super(`invalid XML-RPC message: ${problem}`, options);
    this.problem = problem;
    this.isMalformed = isMalformed;
  }
}

/** The peer sent an XML-RPC message that exceeds a limit. */
export class XMLRPCLimitError extends RemoteProtocolError {
  override readonly name = 'XMLRPCLimitError';
  override readonly code = 'ERR_XML_RPC_LIMIT';
  /** The option that was exceeded. */
  readonly option: 'maxBytes' | 'maxDepth' | 'maxValues';
  readonly limit: number;

  constructor(option: 'maxBytes' | 'maxDepth' | 'maxValues', limit: number) {
    super(`an XML-RPC message exceeds a limit: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
  }
}

/** A value cannot be sent by XML-RPC. Nothing was sent. */
export class InvalidXMLRPCValueError extends LocalProtocolError {
  override readonly name = 'InvalidXMLRPCValueError';
  override readonly code = 'ERR_INVALID_XML_RPC_VALUE';
  /** Where the value is, such as `[0].address.city`; empty for the value itself. */
  readonly path: string;

  constructor(problem: string, path: string, options?: ErrorOptions) {
    super(
      path === '' ? `the value ${problem}` : `the value at ${path.slice(0, 256)} ${problem}`,
      options,
    );
    this.path = path;
  }
}
